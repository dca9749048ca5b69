//! A worker: takes the jobs of a site, does them, and sends back what came of it.

use std::error::Error;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_nats::jetstream::AckKind;
use async_nats::jetstream::consumer::PullConsumer;
use async_nats::jetstream::message::Acker;
use futures_util::StreamExt;
use jiff::Timestamp;
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use crate::deliver::outlet::Outlet;
use crate::fleet::class::{Class, refused_password};
use crate::journal::JournalError;
use crate::report::{Exit, Reporter, Verbosity, exit_of, hint_of, words};
use crate::session::drive::Interrupt;
use crate::verbs::event::{Event, Found, Observer};
use crate::verbs::failure::{Elsewhere, Failure, MintError};
use crate::verbs::pass_on::{PassOn, Passed};

use super::broker::{Broker, BrokerError, DEVICE, PAUSE, Parcel};
use super::errand::{Done, Errand, Workplace};
use super::job::Job;
use super::letter::{self, End, How, News, What};

/// How long a worker that is free waits for a job before it asks again; and how long it may take to stop.
const ASKS_AGAIN: Duration = Duration::from_secs(5);
/// When a job whose key could not be passed on comes again.
const AGAIN: Duration = Duration::from_secs(5);

/// A worker of a site.
pub struct Worker<M> {
    /// The broker.
    pub broker: Arc<Broker>,
    /// The site.
    pub site: String,
    /// How many jobs are done at once; at least 1.
    pub jobs: usize,
    /// How often a job may be begun before it is taken to be one that kills its workers.
    pub most: i64,
    /// What this machine has for all jobs.
    pub workplace: Workplace,
    /// Makes a verb of a job whose key goes through an outlet.
    pub make: M,
    /// Raised when it is to stop.
    pub interrupt: Interrupt,
}

/// What a worker says of its work: the device and a step, or how a job ended.
pub trait Log: Send + Sync {
    /// It happened on a device.
    fn on(&self, device: &str, event: &Event);

    /// The job ended so.
    fn ended(&self, device: &str, how: &How);
}

impl<M> Worker<M>
where
    M: Fn(&Job, Arc<dyn Outlet>) -> Result<Errand, String> + Send + Sync + 'static,
{
    /// Works until it is interrupted: what has been begun is finished or taken back, the rest is left to others.
    ///
    /// # Errors
    /// [`BrokerError::Refused`] when there is no consumer to be had.
    pub async fn run(self, log: Arc<dyn Log>) -> Result<(), BrokerError> {
        let consumer = self.broker.jobs_of(&self.site).await?;
        let worker = Arc::new(self);
        worker.pass_on_all().await;
        let mut slots = JoinSet::new();
        for _ in 0..worker.jobs {
            let slot = Slot { worker: worker.clone(), consumer: consumer.clone(), log: log.clone() };
            slots.spawn(slot.work());
        }
        while slots.join_next().await.is_some() {}
        Ok(())
    }

    /// What an earlier worker on this machine has left in its escrow.
    async fn pass_on_all(&self) {
        let Ok(runs) = std::fs::read_dir(&self.workplace.directory) else { return };
        for run in runs.flatten() {
            self.pass_on(&run.file_name().to_string_lossy(), None).await;
        }
    }

    /// Passes on what is left of a run, of one device or of all, and says for whom that was the end.
    async fn pass_on(&self, run: &str, device: Option<&str>) {
        let left = PassOn { journal: self.workplace.journal.clone(), directory: self.workplace.directory.join(run) };
        let results = Results::of(&self.broker, run, &self.interrupt);
        let device = device.map(str::to_owned);
        let passed = tokio::task::spawn_blocking(move || {
            left.run(device.as_deref(), &|device| Box::new(results.for_device(device)))
        });
        for Passed { device, generated_at } in passed.await.unwrap_or_default() {
            let id = format!("{run}/{device}/passed/{}", generated_at.as_nanosecond());
            let end = End { how: How::Before { generated_at }, found: None };
            // The key is there; should this be lost, the job that comes again tells the same.
            let _ = self.send_end(run, &device, id, &end).await;
        }
    }

    async fn send_end(&self, run: &str, device: &str, id: String, end: &End) -> Result<(), BrokerError> {
        let payload = serde_json::to_vec(end).unwrap_or_default();
        let parcel = Parcel { subject: letter::results(run), id, device, kind: letter::END, payload };
        let interrupt = self.interrupt.clone();
        self.broker.keep(parcel, || interrupt.is_raised()).await.map(drop)
    }
}

/// One of the jobs that a worker does at once.
struct Slot<M> {
    worker: Arc<Worker<M>>,
    consumer: PullConsumer,
    log: Arc<dyn Log>,
}

