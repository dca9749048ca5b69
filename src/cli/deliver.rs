//! `fgtkey deliver` from flags.

use crate::deliver::{Format, Record};
use crate::report::{Exit, Reporter};
use crate::verbs::resume::{NotResumed, Resume};

use super::args::DeliverArgs;
use super::{delivery, print};

pub(super) fn run(args: &DeliverArgs, reporter: &mut Reporter) -> Exit {
    let resume = match prepared(args) {
        Ok(resume) => resume,
        Err((message, hint)) => {
            reporter.bad_usage(&message, hint.as_deref());
            return Exit::Usage;
        }
    };
    if args.resume { finish(&resume, reporter) } else { list(&resume, reporter) }
}

fn prepared(args: &DeliverArgs) -> Result<Resume, super::Usage> {
    if !args.resume && !args.list {
        return Err(("deliver what?".into(), Some("--resume finishes what is in the escrow, --list shows it".into())));
    }
    Ok(Resume {
        escrow: delivery::place(&args.escrow)?,
        identity: args.escrow.escrow_identity.clone(),
        journal: delivery::journal()?,
        format: args.output.unwrap_or(Format::Key),
        devices: args.devices.clone(),
    })
}

fn finish(resume: &Resume, reporter: &mut Reporter) -> Exit {
    let (mut all, mut left) = (0, 0);
    resume.run(&mut |resumed| {
        all += 1;
        left += usize::from(resumed.outcome.is_err());
        reporter.resumed(resumed);
    });
    if all == 0 {
        reporter.nothing_in_escrow(&resume.escrow.directory);
    }
    if left == 0 { Exit::Done } else { Exit::Escrowed }
}

/// One line a key: device, API user, when it was generated, what lacks it.
fn list(resume: &Resume, reporter: &mut Reporter) -> Exit {
    let mut lines = String::new();
    for (path, kept) in resume.list() {
        match kept {
            Ok(kept) => lines.push_str(&line(&kept.record, &kept.missing)),
            Err(error) => reporter.resumed(&unopened(&path, error)),
        }
    }
    print(lines.as_bytes())
}

fn line(record: &Record, missing: &[String]) -> String {
    let user = record.api_user.as_deref().unwrap_or("-");
    format!("{}\t{user}\t{:.0}\t{}\n", record.device, record.generated_at, missing.join(" "))
}

fn unopened(path: &std::path::Path, error: crate::deliver::EscrowError) -> crate::verbs::resume::Resumed {
    let key_of = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    crate::verbs::resume::Resumed::not(key_of, NotResumed::Escrow(error))
}
