//! A device on which a worker does what is asked: for a fleet, one more kind of work.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, sleep_until};

use crate::deliver::outlet::{Arrived, NotDelivered};
use crate::deliver::{self, Destination, Device, EscrowPlace, Format, Record};
use crate::fleet::class::Class;
use crate::fleet::run::Work;
use crate::fortios::version::NEWEST;
use crate::report::with_causes;
use crate::session::drive::Interrupt;
use crate::verbs::event::{Event, Observer, Warning};
use crate::verbs::failure::{Elsewhere, Failure, MintError};
use crate::verbs::gate::{Gate, Kind};

use super::broker::{Broker, Parcel};
use super::job::{self, Job};
use super::letter::{End, How, What};
use super::mail::{Letter, Mail};

/// How long nobody may have begun a job before it is looked whether somebody could.
const LOOKS_AFTER: Duration = Duration::from_secs(5);

/// What the devices of a run share that are worked on elsewhere.
pub struct Post {
    /// The broker.
    pub broker: Arc<Broker>,
    /// What comes back; nothing is waited for where there is none.
    pub mail: Mail,
    /// The file with the identity that opens it.
    pub identity: PathBuf,
    /// Where keys are until their destinations have them.
    pub escrow: EscrowPlace,
    /// How a key is written to stdout.
    pub format: Format,
    /// How long a job may wait for a worker; none: as long as it takes.
    pub patience: Option<Duration>,
    /// Raised when the operator wants to stop.
    pub interrupt: Interrupt,
}

/// One device.
pub struct Remote {
    /// What is shared.
    pub post: Arc<Post>,
    /// What is done there.
    pub job: Job,
    /// The device, for the paths of destinations.
    pub device: Device,
    /// Its site.
    pub site: String,
    /// How often this run has tried it before.
    pub attempt: usize,
    /// Where its key goes.
    pub destinations: Vec<Destination>,
    /// Who is asked before the job is submitted.
    pub gate: Gate,
}

/// What a worker has done.
#[derive(Debug)]
pub struct Answer {
    /// The record of the key, where one has come.
    pub record: Option<Record>,
    /// The exit status that a run on this device alone would have.
    pub exit: u8,
    /// What the person should hear.
    pub lines: Vec<String>,
}

impl Work for Remote {
    type Done = Answer;

    async fn run(&self, observer: &mut (dyn Observer + Send)) -> Result<Answer, Box<Failure>> {
        self.check_destinations().await?;
        let mut interrupt = self.post.interrupt.clone();
        let kind = || Kind { model: format!("site {}", self.site), fortios: NEWEST };
        let passes = tokio::select! {
            biased;
            () = interrupt.raised() => false,
            passes = self.gate.pass(kind) => passes,
        };
        let mail = self.post.mail.of(&self.device.name).filter(|_| passes);
        let Some(mail) = mail else { return Err(MintError::NotStarted.into()) };
        let sequence = self.submit().await?;
        Stay { remote: self, sequence, begun: false, found: false, record: None, last_key: None }
            .through(mail, observer)
            .await
    }
}

impl Remote {
    /// Proves that the key can be kept here, before there is one.
    async fn check_destinations(&self) -> Result<(), MintError> {
        if !self.job.task.makes_key() {
            return Ok(());
        }
        let (destinations, device) = (self.destinations.clone(), self.device.clone());
        let (format, escrow) = (self.post.format, self.post.escrow.clone());
        let reserved = aside(move || deliver::reserve(&destinations, &device, format, &escrow).map(drop)).await;
        Ok(reserved.unwrap_or(Ok(()))?)
    }

    /// Puts the job on the queue; its number there.
    ///
    /// # Errors
    /// When the broker does not take it.
    pub async fn submit(&self) -> Result<u64, Box<Failure>> {
        let device = &self.device.name;
        let parcel = Parcel {
            subject: job::subject(&self.site, &self.job.run),
            id: job::id(&self.job.run, device, self.attempt),
            device,
            kind: "job",
            payload: serde_json::to_vec(&self.job).unwrap_or_default(),
        };
        let interrupt = self.post.interrupt.clone();
        let kept = self.post.broker.keep(parcel, || interrupt.is_raised()).await;
        kept.map_err(|error| local(with_causes(&error), error.hint()).into())
    }

    /// Opens a key and delivers it.
    async fn deliver(&self, sealed: Vec<u8>) -> Result<Delivery, String> {
        let (destinations, device) = (self.destinations.clone(), self.device.clone());
        let post = self.post.clone();
        aside(move || {
            let arrived = Arrived::open(&sealed, &post.identity).map_err(|error| with_causes(&error))?;
            // The worker knows what was dialled.
            let address = arrived.record.address.clone().unwrap_or(device.address);
            let device = Device { address, ..device };
            match arrived.deliver(&destinations, &device, post.format, &post.escrow) {
                Ok((record, stored)) => Ok(Ok((Box::new(record), stored))),
                Err(NotDelivered::Undelivered(undelivered)) => Ok(Err(Failure::undelivered(undelivered))),
                Err(NotDelivered::Unreserved(error)) => Err(with_causes(&error)),
            }
        })
        .await
        .unwrap_or_else(|| Err("fgtkey broke while it delivered the key".to_owned()))
    }
}

