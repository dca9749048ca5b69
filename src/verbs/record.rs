//! What a run on a device came to, for the record.

use crate::deliver::{Action, Change, Record};
use crate::fortios::edit::Edit;

use super::event::{Event, Observer};
use super::site::Site;

impl Site<'_> {
    /// The record of the key that is about to be generated.
    pub(super) fn record(&self) -> Record {
        let status = &self.surveyed.status;
        let user = self.plan.wanted.user.as_ref();
        let mut record = Record::new(self.line.endpoint.name.clone());
        record.address = Some(self.line.address());
        record.hostname = Some(status.hostname.clone());
        record.serial = Some(status.serial.clone());
        record.model = Some(status.model.clone());
        record.fortios = Some(status.version.to_string());
        record.vdom_mode = Some(status.vdom_mode.word().to_owned());
        record.api_user = Some(self.plan.key.user.clone());
        record.profile = Some(self.names().profile.to_owned());
        record.trusted_hosts =
            user.map(|user| user.hosts().iter().map(ToString::to_string).collect()).unwrap_or_default();
        record.changes = self.changes();
        record.transaction = self.pushed_in_transaction;
        record
    }

    /// Tells what became of both objects.
    pub(super) fn tell_objects(&self, observer: &mut (dyn Observer + Send)) {
        if let Some(profile) = &self.plan.wanted.profile {
            let permissions = profile.permissions.clone();
            let event = Event::Profile { name: profile.name.clone(), action: self.profile_action(), permissions };
            self.tell(observer, event);
        }
        if let Some(user) = &self.plan.wanted.user {
            let event = Event::ApiUser {
                name: user.name.clone(),
                action: self.user_action(),
                trusted_hosts: user.hosts().iter().map(ToString::to_string).collect(),
                vdoms: user.settings.get("vdom").cloned().unwrap_or_default(),
            };
            self.tell(observer, event);
        }
    }

    fn changes(&self) -> Vec<Change> {
        let names = self.names();
        let change = |object: &str, name: &str, action| Change { object: object.into(), name: name.into(), action };
        let profile = self.plan.wanted.profile.as_ref();
        let profile = profile.map(|_| change("system accprofile", names.profile, self.profile_action()));
        profile.into_iter().chain([change("system api-user", names.user, self.user_action())]).collect()
    }

    fn profile_action(&self) -> Action {
        self.action(|edit| matches!(edit, Edit::Profile(_)), self.before.profile.is_some())
    }

    fn user_action(&self) -> Action {
        self.action(|edit| matches!(edit, Edit::User(_)), self.before.user.is_some())
    }

    fn action(&self, is_it: impl Fn(&Edit) -> bool, existed: bool) -> Action {
        match (existed, self.sent.iter().any(is_it)) {
            (false, _) => Action::Created,
            (true, true) => Action::Changed,
            (true, false) => Action::Unchanged,
        }
    }
}
