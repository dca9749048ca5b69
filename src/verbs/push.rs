//! Pushing a plan, and taking it back.
//!
//! All or nothing: what was pushed is read back and compared before there is a key; on any refusal, silence or drop the
//! device is read again (logging in afresh where the session is lost), what this run made is removed, what it altered is
//! restored, and that is read back too.

use crate::fortios::edit::{self, Edit, ProfileEdit, SetLine, UserEdit};
use crate::fortios::facts::Facts;
use crate::fortios::objects::Objects;
use crate::fortios::plan::Plan;
use crate::fortios::script::Script;
use crate::session::Reply;
use crate::session::fault::{Aftermath, Fault, FaultKind};

use super::console::Console;
use super::event::{Event, Observer};
use super::failure::{Failure, Left, MintError, Remains};
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
    /// What this run has done.
    pub(super) done: Vec<Edit>,
    /// Whether a line that makes a key may have been carried out.
    key_made: bool,
    asked_for_password: bool,
}

impl<'a> Site<'a> {
    pub(super) fn new(mint: &'a Mint, console: Console, surveyed: Surveyed, plan: Plan) -> Self {
        let before = surveyed.facts.objects.clone();
        let console = Some(console);
        let (key_made, asked_for_password) = (false, false);
        Site { mint, console, surveyed, plan, before, done: Vec::new(), key_made, asked_for_password }
    }

    fn names(&self) -> Names<'a> {
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
        if let Err(fault) = &result {
            self.key_made |= fault.left == Aftermath::KeyLost || matches!(fault.kind, FaultKind::NoKey(_));
        }
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
    pub(super) async fn close(mut self) {
        if let Some(console) = self.console.take() {
            console.close().await;
        }
    }

    /// A console at its base prompt, the old one or a new one.
    async fn stand_up(&mut self, observer: &mut (dyn Observer + Send)) -> Result<(), Remains> {
        let line = self.mint.line.uninterrupted();
        if let Some(console) = self.console.as_mut().filter(|console| console.is_alive())
            && console.recover(&line, observer).await.is_ok()
        {
            return Ok(());
        }
        self.reopen(observer).await
    }

    /// Logs in again and makes sure that it is the same device.
    pub(super) async fn reopen(&mut self, observer: &mut (dyn Observer + Send)) -> Result<(), Remains> {
        let line = self.mint.line.uninterrupted();
        // The old connection goes first: it may hold the only session that the device allows.
        self.console = None;
        let mut last = MintError::NoKey;
        for _ in 0..MOST_LOGINS {
            match line.open(observer).await {
                Ok(mut console) => match survey::status(&mut console, &line, &self.mint.templates, observer).await {
                    Ok(status) if status.serial == self.surveyed.status.serial => {
                        self.console = Some(console);
                        return Ok(());
                    }
                    Ok(other) => return Err(Remains::OtherDevice { serial: other.serial }),
                    Err(error) => last = error.into(),
                },
                Err(error) => last = error.into(),
            }
        }
        Err(Remains::Unreached(Box::new(last)))
    }

    /// Both objects as the device has them now.
    async fn read(&mut self, observer: &mut (dyn Observer + Send)) -> Result<Objects, MintError> {
        let names = self.names();
        let script = self.mint.templates.read_back(self.plan.vdoms, self.surveyed.paging, names.profile, names.user)?;
        let replies = self.run_through(&script, observer).await?;
        self.objects(&replies)
    }

    fn objects(&self, replies: &[Reply]) -> Result<Objects, MintError> {
        let mut facts = Facts { objects: Objects::default(), ..self.surveyed.facts.clone() };
        survey::read_objects(&mut facts, self.names(), replies)?;
        Ok(facts.objects)
    }

    /// Takes back what this run did, and says what is left.
    pub(super) async fn take_back(&mut self, error: MintError, observer: &mut (dyn Observer + Send)) -> Box<Failure> {
        let mut restored = self.restore(observer).await;
        if restored.as_ref().is_err_and(is_worth_a_new_login) {
            restored = match self.reopen(observer).await {
                Ok(()) => self.restore(observer).await,
                Err(what) => Err(what),
            };
        }
        let left = match restored {
            Ok(left) => left,
            Err(what) => Left::NeedsPerson { what, mend: self.mending() },
        };
        if let Left::Undone(objects) = &left {
            observer.on(&self.mint.line.endpoint.name, Event::Undone { objects: objects.clone() });
        }
        if let Some(console) = self.console.take() {
            console.close().await;
        }
        Failure::boxed(error, left)
    }

    async fn restore(&mut self, observer: &mut (dyn Observer + Send)) -> Result<Left, Remains> {
        self.stand_up(observer).await?;
        let not_read = |error| Remains::NotTakenBack(Box::new(error));
        let now = self.read(observer).await.map_err(not_read)?;
        let version = self.plan.version;
        let edits = edit::back(&self.before, &now, version);
        let objects: Vec<String> = edits.iter().map(object).collect();
        if !edits.is_empty() {
            let script = self.mint.templates.edits(self.plan.vdoms, &edits).map_err(|error| not_read(error.into()))?;
            self.run_through(&script, observer).await.map_err(|fault| not_read(fault.into()))?;
            let now = self.read(observer).await.map_err(not_read)?;
            let differs = edit::back(&self.before, &now, version);
            if !differs.is_empty() {
                return Err(Remains::Differs(differs.iter().map(object).collect()));
            }
        }
        if self.key_made && self.before.user.is_some() {
            return Err(Remains::KeyVoid { user: self.plan.key.user.clone() });
        }
        Ok(if objects.is_empty() && self.done.is_empty() { Left::Untouched } else { Left::Undone(objects) })
    }

