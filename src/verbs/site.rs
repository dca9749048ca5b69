//! A device in the middle of a mint: its console, what it was before, what was sent to it.

use std::path::PathBuf;

use crate::deliver::Record;
use crate::deliver::escrow::wipe;
use crate::fortios::edit::Edit;
use crate::fortios::facts::Facts;
use crate::fortios::objects::{Objects, User};
use crate::fortios::plan::Plan;
use crate::fortios::render::Templates;
use crate::fortios::script::Script;
use crate::fortios::transaction::Transaction;
use crate::journal::{Run, State};
use crate::secret::Secret;
use crate::session::Reply;
use crate::session::fault::{Aftermath, Fault, FaultKind, Step};
use crate::ssh::{DialError, PasswordError, Phase};

use super::console::{Console, Line};
use super::custody::Held;
use super::event::{Event, Observer, Warning};
use super::failure::{Failure, Left, MintError, Remains};
use super::order::Order;
use super::survey::{self, Names, Surveyed};
use super::verification::{Known, Mode, Verification, verify};
use super::verified::{Cause, Verified};

/// How often a lost session is opened again before it is given up.
const MOST_LOGINS: usize = 2;

/// A device that somebody is at, and what was found there.
pub(super) type Seen = (Console, Surveyed);

/// What a site begins with.
pub(super) struct Start<'a> {
    pub(super) line: &'a Line,
    pub(super) templates: &'a Templates,
    pub(super) order: &'a dyn Order,
    /// Whether the push is to be a transaction.
    pub(super) transaction: Transaction,
}

/// A device in the middle of a mint.
pub(super) struct Site<'a> {
    pub(super) line: &'a Line,
    pub(super) templates: &'a Templates,
    order: &'a dyn Order,
    /// Whether the push is to be a transaction.
    pub(super) transaction: Transaction,
    /// The device has refused to open one.
    pub(super) unopened: bool,
    /// How the objects were pushed, once they were: in a transaction, or one after the other.
    pub(super) pushed_in_transaction: Option<bool>,
    /// What this run writes down of itself.
    pub(super) journal: Run,
    console: Option<Console>,
    pub(super) surveyed: Surveyed,
    pub(super) plan: Plan,
    /// Both objects as they were before this run.
    pub(super) before: Objects,
    /// Both objects as they were last read.
    pub(super) now: Objects,
    /// What this run has sent, whether it arrived or not. Only these objects are ever taken back.
    pub(super) sent: Vec<Edit>,
    /// What the same run had sent before it died and was taken up again: `TABLE NAME`.
    pub(super) sent_before: Vec<String>,
    /// The files in the escrow whose keys are void when this run has a key, or has taken all back.
    void: Vec<PathBuf>,
    /// Whether a line that makes a key may have been carried out without its key having arrived.
    pub(super) key_lost: bool,
    /// Whether the key that the user has is already in the escrow or in use, from an earlier run: then it is not taken back.
    pub(super) key_is_out: bool,
    /// The device asks for the password where it was not expected, or may do so.
    careful: bool,
    asked_for_password: bool,
}

impl<'a> Site<'a> {
    pub(super) fn new(start: Start<'a>, held: &Held, seen: Seen, plan: Plan, journal: Run) -> Self {
        let Start { line, templates, order, transaction } = start;
        let (console, surveyed) = seen;
        let past = held.half_done();
        let now = surveyed.facts.objects.clone();
        Site {
            line,
            templates,
            order,
            transaction,
            unopened: false,
            pushed_in_transaction: None,
            journal,
            console: Some(console),
            surveyed,
            plan,
            before: past.map_or_else(|| now.clone(), |past| past.planned.before.clone()),
            now,
            sent: Vec::new(),
            sent_before: past.map(|past| past.planned.edits.clone()).unwrap_or_default(),
            void: held.void.clone(),
            key_lost: held.lost_key(),
            key_is_out: held.kept.is_some(),
            careful: false,
            asked_for_password: false,
        }
    }

    pub(super) fn tell(&self, observer: &mut (dyn Observer + Send), event: Event) {
        observer.on(&self.line.endpoint.name, event);
    }

    /// Writes down how far the run has come.
    ///
    /// # Errors
    /// When that cannot be done: then the run must not go on.
    pub(super) async fn enter(&mut self, state: State) -> Result<(), MintError> {
        Ok(self.journal.enter(state).await?)
    }

    /// Wipes the keys out of the escrow that are void now.
    pub(super) fn forget_void(&mut self) {
        self.void.drain(..).for_each(|escrow| wipe(&escrow));
    }

