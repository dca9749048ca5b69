//! Plans that replace a key: on the idle one of two API users, or where it is.

use super::{Consent, Edit, Plan, PlanError, UserEdit, check_device};
use crate::fortios::expires::Expires;
use crate::fortios::facts::Facts;
use crate::fortios::names::ApiUser;
use crate::fortios::objects::{Profile, User};
use crate::fortios::request::{ProfileRequest, Request};
use crate::fortios::request_error::{RequestError, ValueError};
use crate::fortios::rotation::Rotation;
use crate::fortios::script;

impl Plan {
    /// A new key on the idle API user, which is made the same as the one in use: the same profile, VDOMs, schedule, and
    /// trusted hosts in the same rows, and nothing that the one in use does not have. The profile is left alone.
    ///
    /// Where the idle one was read into `facts` again, that is how it is now.
    ///
    /// # Errors
    /// A key that the idle one has got since the rotation was decided, a device that makes no keys or does not keep changes, a name or an expiry that its version does not take, a setting
    /// that cannot be typed.
    pub fn rotate(
        facts: &Facts,
        rotation: &Rotation,
        expires: Option<Expires>,
        consent: Consent,
    ) -> Result<Plan, PlanError> {
        rotation.idle.check(facts.version).map_err(of_value)?;
        check_key(facts, expires, consent)?;
        let idle_now = idle_now(facts, rotation)?;
        let idle = User {
            name: rotation.idle.to_string(),
            has_key: idle_now.is_some_and(|user| user.has_key),
            ..rotation.in_use.clone()
        };
        let edit = UserEdit::between(idle_now, &idle);
        check_typeable(edit.as_ref(), &rotation.in_use.name)?;
        Ok(Plan { edits: edit.map(Edit::User).into_iter().collect(), ..Plan::of_key(facts, idle, expires) })
    }

    /// A new key for `user`, whose consumers are cut off by it at once.
    ///
    /// # Errors
    /// A device that makes no keys or does not keep changes, an expiry that its version does not take.
    pub fn in_place(facts: &Facts, user: &User, expires: Option<Expires>, consent: Consent) -> Result<Plan, PlanError> {
        check_key(facts, expires, consent)?;
        Ok(Plan::of_key(facts, user.clone(), expires))
    }

    /// What [`Plan::rotate`] would do where nobody can look: `idle` is made as `request` has its user, and its profile is
    /// taken for what it is.
    ///
    /// # Errors
    /// As for [`Plan::mint`].
    pub fn rotate_unseen(request: &Request, idle: &ApiUser, facts: &Facts) -> Result<Plan, PlanError> {
        let profile = request.profile.name().clone();
        let mut facts = facts.clone();
        facts.objects.profile = Some(Profile { name: profile.to_string(), ..Profile::default() });
        let mut request = request.clone();
        request.api_user.name = idle.clone();
        request.profile = ProfileRequest::Existing(profile);
        Plan::mint(&request, &facts, Consent::default())
    }
}

/// The idle user as it was read last. A key that was not there before is somebody's.
fn idle_now<'a>(facts: &'a Facts, rotation: &'a Rotation) -> Result<Option<&'a User>, PlanError> {
    let had_key = rotation.idle_now.as_ref().is_some_and(|user| user.has_key);
    match facts.objects.user.as_ref().filter(|user| user.name == rotation.idle.as_str()) {
        Some(user) if user.has_key && !had_key => Err(PlanError::HasKey { user: user.name.clone() }),
        Some(user) => Ok(Some(user)),
        None => Ok(rotation.idle_now.as_ref()),
    }
}

fn check_key(facts: &Facts, expires: Option<Expires>, consent: Consent) -> Result<(), PlanError> {
    if let Some(expires) = expires {
        expires.check(facts.version).map_err(of_value)?;
    }
    check_device(facts, consent)
}

fn of_value(error: impl Into<ValueError>) -> PlanError {
    RequestError::from(error.into()).into()
}

