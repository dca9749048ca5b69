//! Plans that change from where an API user's key may be used, and nothing else.

use super::{Consent, Edit, Plan, PlanError, UserEdit, check_lasting};
use crate::fortios::facts::Facts;
use crate::fortios::objects::User;

impl Plan {
    /// `wanted` is the API user in `facts` with other trusted hosts; its key stays.
    ///
    /// # Errors
    /// On a device that does not keep changes.
    pub fn access(facts: &Facts, wanted: &User, consent: Consent) -> Result<Plan, PlanError> {
        check_lasting(facts, consent)?;
        let edit = UserEdit::between(facts.objects.user.as_ref(), wanted);
        let edits = edit.map(Edit::User).into_iter().collect();
        Ok(Plan { edits, replaces_key: false, ..Plan::of_key(facts, wanted.clone(), None) })
    }
}