type Delivery = Result<(Box<Record>, Vec<deliver::Stored>), Box<Failure>>;

/// A job on the queue.
struct Stay<'a> {
    remote: &'a Remote,
    sequence: u64,
    begun: bool,
    found: bool,
    record: Option<Delivery>,
    /// The name of the message whose key was delivered.
    last_key: Option<String>,
}

impl Stay<'_> {
    async fn through(
        mut self,
        mut mail: UnboundedReceiver<Letter>,
        observer: &mut (dyn Observer + Send),
    ) -> Result<Answer, Box<Failure>> {
        let post = &self.remote.post;
        let mut interrupt = post.interrupt.clone();
        let began = Instant::now();
        let looks = sleep_until(began + LOOKS_AFTER);
        let gives_up = sleep_until(began + post.patience.unwrap_or(Duration::MAX / 4).min(FOREVER));
        tokio::pin!(looks, gives_up);
        let (mut heard, mut looked) = (false, false);
        loop {
            tokio::select! {
                biased;
                () = interrupt.raised(), if !heard => {
                    heard = true;
                    if !self.begun && post.broker.withdraw(self.sequence).await {
                        return Err(MintError::NotStarted.into());
                    }
                }
                Some(letter) = mail.recv() => {
                    if let Some(answer) = self.hear(letter, observer).await? {
                        return answer;
                    }
                }
                () = &mut looks, if !self.begun && !looked => {
                    looked = true;
                    self.look(observer).await;
                }
                () = &mut gives_up, if !self.begun && post.patience.is_some() => {
                    if post.broker.withdraw(self.sequence).await {
                        return Err(untaken(&self.remote.site).into());
                    }
                    // Somebody has just taken it.
                    self.begun = true;
                }
            }
        }
    }

    /// Says when nobody is there who could take the job.
    async fn look(&self, observer: &mut (dyn Observer + Send)) {
        let site = &self.remote.site;
        if !self.remote.post.broker.has_worker(site).await {
            let said = format!("no worker takes the jobs of the site {site}; they wait: `fgtkey worker --site {site}`");
            observer.on(&self.remote.device.name, Event::Warning(Warning::Said(said)));
        }
    }

    /// Takes in a letter; the last one is answered.
    async fn hear(
        &mut self,
        letter: Letter,
        observer: &mut (dyn Observer + Send),
    ) -> Result<Option<Result<Answer, Box<Failure>>>, Box<Failure>> {
        self.begun = true;
        let name = &self.remote.device.name;
        match letter {
            Letter::News(What::Begun) => {}
            Letter::News(What::Event(event)) => {
                self.found |= matches!(*event, Event::Found(_));
                observer.on(name, *event);
            }
            // A broker that was restarted does not know any more what it has handed out.
            Letter::Key(id, _, receipt) if self.last_key.as_ref() == Some(&id) => receipt.give().await,
            Letter::Key(id, sealed, receipt) => {
                // Without a receipt it comes again.
                let delivery = self.remote.deliver(sealed).await.map_err(|message| local(message, None))?;
                receipt.give().await;
                if let Ok((_, stored)) = &delivery {
                    observer.on(name, Event::Key(stored.clone()));
                }
                (self.record, self.last_key) = (Some(delivery), Some(id));
            }
            Letter::End(end, receipt) => {
                let End { how, found } = *end;
                // Who did not watch hears it now.
                if let Some(found) = found.filter(|_| !self.found) {
                    observer.on(name, Event::Found(found));
                }
                // Who dies before that is written down has to hear it again.
                self.remote.post.mail.owe(receipt);
                return Ok(Some(self.answer(how)));
            }
        }
        Ok(None)
    }

    /// A key that could not be delivered here is worse than what the worker tells.
    fn answer(&mut self, how: How) -> Result<Answer, Box<Failure>> {
        let record = self.record.take().transpose()?.map(|(record, _)| *record);
        match how {
            How::Done { exit, lines } => Ok(Answer { record, exit, lines }),
            // Its key has come just now, after all.
            How::Before { .. } if record.is_some() => Ok(Answer { record, exit: 0, lines: Vec::new() }),
            How::Before { generated_at } => Err(MintError::DoneBefore { generated_at }.into()),
            How::Failed(elsewhere) => Err(elsewhere.into()),
        }
    }
}

/// Longer than any run.
const FOREVER: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

fn untaken(site: &str) -> Elsewhere {
    let message = format!("no worker of the site {site} has taken the job; it is withdrawn");
    let hint = Some(format!("fgtkey worker --site {site}"));
    Elsewhere { class: Class::NotStarted.word(), ..local(message, hint) }
}

/// A failure of ours.
fn local(message: String, hint: Option<String>) -> Elsewhere {
    Elsewhere { message, class: Class::Local.word(), exit: 1, hint, lines: Vec::new(), refused_password: false }
}

/// Runs what waits for disks and services beside the runtime; none when it broke.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    tokio::task::spawn_blocking(work).await.ok()
}