/// What somebody else gave the user in use, over the GUI or REST, may be what no shell takes.
fn check_typeable(edit: Option<&UserEdit>, user: &str) -> Result<(), PlanError> {
    for line in edit.into_iter().flat_map(|edit| &edit.set) {
        if let Some(character) = line.values.iter().find_map(|value| script::untypeable(value)) {
            return Err(PlanError::Untypeable { user: user.to_owned(), setting: line.name.clone(), character });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fortios::request::RequestFlags;
    use crate::fortios::rotation::{Pair, Remembered, Users};
    use crate::fortios::show;
    use crate::fortios::status::{HaRole, VdomMode};
    use crate::fortios::version::Version;

    fn user(text: &str) -> User {
        let blocks = show::parse(format!("config system api-user\n{text}\nnext\nend").lines()).unwrap();
        User::from_show(&blocks[0].entries[0])
    }

    fn in_use() -> User {
        user(
            "edit tf\nset accprofile p\nset comments ours\nset vdom root edge\nset api-key ENC SH2x\nconfig trusthost\nedit 2\n\
             set ipv4-trusthost 10.0.0.0 255.0.0.0\nnext\nedit 5\nset type ipv6-trusthost\nset ipv6-trusthost 2001:db8::/64\n\
             next\nend",
        )
    }

    fn rotation(users: impl IntoIterator<Item = User>) -> Rotation {
        let pair = Pair::of(&"tf".parse().unwrap()).unwrap();
        Rotation::next(&pair, &Users::of(users), &Remembered::default(), None).unwrap()
    }

    fn facts() -> Facts {
        Facts::assumed(Version::new(7, 4, 8), VdomMode::Multiple)
    }

    fn rotate(rotation: &Rotation) -> Result<Plan, PlanError> {
        Plan::rotate(&facts(), rotation, None, Consent::default())
    }

    #[test]
    fn an_idle_user_that_is_not_there_is_made_as_the_one_in_use_in_the_same_rows() {
        let plan = rotate(&rotation([in_use()])).unwrap();
        let [Edit::User(edit)] = plan.edits.as_slice() else { panic!("{:?}", plan.edits) };
        assert!(edit.create && edit.name == "tf-b" && plan.key.user == "tf-b" && !plan.replaces_key);
        assert_eq!(edit.hosts.iter().map(|row| row.id).collect::<Vec<_>>(), [2, 5]);
        let made = plan.wanted.user.unwrap();
        assert_eq!(made, User { name: "tf-b".into(), has_key: false, ..in_use() });
    }

    #[test]
    fn what_an_aborted_run_left_is_made_equal_and_loses_what_the_one_in_use_does_not_have() {
        let left = user(
            "edit tf-b\nset accprofile q\nset cors-allow-origin x\nset vdom root edge\nset comments ours\nconfig trusthost\nedit 1\n\
             set ipv4-trusthost 0.0.0.0 0.0.0.0\nnext\nend",
        );
        let plan = rotate(&rotation([in_use(), left])).unwrap();
        let [Edit::User(edit)] = plan.edits.as_slice() else { panic!("{:?}", plan.edits) };
        assert_eq!(edit.unset, ["cors-allow-origin"]);
        assert_eq!(edit.set.iter().map(|line| line.name.as_str()).collect::<Vec<_>>(), ["accprofile"]);
        assert_eq!(edit.delete_hosts, [1]);
        assert!(!edit.create && plan.wanted.profile.is_none());
    }

    #[test]
    fn an_idle_user_that_is_the_same_already_only_gets_its_key() {
        let same = User { name: "tf-b".into(), has_key: false, ..in_use() };
        assert_eq!(rotate(&rotation([in_use(), same])).unwrap().edits, []);
    }

    #[test]
    fn an_idle_user_that_was_read_again_is_taken_as_it_is_now_and_its_new_key_is_left_alone() {
        let rotation = rotation([in_use()]);
        let again = |has_key| {
            let mut facts = facts();
            facts.objects.user = Some(User { name: "tf-b".into(), has_key, ..in_use() });
            Plan::rotate(&facts, &rotation, None, Consent::default())
        };
        assert_eq!(again(false).unwrap().edits, []);
        assert_eq!(again(true), Err(PlanError::HasKey { user: "tf-b".into() }));
    }

    #[test]
    fn in_place_only_the_key_is_made_and_it_is_said_to_replace_one() {
        let plan = Plan::in_place(&facts(), &in_use(), None, Consent::default()).unwrap();
        assert!(plan.edits.is_empty() && plan.replaces_key && plan.key.user == "tf" && plan.vdoms);
    }

    #[test]
    fn the_checks_of_a_mint_are_made() {
        let rotation = rotation([in_use()]);
        let on = |facts: &Facts, expires| Plan::rotate(facts, &rotation, expires, Consent::default()).unwrap_err();
        assert_eq!(on(&Facts { fips: true, ..facts() }, None), PlanError::Fips);
        assert_eq!(on(&Facts { ha_role: HaRole::Secondary, ..facts() }, None), PlanError::HaSecondary);
        let error = on(&facts(), Some("7d".parse().unwrap())).to_string();
        assert_eq!(error, "FortiOS 7.4.8 gives keys no expiry (it came with 7.6.3)");
    }

    #[test]
    fn what_cannot_be_typed_is_named_before_anything_is_sent() {
        let mut asked = in_use();
        asked.settings.insert("comments".into(), vec!["why?".into()]);
        let error = rotate(&rotation([asked])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the comments of the API user tf has '?' in it, which cannot be typed for another one"
        );
    }

    #[test]
    fn unseen_the_request_makes_the_idle_user_and_nothing_of_the_profile() {
        let flags = RequestFlags {
            api_user: Some("tf".into()),
            grants: vec!["sysgrp=read".into()],
            trusted_hosts: vec!["10.0.0.1".into()],
            ..RequestFlags::default()
        };
        let request = Request::from_parts(None, flags).unwrap();
        let plan = Plan::rotate_unseen(&request, &"tf-b".parse().unwrap(), &facts()).unwrap();
        let [Edit::User(edit)] = plan.edits.as_slice() else { panic!("{:?}", plan.edits) };
        assert_eq!((edit.name.as_str(), edit.set[0].values[0].as_str()), ("tf-b", "tf"));
    }
}
