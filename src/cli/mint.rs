//! `fgtkey mint` from flags.

use crate::fortios::status::VdomMode;
use crate::report::{Exit, Reporter};
use crate::verbs::mint::{Asked, Errand, Mint, Minted};

use super::args::{MintArgs, Talk, VdomModeArg};
use super::order::{self, Prepared};
use super::transcript::Recorded;
use super::{Usage, block_on, ended, print, print_keyless};

pub(super) fn run(args: &MintArgs, talk: &Talk, reporter: &mut Reporter) -> Exit {
    let prepared = match &args.from_plan {
        None => order::prepared(&args.order, "mint", args.dry_run),
        Some(path) => order::prepared_from(&args.order, path),
    };
    if let (Ok(_), Some(_), Some(request)) = (&prepared, &args.from_plan, &args.order.request.request) {
        reporter.beside_a_plan(request);
    }
    match prepared {
        Err(usage) => ended(Err(usage), reporter),
        Ok(prepared) if args.dry_run => dry_run(args, &prepared, reporter),
        Ok(prepared) => block_on(reporter, async |reporter| mint(args, prepared, talk, reporter).await),
    }
}

fn dry_run(args: &MintArgs, prepared: &Prepared, reporter: &mut Reporter) -> Exit {
    let vdom_mode = match args.order.vdom_mode {
        None | Some(VdomModeArg::Single) => VdomMode::Disable,
        Some(VdomModeArg::Multi) => VdomMode::Multiple,
    };
    let Asked::Request(request) = &prepared.asked else { return Exit::Usage };
    match Mint::dry_run(request, prepared.version, vdom_mode, &prepared.templates) {
        Ok((plan, script)) => {
            reporter.dry_run(&plan, args.order.fortios.is_none() && args.order.vdom_mode.is_none());
            let exit = print(script.to_string().as_bytes());
            if exit == Exit::Done {
                reporter.pasting();
            }
            exit
        }
        Err(error) => {
            reporter.refused_request(&error);
            Exit::Usage
        }
    }
}

async fn mint(args: &MintArgs, prepared: Prepared, talk: &Talk, reporter: &mut Reporter) -> Result<Exit, Usage> {
    let interrupt = super::interrupt::listen(talk.color);
    // Dropped at the end: the simulated device lives as long as the run.
    let (mint, _device) = order::mint(&args.order, prepared, Errand::Keep, interrupt).await?;
    let device = mint.line.endpoint.name.clone();
    let mut recorded = Recorded::new(reporter, talk.transcript.as_deref())?;
    let exit = match mint.run(&mut recorded).await {
        Ok(Minted { record, verified }) => {
            recorded.reporter.doubtful(&device, &verified);
            print_keyless(&record, &mint.custody.destinations, args.order.delivery.format())
        }
        Err(failure) => recorded.reporter.failed(&device, &failure),
    };
    Ok(recorded.finish(exit))
}
