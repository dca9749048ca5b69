//! A device in the middle of a mint: its console, what it was before, what was sent to it.

use crate::fortios::edit::Edit;
use crate::fortios::facts::Facts;
use crate::fortios::objects::Objects;
use crate::fortios::plan::Plan;
use crate::fortios::script::Script;
use crate::session::Reply;
use crate::session::fault::{Aftermath, Fault, FaultKind, Step};
use crate::ssh::{DialError, PasswordError, Phase};

use super::console::Console;
use super::event::Observer;
use super::failure::{MintError, Remains};
use super::mint::Mint;
use super::survey::{self, Names, Surveyed};

/// How often a lost session is opened again before it is given up.
const MOST_LOGINS: usize = 2;

/// A device in the middle of a mint.
pub struct Site<'a> {
    pub(super) mint: &'a Mint,
    console: Option<Console>,
    pub(super) surveyed: Surveyed,
    pub(super) plan: Plan,
    /// Both objects as they were before this run.
    pub(super) before: Objects,
    /// Both objects as they were last read.
    pub(super) now: Objects,
    /// What this run has sent, whether it arrived or not. Only these objects are ever taken back.
    pub(super) sent: Vec<Edit>,
    /// Whether a line that makes a key may have been carried out without its key having arrived.
    pub(super) key_lost: bool,
    /// The device asks for the password where it was not expected, or may do so.
    careful: bool,
    asked_for_password: bool,
}

impl<'a> Site<'a> {
    pub(super) fn new(mint: &'a Mint, console: Console, surveyed: Surveyed, plan: Plan) -> Self {
        let before = surveyed.facts.objects.clone();
        Site {
            mint,
            console: Some(console),
            surveyed,
            plan,
            now: before.clone(),
            before,
            sent: Vec::new(),
            key_lost: false,
            careful: false,
            asked_for_password: false,
        }
    }

    pub(super) fn names(&self) -> Names<'a> {
        Names::of(&self.mint.request)
    }

    /// Runs a script on the live console; remembers what a fault may have left.
    pub(super) async fn run(
        &mut self,
        script: &Script,
        observer: &mut (dyn Observer + Send),
    ) -> Result<Vec<Reply>, Fault> {
        let result = match &mut self.console {
            Some(console) => console.run(&self.mint.line, script, observer).await,
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
        let line = self.mint.line.uninterrupted();
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
        let line = self.mint.line.uninterrupted();
        match self.console.as_mut().filter(|console| console.is_alive()) {
            Some(console) => console.recover(&line, observer).await.is_ok(),
            None => false,
        }
    }

    /// Logs in again and makes sure that it is the same device. A login that was refused is not tried again: three of
    /// them lock our address out.
    async fn reopen(&mut self, observer: &mut (dyn Observer + Send)) -> Result<(), Remains> {
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
        let line = self.mint.line.uninterrupted();
        let mut console = line.open(observer).await?;
        let status = survey::status(&mut console, &line, &self.mint.templates, observer).await?;
        if status.serial != self.surveyed.status.serial {
            return Ok(Err(Remains::OtherDevice { serial: status.serial }));
        }
        if self.careful {
            console.be_careful();
        }
        self.console = Some(console);
        Ok(Ok(()))
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
        let script = self.mint.templates.read_back(self.plan.vdoms, self.surveyed.paging, names.profile, names.user)?;
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
        let password = match self.mint.line.dial.password(&self.mint.line.endpoint).await {
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
        self.plan = Plan::mint(&self.mint.request, &self.surveyed.facts, self.mint.consent)?;
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
