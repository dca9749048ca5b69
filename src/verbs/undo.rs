//! Taking back what a mint did: what it made is removed, what it altered is restored, and reading again proves it.

use std::pin::Pin;

use crate::fortios::edit::{self, Edit};
use crate::fortios::script::Script;
use crate::journal::State;
use crate::session::fault::FaultKind;

use super::event::{Event, Observer};
use super::failure::{Failure, Left, MintError, Remains};
use super::site::Site;

impl Site<'_> {
    /// Takes back what this run did, and says what is left. On the heap, since it is rarely needed.
    pub(super) fn take_back<'s>(
        &'s mut self,
        error: MintError,
        observer: &'s mut (dyn Observer + Send),
    ) -> Pin<Box<dyn Future<Output = Box<Failure>> + Send + 's>> {
        Box::pin(self.taken_back(error, observer))
    }

    async fn taken_back(&mut self, error: MintError, observer: &mut (dyn Observer + Send)) -> Box<Failure> {
        let left = match self.restore(observer).await {
            Ok(objects) if objects.is_empty() => Left::Untouched,
            Ok(objects) => {
                self.tell(observer, Event::Undone { objects: objects.clone() });
                Left::Undone(objects)
            }
            Err(what) => self.needs_person(what, observer).await,
        };
        self.close().await;
        self.journal_end(&left).await;
        Failure::boxed(error, left)
    }

    /// As [`Site::take_back`], when the device cannot be had any more.
    pub(super) async fn give_up(&mut self, error: MintError, what: Remains) -> Box<Failure> {
        let left = Left::NeedsPerson { what, mend: self.mending() };
        self.journal_end(&left).await;
        Failure::boxed(error, left)
    }

    /// Writes down how it ended. The failure is what the person has to hear of, so a journal that fails too is passed over:
    /// the next run finds this one unfinished and looks at the device.
    async fn journal_end(&mut self, left: &Left) {
        let state = match left {
            Left::Untouched | Left::Undone(_) if self.key_is_out => return,
            Left::Untouched | Left::Undone(_) => State::TakenBack,
            Left::Minted
            | Left::Elsewhere
            | Left::Escrowed(_)
            | Left::OldStays { .. }
            | Left::Overtaken
            | Left::Unsaved => return,
            Left::NeedsPerson { what, .. } => State::Left { what: what.word().to_owned() },
        };
        let is_void = state == State::TakenBack;
        let _ = self.journal.enter(state).await;
        if is_void {
            self.forget_void();
        }
    }

    /// The objects that were taken back. What fails is tried once more, in a new session where this one is lost or out of
    /// step: what is taken back already is seen then and not sent again.
    async fn restore(&mut self, observer: &mut (dyn Observer + Send)) -> Result<Vec<String>, Remains> {
        if self.sent.is_empty() && self.sent_before.is_empty() && !self.key_lost {
            return Ok(Vec::new());
        }
        let mut objects = Vec::new();
        let mut result = self.restore_once(&mut objects, observer).await;
        if matches!(result, Err(Remains::NotTakenBack(_))) {
            if result.as_ref().is_err_and(is_worth_a_new_login) {
                self.close().await;
            }
            result = self.restore_once(&mut objects, observer).await;
        }
        result.map(|()| objects)
    }

    async fn restore_once(
        &mut self,
        objects: &mut Vec<String>,
        observer: &mut (dyn Observer + Send),
    ) -> Result<(), Remains> {
        self.stand_up(observer).await?;
        // A session sees what its open transaction holds, and nothing of that is the device's.
        self.drop_transaction(observer).await;
        if !self.is_alive() {
            self.stand_up(observer).await?;
        }
        // Questions may come where they did not come before, and nobody is in a hurry any more.
        self.be_careful();
        let failed = |error| Remains::NotTakenBack(Box::new(error));
        self.read(observer).await.map_err(failed)?;
        let edits = self.way_back();
        if edits.is_empty() {
            return self.key_remains();
        }
        objects.extend(edits.iter().map(object).filter(|object| !objects.contains(object)).collect::<Vec<_>>());
        let script = self.templates.edits(self.plan.vdoms, &edits).map_err(|error| failed(error.into()))?;
        self.run_through(&script, observer).await.map_err(|fault| failed(fault.into()))?;
        self.read(observer).await.map_err(failed)?;
        let differs = self.way_back();
        if !differs.is_empty() {
            return Err(Remains::Differs(differs.iter().map(object).collect()));
        }
        self.key_remains()
    }

    /// What takes the device from what it has now to what it had, as far as this run sent something: what others did
    /// meanwhile is theirs.
    fn way_back(&self) -> Vec<Edit> {
        let sent: Vec<String> = self.sent.iter().map(object).chain(self.sent_before.iter().cloned()).collect();
        let edits = edit::back(&self.before, &self.now, self.plan.version);
        edits.into_iter().filter(|edit| sent.contains(&object(edit))).collect()
    }

    /// The objects are as they were; what became of the key of an API user that was there before is another matter.
    fn key_remains(&self) -> Result<(), Remains> {
        let Some(before) = &self.before.user else { return Ok(()) };
        let has_key = self.now.user.as_ref().is_some_and(|user| user.has_key);
        let user = before.name.clone();
        match (before.has_key, has_key) {
            (true, true) if self.key_lost => Err(Remains::KeyVoid { user }),
            (true, false) => Err(Remains::KeyVoid { user }),
            (false, true) if self.key_lost => Err(Remains::KeyUnknown { user }),
            _ => Ok(()),
        }
    }

    async fn needs_person(&mut self, what: Remains, observer: &mut (dyn Observer + Send)) -> Left {
        // What went through before the fault need not be done again by hand.
        if self.is_alive() && self.stand_up(observer).await.is_ok() && self.read(observer).await.is_err() {
            self.now = self.plan.wanted.clone();
        }
        let mend = match what {
            Remains::KeyVoid { .. } | Remains::KeyUnknown { .. } => None,
            Remains::NotTakenBack(_) | Remains::Differs(_) if self.is_alive() => self.script(&self.way_back()),
            _ => self.mending(),
        };
        Left::NeedsPerson { what, mend }
    }

    /// The CLI that takes back all that this run may have made.
    fn mending(&self) -> Option<Script> {
        self.script(&edit::back(&self.before, &self.plan.wanted, self.plan.version))
    }

    fn script(&self, edits: &[Edit]) -> Option<Script> {
        let script = self.templates.edits(self.plan.vdoms, edits).ok();
        script.filter(|script| !script.is_empty())
    }
}

/// Whether taking back failed in a way that a new session may not: a drop, a silence, an answer out of step; not a refusal.
fn is_worth_a_new_login(what: &Remains) -> bool {
    let Remains::NotTakenBack(error) = what else { return false };
    match error.as_ref() {
        MintError::Fault(fault) => !matches!(fault.kind, FaultKind::Refused(_)),
        MintError::Survey(_) => true,
        _ => false,
    }
}

/// `TABLE NAME`.
pub(super) fn object(edit: &Edit) -> String {
    match edit {
        Edit::Profile(edit) => format!("system accprofile {}", edit.name),
        Edit::User(edit) => format!("system api-user {}", edit.name),
        Edit::DeleteProfile(name) => format!("system accprofile {name}"),
        Edit::DeleteUser(name) => format!("system api-user {name}"),
    }
}
