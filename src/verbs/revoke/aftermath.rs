//! What a revocation that failed has left: the device is looked at again, and what it shows is what is told.

use crate::fortios::retirement::Retirement;

use super::{Lesson, Revoke, Revoked, log_in};
use crate::verbs::event::Observer;
use crate::verbs::failure::{Failure, KeyFate, Left, MintError, Remains};
use crate::verbs::survey::{self, Surveyed};

impl Revoke<'_> {
    /// How it ends after `error`. Nothing is sent but reads; that all is gone in spite of it is no failure.
    ///
    /// # Errors
    /// `error`, with what is left.
    pub(super) async fn aftermath(
        &self,
        lesson: &Lesson,
        error: MintError,
        observer: &mut (dyn Observer + Send),
    ) -> Result<Revoked, Box<Failure>> {
        let Some(begun) = &lesson.begun else { return Err(Failure::boxed(error, Left::Untouched)) };
        let Ok(rest) = self.rest(lesson, observer).await else {
            let what = Remains::NotGone { user: self.api_user.clone() };
            return Err(self.needs_person(error, what, begun));
        };
        let rest = rest.left_of(begun, lesson.voided);
        match (rest.is_done(), begun.save) {
            (true, false) => Ok(Revoked::by(begun)),
            (true, true) => Err(self.needs_person(error, Remains::NotSaved, &rest)),
            (false, _) if rest == *begun && !lesson.may_be_void => Err(Failure::boxed(error, Left::Untouched)),
            (false, _) => Err(self.needs_person(error, self.part(lesson, begun, &rest), &rest)),
        }
    }

    fn part(&self, lesson: &Lesson, begun: &Retirement, rest: &Retirement) -> Remains {
        let (all, there) = (begun.objects(), rest.objects());
        let gone = all.into_iter().filter(|object| !there.contains(object)).collect();
        let is_there = rest.delete_user.is_some() || rest.void_key.is_some();
        let key = match (lesson.voided, lesson.may_be_void) {
            (true, _) => Some(KeyFate::Void),
            (false, true) => Some(KeyFate::MaybeVoid),
            (false, false) => None,
        };
        Remains::Part { gone, there, key: key.filter(|_| is_there) }
    }

    /// What would still have to go.
    async fn rest(&self, lesson: &Lesson, observer: &mut (dyn Observer + Send)) -> Result<Retirement, MintError> {
        let line = self.line.uninterrupted();
        let mut console = log_in(&line, lesson, observer).await?;
        let surveyed = survey::survey(&mut console, &line, self.templates, self.names(), observer).await;
        console.close().await;
        let Surveyed { facts, .. } = surveyed?;
        Ok(Retirement::of_objects(&facts, self.claim, self.consent)?)
    }

    fn needs_person(&self, error: MintError, what: Remains, rest: &Retirement) -> Box<Failure> {
        let mend = self.templates.dry_retirement(rest).ok();
        Failure::boxed(error, Left::NeedsPerson { what, mend })
    }
}