impl<M> Slot<M>
where
    M: Fn(&Job, Arc<dyn Outlet>) -> Result<Errand, String> + Send + Sync + 'static,
{
    async fn work(self) {
        let interrupt = self.worker.interrupt.clone();
        while !interrupt.is_raised() {
            // What comes while we are told to stop is given back, so that nobody has to wait for it.
            match self.next().await {
                Some(message) if interrupt.is_raised() => drop(message.ack_with(AckKind::Nak(None)).await),
                Some(message) => self.job(message).await,
                None => {}
            }
        }
    }

    /// The next job, if there is one within a while.
    async fn next(&self) -> Option<async_nats::jetstream::Message> {
        let asked = self.consumer.batch().max_messages(1).expires(ASKS_AGAIN).messages().await;
        let message = match asked {
            Ok(mut messages) => messages.next().await.map(Result::ok),
            Err(_) => Some(None),
        };
        match message {
            Some(Some(message)) => Some(message),
            // The broker is away: it may be restarted.
            Some(None) => {
                tokio::time::sleep(PAUSE).await;
                None
            }
            None => None,
        }
    }

    /// Does a job, and acknowledges it when all of it is told.
    async fn job(&self, message: async_nats::jetstream::Message) {
        let begun = message.info().map(|info| info.delivered).unwrap_or_default();
        let (message, acker) = message.split();
        let Some(id) = message.headers.as_ref().and_then(|headers| headers.get("Nats-Msg-Id")) else {
            // Nobody of ours has sent it.
            return drop(acker.ack_with(AckKind::Term).await);
        };
        let device = message.headers.as_ref().and_then(|headers| headers.get(DEVICE)).map(|name| name.as_str());
        let run = message.subject.rsplit('.').next().unwrap_or_default();
        let ticket = Ticket { id: id.as_str(), device: device.unwrap_or_default(), run };
        let job = serde_json::from_slice::<Job>(&message.payload);
        let outcome = match job {
            Err(error) => Some(ended(failed(format!("the job cannot be read: {error}"), Class::Request))),
            // It was begun so often and no more, however often its end had to be told.
            Ok(_) if begun > self.worker.most => Some(ended(deadly(self.worker.most))),
            Ok(job) => self.alive(&acker, self.attempt(&job, &ticket, begun)).await,
        };
        let Some(end) = outcome else {
            return drop(acker.ack_with(AckKind::Nak(Some(AGAIN))).await);
        };
        self.log.ended(ticket.device, &end.how);
        let told = self.worker.send_end(ticket.run, ticket.device, format!("{}/end", ticket.id), &end).await;
        if told.is_ok() {
            // One that is not acknowledged comes again, and is found done.
            let _ = acker.double_ack().await;
        }
    }

    /// Does `work` while the broker hears from time to time that it goes on.
    async fn alive<T>(&self, acker: &Acker, work: impl Future<Output = T>) -> T {
        let third = self.consumer.cached_info().config.ack_wait / 3;
        let mut beat = tokio::time::interval(third.max(Duration::from_millis(100)));
        tokio::pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                _ = beat.tick() => drop(acker.ack_with(AckKind::Progress).await),
            }
        }
    }

    /// Does a job; none when it has to come again.
    async fn attempt(&self, job: &Job, ticket: &Ticket<'_>, begun: i64) -> Option<End> {
        let news = Wire::new(&self.worker.broker, ticket, self.log.clone());
        news.tell(What::Begun);
        if begun > 1 {
            self.worker.pass_on(ticket.run, Some(ticket.device)).await;
        }
        let results = Results::of(&self.worker.broker, ticket.run, &self.worker.interrupt);
        let errand = match (self.worker.make)(job, Arc::new(results.for_device(ticket.device))) {
            Ok(errand) => errand,
            Err(message) => return Some(ended(failed(message, Class::Request))),
        };
        let mut ear = Ear { wire: news, found: None };
        // A panic on one device is one failure.
        let running = tokio::spawn(async move {
            let done = errand.run(&mut ear).await;
            (done, ear.found)
        });
        let (done, found) = running.await.unwrap_or_else(|_| (Err(Failure::broken()), None));
        let how = match done {
            Ok(done) => told(&done, ticket.device),
            Err(failure) => how(&failure, ticket.device)?,
        };
        Some(End { how, found })
    }
}

/// What a message says of its job besides it.
struct Ticket<'a> {
    id: &'a str,
    device: &'a str,
    run: &'a str,
}

fn ended(how: Elsewhere) -> End {
    End { how: How::Failed(how), found: None }
}

fn failed(message: String, class: Class) -> Elsewhere {
    let class = class.word();
    Elsewhere { message, class, exit: Exit::Failed.status(), hint: None, lines: Vec::new(), refused_password: false }
}

