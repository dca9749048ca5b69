//! An access that is lent: it goes when its user is done, and in the next run when this one dies.

use crate::deliver::Escrowed;
use crate::deliver::escrow::wipe;
use crate::fortios::plan::Consent;
use crate::fortios::render::Templates;
use crate::fortios::retirement::{Claim, Retirement};
use crate::journal::{Lent, Run, State};

use super::console::Line;
use super::event::{Event, Observer};
use super::failure::{Failure, Left, Remains};
use super::revoke::{Revoke, Revoked};

/// An access that has to go.
pub(super) struct Loan<'a> {
    pub(super) line: &'a Line,
    pub(super) templates: &'a Templates,
    pub(super) consent: Consent,
    /// The API user.
    pub(super) api_user: &'a str,
    pub(super) lent: &'a Lent,
}

impl Loan<'_> {
    /// Takes the access away, whatever the operator does meanwhile: what was made for it goes, and of an API user that was
    /// there before the key is voided.
    ///
    /// # Errors
    /// What is still there, and the CLI that takes it away.
    pub(super) async fn end(
        &self,
        journal: &mut Run,
        observer: &mut (dyn Observer + Send),
    ) -> Result<Revoked, Box<Failure>> {
        // A journal that fails now must not keep the access alive.
        let _ = journal.enter(State::Retiring { api_user: self.api_user.to_owned() }).await;
        let line = self.line.uninterrupted();
        let revoke = Revoke {
            line: &line,
            templates: self.templates,
            api_user: self.api_user.to_owned(),
            profile: self.lent.profile.clone(),
            claim: self.claim(),
            consent: self.consent,
        };
        let revoked = revoke.run(observer).await.map_err(|failure| self.still_there(*failure))?;
        let _ = journal.enter(State::Retired { api_user: self.api_user.to_owned() }).await;
        let _ = journal.enter(State::Done).await;
        self.tell(&revoked, observer);
        Ok(revoked)
    }

    /// The end of an access whose key did not come as far as to its user. The failure is told with what became of it.
    pub(super) async fn end_after(
        &self,
        failure: Failure,
        journal: &mut Run,
        observer: &mut (dyn Observer + Send),
    ) -> Box<Failure> {
        let Failure { error, .. } = failure;
        let left = match self.end(journal, observer).await {
            Ok(_) => Left::Undone(vec![format!("system api-user {}", self.api_user)]),
            Err(failure) => failure.left,
        };
        Failure::boxed(error, left)
    }

    fn claim(&self) -> Claim {
        Claim { user: self.lent.made_user, owned: self.lent.made_profile, keep: false }
    }

    fn tell(&self, revoked: &Revoked, observer: &mut (dyn Observer + Send)) {
        let event = Event::Revoked {
            api_user: self.api_user.to_owned(),
            removed: self.lent.made_user,
            profile: revoked.profile.then(|| self.lent.profile.clone()),
        };
        observer.on(&self.line.endpoint.name, event);
    }

    /// That nothing was changed is no comfort here: the key works.
    fn still_there(&self, failure: Failure) -> Box<Failure> {
        let Failure { error, left } = failure;
        let left = match left {
            Left::NeedsPerson { what, mend: Some(mend) } => Left::NeedsPerson { what, mend: Some(mend) },
            _ => {
                let what = Remains::NotRevoked { user: self.api_user.to_owned() };
                Left::NeedsPerson { what, mend: self.templates.dry_retirement(&self.unseen()).ok() }
            }
        };
        Failure::boxed(error, left)
    }

    /// What has to go, where nobody could look.
    fn unseen(&self) -> Retirement {
        let user = self.api_user.to_owned();
        Retirement {
            vdoms: self.lent.vdoms,
            void_key: Some(user.clone()),
            delete_user: Some(user).filter(|_| self.lent.made_user),
            delete_profile: Some(self.lent.profile.clone()).filter(|_| self.lent.made_profile),
            profile_stays: None,
            save: self.consent.save,
        }
    }
}

/// Whether a failure left a key that works. One that is in the escrow is no longer needed there.
pub(super) fn leaves_key(left: &Left) -> bool {
    if let Left::Escrowed(Escrowed::At(path)) = left {
        wipe(path);
    }
    matches!(left, Left::Minted | Left::Escrowed(_) | Left::Unsaved)
}
