//! Plans that were saved: done as they are, on a device that is as it was, or not at all.

use super::{Consent, Edit, Plan, PlanError, ProfileEdit, UserEdit, check_device, check_shared, has_to_save};
use crate::fortios::difference::Difference;
use crate::fortios::facts::Facts;
use crate::fortios::objects::Objects;
use crate::fortios::request::Warning;
use crate::fortios::saved_plan::SavedPlan;

impl Plan {
    /// What `saved` says, on the device that `facts` describe.
    ///
    /// An object that is as the plan wants it already, as one that this run has made a moment ago, is no reason to refuse.
    ///
    /// # Errors
    /// A device that is not as it was when the plan was made, and what a mint of a request is refused for.
    pub fn saved(saved: &SavedPlan, facts: &Facts, consent: Consent) -> Result<Plan, PlanError> {
        let changes = changes(saved, facts);
        if !changes.is_empty() {
            return Err(PlanError::Stale { changes });
        }
        check_device(facts, consent)?;
        let has_key = facts.objects.user.as_ref().is_some_and(|user| user.has_key);
        if has_key && !consent.replace_key {
            return Err(PlanError::HasKey { user: saved.api_user.clone() });
        }
        let (profile, user) = (&saved.wanted.profile, &saved.wanted.user);
        let profile = profile.as_ref();
        let profile_edit =
            profile.and_then(|wanted| ProfileEdit::between(facts.objects.profile.as_ref(), wanted, facts.version));
        check_shared(profile_edit.as_ref(), facts, consent)?;
        let user_edit = user.as_ref().and_then(|wanted| UserEdit::between(facts.objects.user.as_ref(), wanted));
        let edits = profile_edit.map(Edit::Profile).into_iter().chain(user_edit.map(Edit::User)).collect();
        let newer = facts.version.is_newer_than_known().then_some(Warning::NewerThanKnown(facts.version));
        Ok(Plan {
            version: facts.version,
            vdoms: facts.vdom_mode.has_vdoms(),
            edits,
            wanted: saved.wanted.clone(),
            key: saved.key(),
            replaces_key: has_key,
            save: has_to_save(facts),
            assumed_vdom: None,
            warnings: newer.into_iter().chain(saved.weaknesses().into_iter().map(Warning::Weak)).collect(),
        })
    }
}

/// What is not as it was, in words.
fn changes(saved: &SavedPlan, facts: &Facts) -> Vec<String> {
    let mut changes = saved.strangeness(facts.version, facts.vdom_mode);
    let mut now = facts.objects.clone();
    let is_profile = |profile| saved.wanted.profile.as_ref().is_some_and(|wanted| fulfils(profile, wanted, facts));
    if now.profile.as_ref().is_some_and(is_profile) {
        now.profile.clone_from(&saved.before.profile);
    }
    let is_user = now.user.as_ref().zip(saved.wanted.user.as_ref()).is_some_and(|(now, wanted)| now.fulfils(wanted));
    if is_user {
        now.user.clone_from(&saved.before.user);
    }
    let differences = Difference::between(&saved.before, &now, facts.version);
    changes.extend(differences.iter().map(ToString::to_string));
    changes.extend(key_change(&saved.before, &facts.objects));
    changes
}

fn fulfils(
    profile: &crate::fortios::objects::Profile,
    wanted: &crate::fortios::objects::Profile,
    facts: &Facts,
) -> bool {
    profile.fulfils(wanted, facts.version)
}

