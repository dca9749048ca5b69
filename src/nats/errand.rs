//! A job as the verb that it asks for.

use std::path::PathBuf;
use std::sync::Arc;

use crate::deliver::outlet::Outlet;
use crate::deliver::seal::Recipients;
use crate::deliver::{Destination, EscrowPlace, Format};
use crate::fortios::render::Templates;
use crate::fortios::request::{Request, RequestFile, RequestFlags};
use crate::journal::Journal;
use crate::report::Reporter;
use crate::verbs::console::Line;
use crate::verbs::custody::Custody;
use crate::verbs::event::Observer;
use crate::verbs::failure::Failure;
use crate::verbs::mint::{Asked, Errand as For, Mint, Minted};
use crate::verbs::revoke::{Removal, Sight};
use crate::verbs::rotate::{Rotate, Rotated, Way};
use crate::verbs::verification::Verification;

use super::job::{Job, Task};

/// What a worker's machine has for all jobs.
#[derive(Debug, Clone)]
pub struct Workplace {
    /// What runs here write down of themselves.
    pub journal: Journal,
    /// Where sealed keys are until they are passed on: a folder for each run.
    pub directory: PathBuf,
    /// How keys are proven from here.
    pub verification: Verification,
    /// The templates.
    pub templates: Templates,
}

/// A verb on a device.
pub enum Errand {
    /// `mint`
    Mint(Box<Mint>),
    /// `rotate`
    Rotate(Box<Rotate>),
    /// `revoke`
    Revoke(Box<Removal>),
}

/// What it came to.
pub enum Done {
    /// A key was minted.
    Minted(Box<Minted>),
    /// A key was replaced, or it was seen to.
    Rotated(Box<Rotated>),
    /// An API user is gone, or was.
    Revoked(Box<Sight>),
}

impl Workplace {
    /// What the job asks for, on the device that `line` gets to; its key goes through `outlet`.
    ///
    /// # Errors
    /// What is wrong with it, in one line.
    pub fn errand(&self, job: &Job, line: Line, outlet: Arc<dyn Outlet>) -> Result<Errand, String> {
        let custody = self.custody(job, outlet)?;
        let templates = self.templates.clone();
        match job.task.clone() {
            Task::Mint { request, allow_weak, consent, transaction } => {
                let request = read(&request, allow_weak)?;
                let line = Line { serial: request.serial.clone().or(line.serial.clone()), ..line };
                let asked = Asked::Request(Arc::new(request));
                let errand = For::Keep;
                Ok(Errand::Mint(Box::new(Mint { line, asked, transaction, consent, templates, custody, errand })))
            }
            Task::Rotate { api_user, current, expires, in_place, finish, if_older_than, consent, transaction } => {
                let expires = expires.map(|text| text.parse()).transpose();
                let way = match (in_place, finish) {
                    (true, _) => Way::InPlace,
                    (_, true) => Way::Finish,
                    // Who has the new key is known to the submitter alone.
                    _ => Way::Later,
                };
                Ok(Errand::Rotate(Box::new(Rotate {
                    line,
                    api_user: api_user.parse().map_err(|error| format!("the API user {api_user}: {error}"))?,
                    current,
                    expires: expires.map_err(|error| format!("the expiry: {error}"))?,
                    way,
                    transaction,
                    if_older_than,
                    consent,
                    templates,
                    custody,
                })))
            }
            Task::Revoke { api_user, profile, claim, consent } => {
                Ok(Errand::Revoke(Box::new(Removal { line, templates, api_user, profile, claim, consent })))
            }
        }
    }

    fn custody(&self, job: &Job, outlet: Arc<dyn Outlet>) -> Result<Custody, String> {
        let recipients = Recipients::parse([job.recipient.as_str()]).map_err(|error| error.to_string())?;
        Ok(Custody {
            destinations: vec![Destination::outlet(recipients.clone(), outlet)],
            format: Format::Key,
            escrow: EscrowPlace::sealed(self.directory.join(&job.run), recipients),
            escrow_identity: None,
            journal: self.journal.clone().of_run(&job.run),
            verification: self.verification.clone(),
        })
    }
}

/// The request of a job. Whoever logs in and what must answer may stand in it.
fn read(request: &serde_json::Value, allow_weak: bool) -> Result<Request, String> {
    let file = RequestFile::parse("the job's request", &request.to_string()).map_err(|error| error.to_string())?;
    let flags = RequestFlags { allow_weak, ..RequestFlags::default() };
    Request::from_parts(Some(file), flags).map_err(|error| error.to_string())
}

impl Task {
    /// Who logs in where nobody else is named.
    pub fn user(&self) -> Option<&str> {
        match self {
            Task::Mint { request, .. } => request.pointer("/ssh/user")?.as_str(),
            Task::Rotate { .. } | Task::Revoke { .. } => None,
        }
    }
}

impl Errand {
    /// Does it.
    pub(super) async fn run(&self, observer: &mut (dyn Observer + Send)) -> Result<Done, Box<Failure>> {
        match self {
            Errand::Mint(mint) => Ok(Done::Minted(Box::new(mint.run(observer).await?))),
            Errand::Rotate(rotate) => Ok(Done::Rotated(Box::new(rotate.run(observer).await?))),
            Errand::Revoke(removal) => Ok(Done::Revoked(Box::new(removal.run(observer).await?))),
        }
    }
}

impl Done {
    /// Says what the person should hear of it.
    pub(super) fn tell(&self, device: &str, reporter: &mut Reporter) {
        match self {
            Done::Minted(minted) => reporter.doubtful(device, &minted.verified),
            Done::Rotated(rotated) => match rotated.as_ref() {
                Rotated::New { verified, .. } => reporter.doubtful(device, verified),
                Rotated::Finished { retired } => reporter.finished(device, retired),
                Rotated::Fresh => {}
            },
            Done::Revoked(_) => {}
        }
    }
}
