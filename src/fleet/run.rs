//! The schedule carried out: one task a device, one ear for all.

use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::session::drive::Interrupt;
use crate::session::trace::Detail;
use crate::verbs::event::{Event, Observer};
use crate::verbs::failure::{Failure, MintError};
use crate::verbs::gate::{Asking, Gate, Kind};

use super::class::{Class, refused_password};
use super::rules::Rules;
use super::schedule::{Ended, Schedule, Stop, Wave};

/// How long what only a person wants to know may wait to be told: nobody reads faster, and each telling wakes a thread.
const TOLD_WITHIN: Duration = Duration::from_millis(50);

/// What is done on each device.
pub trait Work: Send + Sync + 'static {
    /// What it comes to.
    type Done: Send + 'static;

    /// Does it.
    fn run(
        &self,
        observer: &mut (dyn Observer + Send),
    ) -> impl Future<Output = Result<Self::Done, Box<Failure>>> + Send;
}

/// Something that happened in a run.
#[derive(Debug)]
pub enum News<D> {
    /// A device is being looked at.
    Started,
    /// Something happened on it.
    Event(Event),
    /// It was looked at, and waits for others to go first.
    Waits(Kind),
    /// It may be changed now.
    Passed,
    /// It has ended.
    Ended(Result<D, Box<Failure>>),
}

/// Who hears what happens.
pub trait Watcher<D> {
    /// How much of the sessions is wanted: they are most of what happens.
    fn detail(&self) -> Detail;

    /// `news` of the device of that number.
    fn hear(&mut self, device: usize, news: News<D>);

    /// A wave begins.
    fn wave(&mut self, wave: Wave);

    /// Why no more devices are started.
    fn stopped(&mut self, stop: &Stop);
}

/// The devices of a run: each is made when its turn comes, so that a fleet costs no more memory than what runs of it.
pub trait Devices {
    /// What is done on each.
    type Work: Work;

    /// How many.
    fn count(&self) -> usize;

    /// What is to be done on the device of that number; none beyond the last.
    fn work(&self, device: usize, gate: Gate) -> Option<Self::Work>;
}

/// Runs to the end; one failing device never stops the others, but what the rules say does.
pub async fn run<F: Devices>(
    devices: &F,
    rules: Rules,
    mut interrupt: Interrupt,
    watcher: &mut (impl Watcher<<F::Work as Work>::Done> + ?Sized),
) -> Option<Stop> {
    let mut schedule = Schedule::new(rules, devices.count());
    let (keeper, mut askings) = mpsc::unbounded_channel::<Asking>();
    let told = Arc::new(Told::default());
    let mut time = tokio::time::interval(TOLD_WITHIN);
    time.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut tasks = JoinSet::new();
    let mut waiting = HashMap::new();
    let mut heard_stop = false;
    loop {
        while let Some(device) = schedule.start() {
            watcher.hear(device, News::Started);
            let ear = Ear { device, teller: Arc::clone(&told), detail: watcher.detail(), ended: false };
            match devices.work(device, Gate::kept(device, keeper.clone())) {
                // On the heap at once: the runtime moves what it is given, again and again.
                Some(work) => drop(tasks.spawn(Box::pin(task(work, ear)))),
                None => ear.end(Err(MintError::NotStarted.into())),
            }
        }
        if let Some(stop) = schedule.stopped().filter(|_| !heard_stop) {
            heard_stop = true;
            watcher.stopped(stop);
        }
        if schedule.is_over() {
            break;
        }
        tokio::select! {
            biased;
            () = interrupt.raised(), if schedule.stopped().is_none() => schedule.interrupt(),
            () = told.ended.notified() => {}
            _ = time.tick() => {}
            Some(Asking { device, kind, answer }) = askings.recv() => {
                // What a device has told comes before what it asks behind it.
                hear_all(&told, &mut schedule, watcher);
                schedule.asks(device, kind.clone());
                waiting.insert(device, answer);
                watcher.hear(device, News::Waits(kind));
            }
        }
        hear_all(&told, &mut schedule, watcher);
        if let Some(wave) = schedule.next_wave() {
            watcher.wave(wave);
        }
        for (device, passes) in schedule.answers() {
            if passes {
                watcher.hear(device, News::Passed);
            }
            // Who does not wait any more needs no answer.
            let _ = waiting.remove(&device).map(|answer| answer.send(passes));
        }
        while tasks.try_join_next().is_some() {}
    }
    for device in schedule.unstarted() {
        watcher.hear(device, News::Ended(Err(MintError::NotStarted.into())));
    }
    schedule.stopped().cloned()
}

fn hear_all<D>(told: &Told<D>, schedule: &mut Schedule, watcher: &mut (impl Watcher<D> + ?Sized)) {
    for (device, news) in told.take() {
        heard(device, news, schedule, watcher);
    }
}

fn heard<D>(device: usize, news: News<D>, schedule: &mut Schedule, watcher: &mut (impl Watcher<D> + ?Sized)) {
    if let News::Ended(ended) = &news {
        let failure = ended.as_ref().err();
        // What this run has done before is done.
        let failure = failure.filter(|failure| !matches!(failure.error, MintError::DoneBefore { .. }));
        let failed = failure.map(|failure| Class::of(failure));
        let refused_password = failure.is_some_and(|failure| refused_password(failure));
        schedule.ends(device, Ended { failed, refused_password });
    }
    watcher.hear(device, news);
}

async fn task<W: Work>(work: W, mut ear: Ear<W::Done>) {
    let ended = work.run(&mut ear).await;
    ear.end(ended);
}

/// What the devices have told and nobody has heard yet.
struct Told<D> {
    news: Mutex<Vec<(usize, News<D>)>>,
    /// One has ended: another one can begin.
    ended: Notify,
}

impl<D> Default for Told<D> {
    fn default() -> Told<D> {
        Told { news: Mutex::default(), ended: Notify::new() }
    }
}

impl<D> Told<D> {
    fn take(&self) -> Vec<(usize, News<D>)> {
        mem::take(&mut *self.news.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The way of a device's news to the watcher.
struct Ear<D> {
    device: usize,
    teller: Arc<Told<D>>,
    detail: Detail,
    ended: bool,
}

impl<D> Ear<D> {
    fn end(mut self, ended: Result<D, Box<Failure>>) {
        self.tell(News::Ended(ended));
        self.ended = true;
    }

    fn tell(&self, news: News<D>) {
        let is_end = matches!(news, News::Ended(_));
        self.teller.news.lock().unwrap_or_else(PoisonError::into_inner).push((self.device, news));
        if is_end {
            self.teller.ended.notify_one();
        }
    }
}

impl<D> Observer for Ear<D> {
    fn on(&mut self, _: &str, event: Event) {
        self.tell(News::Event(event));
    }

    fn detail(&self) -> Detail {
        self.detail
    }
}

impl<D> Drop for Ear<D> {
    /// A panic on one device must not keep the others waiting for its end.
    fn drop(&mut self) {
        if !self.ended {
            self.tell(News::Ended(Err(Failure::broken())));
        }
    }
}