    pub(super) fn names(&self) -> Names<'a> {
        self.order.names()
    }

    /// Runs a script on the live console; remembers what a fault may have left.
    pub(super) async fn run(
        &mut self,
        script: &Script,
        observer: &mut (dyn Observer + Send),
    ) -> Result<Vec<Reply>, Fault> {
        let result = match &mut self.console {
            Some(console) => console.run(self.line, script, observer).await,
            None => Err(no_console()),
        };
        self.key_lost |= matches!(&result, Err(fault) if fault.left == Aftermath::KeyLost);
        result
    }

    /// Runs a script to its end, whatever the operator does.
    pub(super) async fn run_through(
        &mut self,
        script: &Script,
        observer: &mut (dyn Observer + Send),
    ) -> Result<Vec<Reply>, Fault> {
        let line = self.line.uninterrupted();
        match &mut self.console {
            Some(console) => console.run(&line, script, observer).await,
            None => Err(no_console()),
        }
    }

    /// Hangs up.
    pub(super) async fn close(&mut self) {
        if let Some(console) = self.console.take() {
            console.close().await;
        }
    }

    /// Whether the device waits at a prompt of this session.
    pub(super) fn is_alive(&self) -> bool {
        self.console.as_ref().is_some_and(Console::is_alive)
    }

    /// A console at its base prompt, the old one or a new one.
    ///
    /// # Errors
    /// When the device cannot be had any more.
    pub(super) async fn stand_up(&mut self, observer: &mut (dyn Observer + Send)) -> Result<(), Remains> {
        if self.recover(observer).await { Ok(()) } else { self.reopen(observer).await }
    }

    /// Goes back to the base prompt of this session; false when it is lost.
    async fn recover(&mut self, observer: &mut (dyn Observer + Send)) -> bool {
        let line = self.line.uninterrupted();
        match self.console.as_mut().filter(|console| console.is_alive()) {
            Some(console) => console.recover(&line, observer).await.is_ok(),
            None => false,
        }
    }

    /// Logs in again and makes sure that it is the same device. A login that was refused is not tried again: three of
    /// them lock our address out.
    async fn reopen(&mut self, observer: &mut (dyn Observer + Send)) -> Result<(), Remains> {
        self.tell_lost_transaction(observer);
        // The old connection goes first: it may hold the only session that the device allows.
        self.console = None;
        let mut tries = 1;
        loop {
            let error = match self.log_in(observer).await {
                Ok(result) => return result,
                Err(error) => error,
            };
            if tries == MOST_LOGINS || may_count_as_failed_login(&error) {
                return Err(Remains::Unreached(Box::new(error)));
            }
            tries += 1;
        }
    }

    async fn log_in(&mut self, observer: &mut (dyn Observer + Send)) -> Result<Result<(), Remains>, MintError> {
        let line = self.line.uninterrupted();
        let mut console = line.open(observer).await?;
        let status = survey::status(&mut console, &line, self.templates, observer).await?;
        if status.serial != self.surveyed.status.serial {
            return Ok(Err(Remains::OtherDevice { serial: status.serial }));
        }
        if self.careful {
            console.be_careful();
        }
        self.console = Some(console);
        Ok(Ok(()))
    }

    /// Drops what an open transaction of this session holds; a session that cannot do that is hung up, and the device drops it
    /// when its time is over.
    pub(super) async fn drop_transaction(&mut self, observer: &mut (dyn Observer + Send)) {
        if !self.console.as_ref().is_some_and(Console::is_in_transaction) {
            return;
        }
        let dropped = match self.templates.abort_transaction(self.plan.vdoms) {
            Ok(script) => self.run_through(&script, observer).await.is_ok(),
            Err(_) => false,
        };
        if !dropped {
            self.tell_lost_transaction(observer);
            self.close().await;
        }
    }

    /// A transaction whose session is lost cannot be taken up again nor aborted. Source: FortiOS 7.6.5 administration guide
    /// (530847), and the field.
    fn tell_lost_transaction(&self, observer: &mut (dyn Observer + Send)) {
        if self.console.as_ref().is_some_and(Console::is_in_transaction) {
            self.tell(observer, Event::Warning(Warning::TransactionLost));
        }
    }

    /// From now on nothing is typed behind a line that a question could follow.
    pub(super) fn be_careful(&mut self) {
        self.careful = true;
        if let Some(console) = &mut self.console {
            console.be_careful();
        }
    }

    /// Reads both objects as the device has them now.
    ///
    /// # Errors
    /// When they are not printed whole.
    pub(super) async fn read(&mut self, observer: &mut (dyn Observer + Send)) -> Result<(), MintError> {
        let names = self.names();
        let script = self.templates.read_back(self.plan.vdoms, self.surveyed.paging, names.profile, names.user)?;
        let replies = self.run_through(&script, observer).await?;
        self.take_in(&replies)
    }

    /// Takes both objects out of the answers to their `show`.
    ///
    /// # Errors
    /// When they were not printed whole.
    pub(super) fn take_in(&mut self, replies: &[Reply]) -> Result<(), MintError> {
        let mut facts = Facts { objects: Objects::default(), ..self.surveyed.facts.clone() };
        survey::read_objects(&mut facts, self.names(), replies)?;
        self.now = facts.objects;
        Ok(())
    }

    /// Whether the API user has a key that it did not have when it was decided to make one.
    pub(super) fn is_overtaken(&self) -> bool {
        let has_key = |objects: &Objects| objects.user.as_ref().is_some_and(|user| user.has_key);
        has_key(&self.now) && !has_key(&self.plan.wanted) && !self.key_lost && !self.key_is_out
    }

    /// The end of a run that was overtaken: what both of them made is left to the other one.
    pub(super) async fn overtaken(&mut self, error: MintError) -> Box<Failure> {
        self.close().await;
        // The failure is what the person has to hear of.
        let _ = self.journal.enter(State::Left { what: "overtaken".into() }).await;
        Failure::boxed(error, Left::Overtaken)
    }

    /// Persists the change, where the device does not do that by itself. The key is delivered already.
    pub(super) async fn save(&mut self, observer: &mut (dyn Observer + Send)) -> Result<(), MintError> {
        if !self.plan.save {
            return Ok(());
        }
        let script = self.templates.save(self.plan.vdoms)?;
        if !self.is_alive() && self.stand_up(observer).await.is_err() {
            self.close().await;
        }
        self.run_through(&script, observer).await.map_err(MintError::Unsaved)?;
        self.tell(observer, Event::Warning(Warning::SavedPending));
        Ok(())
    }

    /// The port of the API, which consumers have to know: as the operator says it, else as the device does. A device that does
    /// not tell it has lost nothing: then it is the usual one, or the verification says what is in the way.
    pub(super) fn https_port(&self, verification: &Verification) -> Option<u16> {
        verification.https_port.or_else(|| self.surveyed.https.as_ref()?.port)
    }

    /// Asks the API whether it takes the key.
    pub(super) async fn verify(
        &mut self,
        verification: &Verification,
        key: &Secret,
        record: &Record,
        observer: &mut (dyn Observer + Send),
    ) -> Verified {
        if verification.mode == Mode::Off {
            return Verified::unknown(Cause::Off);
        }
        if !self.is_alive() && self.stand_up(observer).await.is_err() {
            self.console = None;
        }
        // The user was read before there was a key.
        let user = self.now.user.clone().map(|user| User { has_key: true, ..user });
        let known = Known {
            status: &self.surveyed.status,
            facts: &self.surveyed.facts,
            user: user.as_ref(),
            profile: self.now.profile.as_ref(),
            generated_at: Some(record.generated_at),
            expires_at: record.expires_at,
            https: self.surveyed.https.as_ref(),
        };
        match &mut self.console {
            // On the heap: the API is asked at the end, and only where that is wanted.
            Some(console) => {
                Box::pin(verify(console, self.line, self.templates, &known, verification, key, observer)).await
            }
            None => Verified::unknown(Cause::Unread("the session is lost".into())),
        }
    }

    /// Whether something can be done about a fault so that it is worth another try: the way the device asks for the
    /// password was not foreseen, or the password had not been needed so far. The session is at its base prompt then.
    ///
    /// # Errors
    /// When the operator's source of the password fails.
    pub(super) async fn remedy(
        &mut self,
        fault: &Fault,
        observer: &mut (dyn Observer + Send),
    ) -> Result<bool, MintError> {
        let remedied = match fault.kind {
            FaultKind::Overrun if !self.careful => {
                self.be_careful();
                true
            }
            FaultKind::NoPassword if !self.asked_for_password => self.fetch_password().await?,
            _ => false,
        };
        Ok(remedied && self.recover(observer).await)
    }

    /// Gets the password for the questions of this session; false when there is nobody who has it, which the device's
    /// question says better than we could.
    async fn fetch_password(&mut self) -> Result<bool, MintError> {
        self.asked_for_password = true;
        let password = match self.line.dial.password(&self.line.endpoint).await {
            Ok(password) => password,
            Err(PasswordError::NoTerminal | PasswordError::NotGiven) => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        if let Some(console) = &mut self.console {
            console.set_password(password);
        }
        Ok(true)
    }

    /// Plans again, from what the device has now.
    ///
    /// # Errors
    /// When it must not be done any more: somebody else was at work meanwhile.
    pub(super) async fn replan(&mut self, observer: &mut (dyn Observer + Send)) -> Result<(), MintError> {
        self.read(observer).await?;
        self.surveyed.facts.objects = self.now.clone();
        self.plan = self.order.plan(&self.surveyed.facts)?;
        Ok(())
    }
}

/// Whether the device may have counted it as a failed login.
fn may_count_as_failed_login(error: &MintError) -> bool {
    match error {
        MintError::Dial(DialError::Closed { phase, .. } | DialError::TimedOut { phase, .. }) => {
            *phase == Phase::Authentication
        }
        MintError::Dial(DialError::Connect { .. }) | MintError::Fault(_) => false,
        _ => true,
    }
}

fn no_console() -> Fault {
    let kind = FaultKind::Dropped { awaited: "the next command".into() };
    Fault { kind, at: Step::Recovery, left: Aftermath::Untouched }
}
