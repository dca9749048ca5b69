//! `fgtkey mint` from flags.

use crate::deliver::{Destination, Format};
use crate::fortios::status::VdomMode;
use crate::report::{Exit, Reporter, refusal};
use crate::verbs::custody::Custody;
use crate::verbs::mint::{Asked as Wanted, Errand, Mint, Minted};

use super::args::{MintArgs, Talk, VdomModeArg};
use super::devices::{self, Device};
use super::fleet::{self, Asked, Earlier, Fleet, Shared};
use super::logging_in::Ways;
use super::order::{self, Order, Prepared};
use super::transcript::Recorded;
use super::{Usage, block_on, ended, print, print_keyless};

pub(super) fn run(args: &MintArgs, talk: &Talk, reporter: &mut Reporter) -> Exit {
    let done = devices::choose(&args.order.devices, &args.order.fleet, reporter).and_then(|chosen| {
        if let Some(path) = &args.from_plan {
            let prepared = order::prepared_from(&args.order, &chosen, path)?;
            if let Some(request) = &args.order.request.request {
                reporter.beside_a_plan(request);
            }
            return Ok(block_on(reporter, async |reporter| mint(args, chosen.only(), prepared, talk, reporter).await));
        }
        let order = Order::read(&args.order, &chosen, "mint", args.dry_run)?;
        if args.dry_run {
            let prepared = order.of(chosen.one("mint --dry-run")?)?;
            return Ok(dry_run(args, &prepared, reporter));
        }
        if chosen.is_fleet {
            return fleet(args, &order, chosen.devices, talk);
        }
        let prepared = order.of(chosen.only())?;
        Ok(block_on(reporter, async |reporter| mint(args, chosen.only(), prepared, talk, reporter).await))
    });
    ended(done, reporter)
}

fn dry_run(args: &MintArgs, prepared: &Prepared, reporter: &mut Reporter) -> Exit {
    let vdom_mode = match args.order.vdom_mode {
        None | Some(VdomModeArg::Single) => VdomMode::Disable,
        Some(VdomModeArg::Multi) => VdomMode::Multiple,
    };
    let Wanted::Request(request) = &prepared.asked else { return Exit::Usage };
    match Mint::dry_run(request, prepared.version, vdom_mode, prepared.transaction, &prepared.templates) {
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

async fn mint(
    args: &MintArgs,
    device: Option<&Device>,
    prepared: Prepared,
    talk: &Talk,
    reporter: &mut Reporter,
) -> Result<Exit, Usage> {
    let interrupt = super::interrupt::listen(talk.color);
    // Dropped at the end: the simulated device lives as long as the run.
    let (mint, _device) = order::mint(&args.order, device, prepared, Errand::Keep, interrupt).await?;
    let device = mint.line.endpoint.name.clone();
    let mut recorded = Recorded::new(reporter, talk.transcript.as_deref())?;
    let exit = match mint.run(&mut recorded).await {
        Ok(minted) => told(args, &device, &minted, &mint.custody.destinations, recorded.reporter),
        Err(failure) => recorded.reporter.failed(&device, &failure),
    };
    Ok(recorded.finish(exit))
}

fn told(args: &MintArgs, device: &str, minted: &Minted, to: &[Destination], reporter: &mut Reporter) -> Exit {
    reporter.doubtful(device, &minted.verified);
    print_keyless(&minted.record, to, args.order.delivery.format())
}

/// Many devices: each has the request of the run, with what the inventory says other for it.
fn fleet(args: &MintArgs, order: &Order<'_>, devices: Vec<Device>, talk: &Talk) -> Result<Exit, Usage> {
    let earlier = Earlier::find(&args.order.waves, "mint")?;
    let devices = earlier.left(devices);
    let shared = Shared::new(&devices, |device| {
        let prepared = order.of(Some(device))?;
        let custody = order::fleet_custody(&args.order, &prepared.destinations)?;
        Ok((prepared, custody))
    })?;
    fleet::running(talk, async |interrupt| {
        let order = &args.order;
        let ways = Ways::new(&order.ssh, order.delivery.ssh_options(), interrupt.clone())?;
        let make = |line, (prepared, custody): &(Prepared, Custody)| {
            order::minting(order, line, prepared.clone(), custody.clone(), Errand::Keep)
        };
        let rehearse =
            |shared: &(Prepared, Custody), line| make(line, shared).rehearse().map_err(|error| refusal(&error));
        let lines = shared.lines(&devices, &ways, |(prepared, _)| prepared.ssh_user.as_deref(), rehearse)?;
        let asked = Asked::changing(&order.fleet, &order.waves, ("mint", earlier), &devices, talk)?;
        let asked = asked.in_json(order.delivery.format() == Some(Format::Json));
        let common = asked.common()?;
        let mints = Fleet::new(&devices, &shared, lines, |line, shared: &(Prepared, Custody)| {
            let mint = make(line, shared);
            Some(Mint { custody: common.custody(mint.custody), ..mint })
        });
        let mut tell = |at: usize, minted: Minted, reporter: &mut Reporter| match mints.of(at) {
            Some((name, (prepared, _))) => told(args, name, &minted, &prepared.destinations, reporter),
            None => Exit::Failed,
        };
        Ok(fleet::each(&mints, asked, talk, interrupt, &mut tell).await)
    })
}