/// What is said of a job that nobody has come back from.
fn deadly(begun: i64) -> Elsewhere {
    let message = format!("the job was begun {begun} times, and no worker has come to an end with it; it is given up");
    let hint = Some("look at the device, and at what the workers of its site say".to_owned());
    Elsewhere { hint, exit: Exit::NeedsPerson.status(), ..failed(message, Class::Local) }
}

fn told(done: &Done, device: &str) -> How {
    let lines = said(|reporter| done.tell(device, reporter));
    How::Done { exit: Exit::Done.status(), lines }
}

/// How a failure is told; none when the job is for another try: its key is sealed in the escrow here, another process of this
/// machine is at it, or it was stopped before anything was left on the device.
fn how(failure: &Failure, device: &str) -> Option<How> {
    match &failure.error {
        MintError::DoneBefore { generated_at } => return Some(How::Before { generated_at: *generated_at }),
        MintError::Undelivered(_) => return None,
        // The broker took another worker for dead that was only not heard.
        MintError::Journal(JournalError::Busy { .. }) => return None,
        _ => {}
    }
    let (exit, class) = (exit_of(failure), Class::of(failure));
    if exit != Exit::NeedsPerson && matches!(class, Class::Interrupted | Class::NotStarted) {
        return None;
    }
    let lines = said(|reporter| {
        let _ = reporter.failed(device, failure);
    });
    Some(How::Failed(Elsewhere {
        message: words(&failure.error),
        class: class.word(),
        exit: exit.status(),
        hint: hint_of(&failure.error),
        lines,
        refused_password: refused_password(failure),
    }))
}

/// What a reporter says, line by line.
fn said(tell: impl FnOnce(&mut Reporter)) -> Vec<String> {
    let page = Page::default();
    tell(&mut Reporter::on(Box::new(page.clone()), false, Verbosity::Story));
    let text = page.0.lock().unwrap_or_else(PoisonError::into_inner);
    String::from_utf8_lossy(&text).lines().map(str::to_owned).collect()
}

#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The way of news to whoever watches.
#[derive(Clone)]
struct Wire {
    teller: tokio::sync::mpsc::UnboundedSender<News>,
    device: String,
    log: Arc<dyn Log>,
}

impl Wire {
    fn new(broker: &Arc<Broker>, ticket: &Ticket<'_>, log: Arc<dyn Log>) -> Wire {
        let (teller, mut told) = tokio::sync::mpsc::unbounded_channel::<News>();
        let (broker, subject) = (broker.clone(), letter::progress(ticket.run));
        tokio::spawn(async move {
            while let Some(news) = told.recv().await {
                if let Ok(text) = serde_json::to_vec(&news) {
                    broker.tell(subject.clone(), text).await;
                }
            }
        });
        Wire { teller, device: ticket.device.to_owned(), log }
    }

    fn tell(&self, what: What) {
        // Its task ends when nobody can tell it anything any more.
        let _ = self.teller.send(News { device: self.device.clone(), what });
    }
}

/// Hears what happens on a device.
struct Ear {
    wire: Wire,
    found: Option<Found>,
}

impl Observer for Ear {
    fn on(&mut self, _: &str, event: Event) {
        self.wire.log.on(&self.wire.device, &event);
        match &event {
            Event::Found(found) => self.found = Some(found.clone()),
            // The submitter says itself where it has put the key, and when all is done; sessions stay here.
            Event::Key(_) | Event::Done { .. } | Event::Trace(_) => return,
            _ => {}
        }
        self.wire.tell(What::Event(Box::new(event)));
    }
}

/// Where the keys of a run go.
#[derive(Clone)]
struct Results {
    broker: Arc<Broker>,
    run: String,
    interrupt: Interrupt,
    runtime: Handle,
}

impl Results {
    fn of(broker: &Arc<Broker>, run: &str, interrupt: &Interrupt) -> Results {
        let (broker, interrupt) = (broker.clone(), interrupt.clone());
        Results { broker, run: run.to_owned(), interrupt, runtime: Handle::current() }
    }

    fn for_device(&self, device: &str) -> ResultsOf {
        ResultsOf { results: self.clone(), device: device.to_owned() }
    }
}

/// Where the keys of a device go.
struct ResultsOf {
    results: Results,
    device: String,
}

impl Outlet for ResultsOf {
    /// Blocks: a key is stored on a thread that may wait.
    fn pass(&self, sealed: &[u8], generated_at: Timestamp) -> Result<(), Box<dyn Error + Send + Sync>> {
        let Results { broker, run, interrupt, runtime } = &self.results;
        let parcel = Parcel {
            subject: letter::results(run),
            id: format!("{run}/{}/key/{}", self.device, generated_at.as_nanosecond()),
            device: &self.device,
            kind: letter::KEY,
            payload: sealed.to_vec(),
        };
        runtime.block_on(broker.keep(parcel, || interrupt.is_raised()))?;
        Ok(())
    }
}
