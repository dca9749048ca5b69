//! `fgtkey worker` from flags; and how both ends get to the queue.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crate::deliver::outlet::Outlet;
use crate::fleet::inventory::Inventory;
use crate::nats::access::{Access, Credentials};
use crate::nats::broker::{Broker, BrokerError, Storage};
use crate::nats::errand::{Errand, Workplace};
use crate::nats::job::Job;
use crate::nats::letter::How;
use crate::nats::worker::{Log, Worker};
use crate::report::{Color, Exit, Reporter, Verbosity};
use crate::secret::Secret;
use crate::session::drive::Interrupt;
use crate::ssh::Endpoint;
use crate::verbs::console::Line;
use crate::verbs::event::{Event, Observer};

use super::args::{BrokerArgs, SshArgs, StorageArg, Talk, WorkerArgs};
use super::devices::Device;
use super::logging_in::{self, Ways};
use super::{Usage, delivery, ended, fleet, request};

pub(super) fn run(args: &WorkerArgs, talk: &Talk, reporter: &mut Reporter) -> Exit {
    let done = check_site(&args.site).and_then(|()| {
        fleet::running(talk, async |interrupt| {
            let ways = Logins::new(args, interrupt.clone())?;
            let workplace = workplace(args)?;
            let make = maker(ways, workplace.clone());
            let broker = match open(&args.broker, "fgtkey worker").await {
                Ok(broker) => broker,
                Err(error) => return Ok(unopened(&error, reporter)),
            };
            let jobs = args.jobs.into();
            reporter.working(&args.site, jobs);
            let (site, most) = (args.site.clone(), args.max_deliver.into());
            let worker = Worker { broker, site, jobs, most, workplace, make, interrupt };
            let log = Told { color: talk.color, verbosity: Verbosity::new(talk.quiet, talk.verbose) };
            match worker.run(Arc::new(log)).await {
                Ok(()) => Ok(Exit::Done),
                Err(error) => Ok(unopened(&error, reporter)),
            }
        })
    });
    ended(done, reporter)
}

/// Says why there is no queue.
pub(super) fn unopened(error: &BrokerError, reporter: &mut Reporter) -> Exit {
    reporter.failure(None, error, &[], error.hint().as_deref());
    Exit::Failed
}

/// The queue, as flags and environment say.
pub(super) async fn open(args: &BrokerArgs, name: &str) -> Result<Arc<Broker>, Box<BrokerError>> {
    let access = access(args).map_err(Box::new)?;
    let storage = Storage {
        replicas: args.replicas.into(),
        max_age: args.max_age,
        in_memory: args.storage == StorageArg::Memory,
        ack_wait: args.ack_wait,
    };
    Ok(Arc::new(Broker::open(&access, storage, name).await?))
}

/// Where the queue is. A password in an argument is seen by all who list processes.
fn access(args: &BrokerArgs) -> Result<Access, BrokerError> {
    let variable = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
    if args.nats.as_deref().is_some_and(|url| url.contains('@')) {
        return Err(BrokerError::Exposed);
    }
    let url = args.nats.clone().or_else(|| variable("NATS_URL")).ok_or(BrokerError::NoUrl)?;
    let file = args.nats_creds.clone().or_else(|| variable("NATS_CREDS").map(PathBuf::from));
    let credentials = match (file, variable("NATS_TOKEN"), variable("NATS_USER")) {
        (Some(file), ..) => Credentials::File(file),
        (None, Some(token), _) => Credentials::Token(Secret::new(token)),
        (None, None, Some(user)) => {
            Credentials::Password { user, password: Secret::new(variable("NATS_PASSWORD").unwrap_or_default()) }
        }
        (None, None, None) => Credentials::None,
    };
    Ok(Access { url, credentials, ca: args.nats_ca.clone() })
}