    /// The CLI that takes back all that this run may have made.
    fn mending(&self) -> Option<Script> {
        let edits = edit::back(&self.before, &self.plan.wanted, self.plan.version);
        let script = self.mint.templates.edits(self.plan.vdoms, &edits).ok();
        script.filter(|script| !script.is_empty())
    }

    /// Whether something can be done about a fault so that the push is worth another try: the way the device asks for the
    /// password was not foreseen, or there was no password to give.
    async fn remedy(&mut self, fault: &Fault, observer: &mut (dyn Observer + Send)) -> Result<bool, MintError> {
        let remedied = match fault.kind {
            FaultKind::Overrun => {
                let careful = self.console.as_mut().is_some_and(|console| !console.is_careful());
                if let Some(console) = &mut self.console {
                    console.be_careful();
                }
                careful
            }
            FaultKind::NoPassword if !self.asked_for_password => {
                self.asked_for_password = true;
                let password = self.mint.line.dial.password(&self.mint.line.endpoint).await?;
                if let Some(console) = &mut self.console {
                    console.set_password(password);
                }
                true
            }
            _ => false,
        };
        if !remedied {
            return Ok(false);
        }
        let line = self.mint.line.uninterrupted();
        let recovered = match self.console.as_mut().filter(|console| console.is_alive()) {
            Some(console) => console.recover(&line, observer).await.is_ok(),
            None => false,
        };
        if recovered {
            self.surveyed.facts.objects = self.read(observer).await?;
        }
        Ok(recovered)
    }

    /// Plans again, from what the device has now.
    fn replan(&mut self) -> Result<(), MintError> {
        self.plan = Plan::mint(&self.mint.request, &self.surveyed.facts, self.mint.consent)?;
        Ok(())
    }
}

/// Makes the objects what the plan wants them to be, and proves it. What is right already is not sent again.
pub(super) async fn push(site: &mut Site<'_>, observer: &mut (dyn Observer + Send)) -> Result<(), Box<Failure>> {
    while !site.plan.edits.is_empty() {
        let script = site
            .mint
            .templates
            .push(&site.plan, site.surveyed.paging, site.names().profile)
            .map_err(MintError::from)?;
        let error = match site.run(&script, observer).await {
            Ok(replies) => match proven(site, &replies) {
                Ok(()) => return Ok(()),
                Err(error) => error,
            },
            Err(fault) => match site.remedy(&fault, observer).await {
                Ok(true) => {
                    if let Err(error) = site.replan() {
                        return Err(site.take_back(error, observer).await);
                    }
                    continue;
                }
                Ok(false) => MintError::Fault(fault),
                Err(error) => error,
            },
        };
        return Err(site.take_back(error, observer).await);
    }
    Ok(())
}

/// Whether taking back failed in a way that a new session may not: a drop, a silence, an answer out of step; not a refusal.
fn is_worth_a_new_login(what: &Remains) -> bool {
    match what {
        Remains::NotTakenBack(error) => match error.as_ref() {
            MintError::Fault(fault) => !matches!(fault.kind, FaultKind::Refused(_)),
            MintError::Survey(_) => true,
            _ => false,
        },
        _ => false,
    }
}

/// Compares what was read back with what was wanted.
fn proven(site: &mut Site<'_>, replies: &[Reply]) -> Result<(), MintError> {
    site.done.extend(site.plan.edits.iter().cloned());
    let shown = site.objects(replies)?;
    if site.plan.is_fulfilled_by(&shown) {
        return Ok(());
    }
    Err(MintError::ReadBack(differences(&site.plan, &shown)))
}

/// What is missing, as the lines that would set it.
fn differences(plan: &Plan, shown: &Objects) -> Vec<String> {
    let profile = plan.wanted.profile.as_ref();
    let profile = profile.and_then(|wanted| ProfileEdit::between(shown.profile.as_ref(), wanted, plan.version));
    let user = plan.wanted.user.as_ref().and_then(|wanted| UserEdit::between(shown.user.as_ref(), wanted));
    let profile_lines = profile.into_iter().flat_map(|edit| {
        let name = edit.name;
        let blocks = edit.blocks.into_iter().flat_map(|block| block.set);
        edit.set.into_iter().chain(blocks).map(move |line| format!("the profile {name} lacks `{}`", words(&line)))
    });
    let user_lines = user.into_iter().flat_map(|edit| {
        let name = edit.name;
        let rows = edit.hosts.into_iter().map(|row| row.set);
        let missing = edit.set.into_iter().chain(rows).map({
            let name = name.clone();
            move |line| format!("the API user {name} lacks `{}`", words(&line))
        });
        let extra = edit
            .delete_hosts
            .into_iter()
            .map(move |row| format!("the API user {name} has a trusted host {row} too many"));
        missing.chain(extra).collect::<Vec<_>>()
    });
    profile_lines.chain(user_lines).collect()
}

fn words(line: &SetLine) -> String {
    format!("set {} {}", line.name, line.values.join(" "))
}

fn object(edit: &Edit) -> String {
    match edit {
        Edit::Profile(edit) => format!("system accprofile {}", edit.name),
        Edit::User(edit) => format!("system api-user {}", edit.name),
        Edit::DeleteProfile(name) => format!("system accprofile {name}"),
        Edit::DeleteUser(name) => format!("system api-user {name}"),
    }
}

fn no_console() -> Fault {
    use crate::session::fault::Step;
    let kind = FaultKind::Dropped { awaited: "the next command".into() };
    Fault { kind, at: Step::Recovery, left: Aftermath::Untouched }
}