/// A key that somebody has made since is somebody's.
fn key_change(before: &Objects, now: &Objects) -> Option<String> {
    let has = |objects: &Objects| objects.user.as_ref().is_some_and(|user| user.has_key);
    let user = now.user.as_ref()?;
    (!has(before) && user.has_key).then(|| format!("system api-user {}: it has a key now", user.name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fortios::request::{Request, RequestFlags};
    use crate::fortios::saved_plan::SavedPlanError;
    use crate::fortios::status::{HaRole, Status, VdomMode};
    use crate::fortios::version::Version;

    fn facts() -> Facts {
        Facts::assumed(Version::new(7, 4, 8), VdomMode::Disable)
    }

    fn status() -> Status {
        let printed = "Version: FortiGate-100F v7.4.8,build2795,250523 (GA.M)\nSerial-Number: FG100FTK00000000\n\
                       Hostname: fw1\nVirtual domain configuration: disable\nCurrent HA mode: standalone\n";
        Status::parse(&printed.lines().map(str::to_owned).collect::<Vec<_>>()).unwrap()
    }

    fn request() -> Request {
        let flags = RequestFlags {
            api_user: Some("tf".into()),
            grants: vec!["sysgrp=read".into()],
            trusted_hosts: vec!["10.0.0.1".into()],
            ..RequestFlags::default()
        };
        Request::from_parts(None, flags).unwrap()
    }

    fn saved(facts: &Facts) -> SavedPlan {
        let plan = Plan::mint(&request(), facts, Consent::default()).unwrap();
        let written = SavedPlan::new(&plan, &status(), "tf", &facts.objects).to_json();
        SavedPlan::parse(&written).unwrap()
    }

    fn apply(saved: &SavedPlan, facts: &Facts) -> Result<Plan, PlanError> {
        Plan::saved(saved, facts, Consent::default())
    }

    #[test]
    fn on_the_same_device_a_saved_plan_is_the_plan() {
        let plan = apply(&saved(&facts()), &facts()).unwrap();
        assert_eq!(plan, Plan::mint(&request(), &facts(), Consent::default()).unwrap());
    }

    #[test]
    fn what_this_run_has_made_itself_is_no_change_of_somebody_else() {
        let saved = saved(&facts());
        let made = Facts { objects: saved.wanted.clone(), ..facts() };
        assert_eq!(apply(&saved, &made).unwrap().edits, []);
        let half = Facts { objects: Objects { user: None, ..saved.wanted.clone() }, ..facts() };
        assert_eq!(apply(&saved, &half).unwrap().edits.len(), 1);
    }

    #[test]
    fn what_is_another_since_is_named() {
        let saved = saved(&facts());
        let refused = |facts: &Facts| apply(&saved, facts).unwrap_err().to_string();
        let mut changed = Facts { objects: saved.wanted.clone(), ..facts() };
        changed.objects.user.as_mut().unwrap().trusted_hosts.insert(9, "10.9.0.0/16".parse().unwrap());
        assert!(refused(&changed).contains("system api-user tf: trusthost 10.9.0.0/16"), "{}", refused(&changed));
        changed.objects = saved.wanted.clone();
        changed.objects.user.as_mut().unwrap().has_key = true;
        assert!(refused(&changed).ends_with("system api-user tf: it has a key now"), "{}", refused(&changed));
        let newer = Facts { version: Version::new(7, 6, 2), ..facts() };
        assert!(refused(&newer).ends_with("FortiOS 7.4.8 -> 7.6.2"), "{}", refused(&newer));
        let vdoms = Facts { vdom_mode: VdomMode::Multiple, ..facts() };
        assert!(refused(&vdoms).contains("VDOM mode"), "{}", refused(&vdoms));
    }

    #[test]
    fn the_checks_of_a_mint_are_made() {
        let saved = saved(&facts());
        let secondary = Facts { ha_role: HaRole::Secondary, ..facts() };
        assert_eq!(apply(&saved, &secondary), Err(PlanError::HaSecondary));
    }

    #[test]
    fn a_file_that_is_no_plan_of_this_form_is_refused() {
        let written = saved(&facts()).to_json();
        for (text, says) in [
            ("{}".to_owned(), "not a plan"),
            (written.replace("\"fgtkey_plan\": 1", "\"fgtkey_plan\": 2"), "form 2"),
            (written.replace("\"api_user\": \"tf\"", "\"api_user\": \"a b?\""), "no API user"),
            (written.replace("\"serial\"", "\"cereal\""), "cereal"),
        ] {
            let error = SavedPlan::parse(&text).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }

    /// The written plan with one thing in it changed.
    fn altered(change: impl FnOnce(&mut serde_json::Value)) -> Result<SavedPlan, SavedPlanError> {
        let mut plan: serde_json::Value = serde_json::from_str(&saved(&facts()).to_json()).unwrap();
        change(&mut plan);
        SavedPlan::parse(&plan.to_string())
    }

    #[test]
    fn what_was_altered_so_that_it_no_longer_hangs_together_is_refused() {
        let user = |settings: serde_json::Value| altered(|plan| plan["wanted"]["user"]["settings"] = settings);
        for (altered, says) in [
            (user(json!({"accprofile": ["super_admin"]})), "its API user has another profile than tf"),
            (altered(|plan| plan["wanted"]["profile"]["name"] = "ops".into()), "its profile is another one than tf"),
            (user(json!({"accprofile": ["tf"], "api-key": ["x"]})), "\"api-key\" is no parameter"),
            (user(json!({"accprofile": ["tf"], "comments x\nend": ["y"]})), "is no parameter"),
            (user(json!({"accprofile": ["tf"], "comments": ["x\nend"]})), "'\\n' cannot be typed"),
            (user(json!({"accprofile": ["tf"], "comments": ["why?"]})), "'?' cannot be typed"),
        ] {
            let error = altered.unwrap_err();
            assert!(error.to_string().contains(says), "{error}");
            assert!(error.hint().is_some());
        }
    }

    #[test]
    fn what_was_altered_to_be_weak_is_told_as_it_is_of_a_request() {
        saved(&facts()).check_weak().unwrap();
        let hosts = |hosts: serde_json::Value| altered(|plan| plan["wanted"]["user"]["trusted_hosts"] = hosts);
        let origin = json!({"accprofile": ["tf"], "cors-allow-origin": ["*"]});
        for (altered, says) in [
            (hosts(json!([])), "no trusted host"),
            (hosts(json!([[1, "0.0.0.0/0"]])), "all of 0.0.0.0/0"),
            (hosts(json!([[1, "::/1"], [2, "8000::/1"]])), "all of ::/0"),
            (altered(|plan| plan["wanted"]["user"]["settings"] = origin), "CORS"),
        ] {
            let error = altered.unwrap().check_weak().unwrap_err();
            assert!(error.to_string().contains(says), "{error}");
        }
    }
}