/// Whether a name can be part of a subject.
fn check_site(site: &str) -> Result<(), Usage> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    match !site.is_empty() && site.chars().all(plain) {
        true => Ok(()),
        false => Err((format!("--site {site}: letters, digits, - and _ only"), None)),
    }
}

fn workplace(args: &WorkerArgs) -> Result<Workplace, Usage> {
    Ok(Workplace {
        journal: delivery::journal()?,
        directory: delivery::journal_directory()?.with_file_name("sealed"),
        verification: args.verify.verification(logging_in::within(&args.ssh))?,
        templates: request::templates_in(args.templates.as_deref())?,
    })
}

/// How many submissions are remembered.
const REMEMBERED: usize = 32;

/// The ways to devices. Each submission has its own, since a password that one refuses is kept back from the others of the
/// same submission, and only from those.
struct Logins {
    ssh: SshArgs,
    options: Vec<String>,
    interrupt: Interrupt,
    ways: Mutex<Vec<(String, Arc<Ways>)>>,
}

impl Logins {
    fn new(args: &WorkerArgs, interrupt: Interrupt) -> Result<Logins, Usage> {
        if args.ssh.ask_password {
            let hint = "--password-file, --password-command or FGTKEY_PASSWORD";
            return Err(("--ask-password: nobody is there to ask when a job comes".into(), Some(hint.into())));
        }
        // A slip is found before any job is taken.
        Ways::new(&args.ssh, args.options.clone(), interrupt.clone())?;
        Ok(Logins { ssh: args.ssh.clone(), options: args.options.clone(), interrupt, ways: Mutex::default() })
    }

    fn line(&self, job: &Job, device: &Device) -> Result<Line, Usage> {
        let line = self.of(&job.submission)?.line(device, job.task.user())?;
        // Whoever has submitted it knows it by this name.
        let endpoint = Endpoint { name: device.name().to_owned(), ..line.endpoint };
        Ok(Line { endpoint, ..line })
    }

    fn of(&self, submission: &str) -> Result<Arc<Ways>, Usage> {
        let mut ways = self.ways.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = ways.iter().find(|(name, _)| name == submission) {
            return Ok(known.clone());
        }
        let new = Arc::new(Ways::new(&self.ssh, self.options.clone(), self.interrupt.clone())?);
        ways.push((submission.to_owned(), new.clone()));
        let forgotten = ways.len().saturating_sub(REMEMBERED);
        ways.drain(..forgotten);
        Ok(new)
    }
}

/// Makes verbs of jobs, which are done with what this site has: its way of logging in, its trust.
fn maker(
    logins: Logins,
    workplace: Workplace,
) -> impl Fn(&Job, Arc<dyn Outlet>) -> Result<Errand, String> + Send + Sync + 'static {
    move |job, outlet| {
        let device = device(&job.device)?;
        let line = logins.line(job, &device).map_err(|(message, _)| message)?;
        workplace.errand(job, line, outlet)
    }
}

/// The device of a job: an address, or what an inventory says of it.
fn device(listed: &serde_json::Value) -> Result<Device, String> {
    if let serde_json::Value::String(address) = listed {
        return Ok(Device::Named(address.clone()));
    }
    let inventory = Inventory::of_lines("the job's device", &listed.to_string()).map_err(|error| error.to_string())?;
    let entries = inventory.pick(&[], None).map_err(|error| error.to_string())?;
    let entry = entries.first().ok_or("the job names no device")?;
    Ok(Device::Listed(Box::new((*entry).clone())))
}

/// What a worker says of its jobs.
struct Told {
    color: Color,
    verbosity: Verbosity,
}

impl Told {
    fn reporter(&self) -> Reporter {
        Reporter::stderr(self.color, self.verbosity)
    }
}

impl Log for Told {
    fn on(&self, device: &str, event: &Event) {
        self.reporter().on(device, event.clone());
    }

    fn ended(&self, device: &str, how: &How) {
        self.reporter().job_ended(device, how.message());
    }
}
