//! The decision: what has to be done on a device so that it has what was requested, or why it must not be done.

mod access;
mod rotate;
mod saved;

use super::admin_session::AdminSession;
use super::edit::{Edit, ProfileEdit, UserEdit};
use super::expires::Expires;
use super::facts::Facts;
use super::objects::{Objects, User};
use super::request::{Request, Warning};
use super::request_error::RequestError;
use super::status::{CfgSave, HaRole};
use super::version::Version;
use super::wanted::{wanted_profile, wanted_user};

/// What the operator allows beyond the request itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Consent {
    /// `--replace-key`: the API user's key may be replaced, its consumers cut off.
    pub replace_key: bool,
    /// `--change-shared-profile`: a profile that others use may be altered.
    pub change_shared_profile: bool,
    /// `--save`: `execute cfg save` may persist everybody's pending changes.
    pub save: bool,
}

/// What has to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The release it is for.
    pub version: Version,
    /// Whether global tables stand under `config global`.
    pub vdoms: bool,
    /// The objects to make or alter, in this order. Empty: they are right already.
    pub edits: Vec<Edit>,
    /// What the objects must be afterwards. A profile that is used as it is is not among them.
    pub wanted: Objects,
    /// The key to generate.
    pub key: KeyOrder,
    /// Whether a key that exists becomes void.
    pub replaces_key: bool,
    /// Whether `execute cfg save` has to follow.
    pub save: bool,
    /// The VDOM that was assumed, where the request named none on a device with VDOMs.
    pub assumed_vdom: Option<String>,
    /// What the operator should know.
    pub warnings: Vec<Warning>,
}

/// `execute api-user generate-key NAME [MINUTES]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyOrder {
    /// The API user.
    pub user: String,
    /// How long the key lives, in minutes, where the release takes that.
    pub expires: Option<u32>,
}

/// Why nothing must be done on this device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// `auto` without a device to ask.
    #[error("the trusted host `auto` is the address that the device sees, and a dry run asks no device")]
    AutoNeedsDevice,
    /// `auto`, and the own session cannot be told from others.
    #[error("the address that the device sees this session come from cannot be told{}", candidates(.0))]
    AutoUnclear(Vec<AdminSession>),
    /// FIPS-CC mode refuses to make tokens. Source: FortiOS 7.0, ansible-galaxy-fortios-collection 204.
    #[error("the device is in FIPS-CC mode, which generates no API keys")]
    Fips,
    /// A secondary cluster member undoes what is configured on it.
    #[error("this is the secondary member of a cluster: what is configured here is undone by the primary")]
    HaSecondary,
    /// The API user has a key, which a new one would void at once.
    #[error("the API user {user} already has a key, and a new one voids it at once")]
    HasKey {
        /// The API user.
        user: String,
    },
    /// The profile that the request only names is not there.
    #[error("there is no access profile {profile}, and the request does not say what it should permit")]
    NoProfile {
        /// The profile.
        profile: String,
    },
    /// A transaction is required, and the release has none.
    #[error("FortiOS {0} has no configuration transactions (they came with 6.2)")]
    NoTransaction(Version),
    /// The request cannot be had on this version.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The plan was made when the device was another, or had something else.
    #[error("the device is not as it was when the plan was made: {}", .changes.join("; "))]
    Stale {
        /// What is not as it was.
        changes: Vec<String>,
    },
    /// Others use the profile that would be altered.
    #[error("the access profile {profile} would be altered, and it is used by {}", .users.join(", "))]
    SharedProfile {
        /// The profile.
        profile: String,
        /// `admin NAME`, `api-user NAME`.
        users: Vec<String>,
    },
    /// What is copied from one API user to the other has a character that cannot be typed.
    #[error("the {setting} of the API user {user} has {character:?} in it, which cannot be typed for another one")]
    Untypeable {
        /// The API user.
        user: String,
        /// FortiOS's name of the parameter.
        setting: String,
        /// The first such character.
        character: char,
    },
    /// Changes are not written to flash by themselves.
    #[error("cfg-save is {} on this device: a change is lost at the next reboot{}", .0.word(), reverts(*.0))]
    Unsaved(CfgSave),
}

fn reverts(mode: CfgSave) -> &'static str {
    if mode == CfgSave::Revert { " or when the revert time is over" } else { "" }
}

fn candidates(sessions: &[AdminSession]) -> String {
    let address = |session: &AdminSession| session.source.map(|source| source.to_string());
    let addresses: Vec<String> = sessions.iter().filter_map(address).collect();
    if addresses.is_empty() { String::new() } else { format!(": it could be {}", addresses.join(" or ")) }
}

impl PlanError {
    /// What to type next.
    pub fn hint(&self) -> Option<String> {
        match self {
            PlanError::AutoNeedsDevice | PlanError::AutoUnclear(_) => {
                Some("give the address: --trusted-host ADDRESS/LENGTH".into())
            }
            PlanError::Fips => None,
            PlanError::HaSecondary => Some("connect to the cluster's address or to the primary member".into()),
            PlanError::HasKey { .. } => {
                Some("`fgtkey rotate` replaces it without an outage; --replace-key cuts its consumers off now".into())
            }
            PlanError::NoProfile { .. } => {
                Some("--preset NAME or --grant GROUP.CHILD=read makes it; check the spelling otherwise".into())
            }
            PlanError::NoTransaction(_) => Some("leave out --transaction, or say --transaction auto".into()),
            PlanError::Request(error) => error.hint(),
            PlanError::SharedProfile { .. } => {
                Some("name another profile with --profile, or mean it with --change-shared-profile".into())
            }
            PlanError::Stale { .. } => Some("make the plan again with `fgtkey plan --out FILE`, and look at it".into()),
            PlanError::Untypeable { setting, .. } => {
                Some(format!("change its {setting}, or replace the key where it is with --in-place"))
            }
            PlanError::Unsaved(_) => Some(
                "--save runs `execute cfg save` at the end, which saves other administrators' pending changes too"
                    .into(),
            ),
        }
    }
}

impl Plan {
    /// Decides what a mint of `request` has to do on the device that `facts` describe.
    ///
    /// # Errors
    /// Why it must not be done; nothing has been changed then.
    pub fn mint(request: &Request, facts: &Facts, consent: Consent) -> Result<Plan, PlanError> {
        let vdoms = facts.vdom_mode.has_vdoms();
        let warnings = request.check(facts.version, vdoms)?;
        check_device(facts, consent)?;
        let profile = wanted_profile(request, facts)?;
        let (user, assumed_vdom) = wanted_user(request, facts)?;
        if user.has_key && !consent.replace_key {
            return Err(PlanError::HasKey { user: user.name });
        }
        let profile_edit = profile
            .as_ref()
            .and_then(|wanted| ProfileEdit::between(facts.objects.profile.as_ref(), wanted, facts.version));
        check_shared(profile_edit.as_ref(), facts, consent)?;
        let user_edit = UserEdit::between(facts.objects.user.as_ref(), &user);
        let edits = profile_edit.map(Edit::Profile).into_iter().chain(user_edit.map(Edit::User)).collect();
        let plan = Plan::of_key(facts, user, request.api_user.expires);
        Ok(Plan { edits, assumed_vdom, warnings, wanted: Objects { profile, ..plan.wanted }, ..plan })
    }

    /// A key for `user`, who is right as it is.
    fn of_key(facts: &Facts, user: User, expires: Option<Expires>) -> Plan {
        let newer = facts.version.is_newer_than_known().then_some(Warning::NewerThanKnown(facts.version));
        Plan {
            version: facts.version,
            vdoms: facts.vdom_mode.has_vdoms(),
            edits: Vec::new(),
            key: KeyOrder { user: user.name.clone(), expires: expires.map(Expires::minutes) },
            replaces_key: user.has_key,
            wanted: Objects { profile: None, user: Some(user) },
            save: has_to_save(facts),
            assumed_vdom: None,
            warnings: newer.into_iter().collect(),
        }
    }

    /// Whether an existing profile would be altered: then who else uses it has to be read before the plan is final.
    pub fn alters_profile(&self) -> Option<&str> {
        self.edits.iter().find_map(|edit| match edit {
            Edit::Profile(profile) if !profile.create => Some(profile.name.as_str()),
            _ => None,
        })
    }

    /// Whether `shown`, what the device has now, is what was wanted.
    pub fn is_fulfilled_by(&self, shown: &Objects) -> bool {
        let profile = match (&self.wanted.profile, &shown.profile) {
            (Some(wanted), Some(shown)) => shown.fulfils(wanted, self.version),
            (Some(_), None) => false,
            (None, _) => true,
        };
        let user = match (&self.wanted.user, &shown.user) {
            (Some(wanted), Some(shown)) => shown.fulfils(wanted),
            (wanted, _) => wanted.is_none(),
        };
        profile && user
    }
}

/// Whether a key can be generated on the device and stays there.
fn check_device(facts: &Facts, consent: Consent) -> Result<(), PlanError> {
    check_lasting(facts, consent)?;
    if facts.fips { Err(PlanError::Fips) } else { Ok(()) }
}

/// Whether `execute cfg save` has to follow a change.
pub(super) fn has_to_save(facts: &Facts) -> bool {
    facts.cfg_save.is_some_and(|mode| mode != CfgSave::Automatic)
}

/// Whether a change on the device lasts.
pub(super) fn check_lasting(facts: &Facts, consent: Consent) -> Result<(), PlanError> {
    if facts.ha_role == HaRole::Secondary {
        return Err(PlanError::HaSecondary);
    }
    match facts.cfg_save {
        Some(mode @ (CfgSave::Manual | CfgSave::Revert)) if !consent.save => Err(PlanError::Unsaved(mode)),
        _ => Ok(()),
    }
}

fn check_shared(edit: Option<&ProfileEdit>, facts: &Facts, consent: Consent) -> Result<(), PlanError> {
    match edit {
        Some(edit) if !edit.create && !facts.profile_users.is_empty() && !consent.change_shared_profile => {
            Err(PlanError::SharedProfile { profile: edit.name.clone(), users: facts.profile_users.clone() })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::fortios::admin_session::OwnSession;
    use crate::fortios::objects::Profile;
    use crate::fortios::request::RequestFlags;
    use crate::fortios::status::VdomMode;

    fn request(change: impl FnOnce(&mut RequestFlags)) -> Request {
        let mut flags = RequestFlags {
            api_user: Some("tf".into()),
            grants: vec!["fwgrp.address=read".into()],
            trusted_hosts: vec!["10.0.0.1".into(), "2001:db8::/64".into()],
            ..RequestFlags::default()
        };
        change(&mut flags);
        Request::from_parts(None, flags).unwrap()
    }

    fn facts() -> Facts {
        Facts::assumed(Version::new(7, 4, 8), VdomMode::Disable)
    }

    fn mint(request: &Request, facts: &Facts) -> Result<Plan, PlanError> {
        Plan::mint(request, facts, Consent::default())
    }

    #[test]
    fn on_a_device_that_has_nothing_both_objects_are_made() {
        let plan = mint(&request(|_| ()), &facts()).unwrap();
        assert!(matches!(plan.edits.as_slice(), [Edit::Profile(p), Edit::User(u)] if p.create && u.create));
        assert_eq!(plan.assumed_vdom, None);
        assert!(!plan.save && !plan.replaces_key);
    }

    #[test]
    fn what_is_right_already_is_left_alone() {
        let request = request(|_| ());
        let first = mint(&request, &facts()).unwrap();
        let now = Facts { objects: first.wanted.clone(), ..facts() };
        assert!(first.is_fulfilled_by(&now.objects));
        assert_eq!(mint(&request, &now).unwrap().edits, []);
    }

    #[test]
    fn a_group_that_is_custom_with_nothing_in_it_is_right_already_but_taken_back() {
        let before = mint(&request(|_| ()), &facts()).unwrap().wanted;
        let mut now = Facts { objects: before.clone(), ..facts() };
        let groups = &mut now.objects.profile.as_mut().unwrap().permissions.0;
        groups.insert("netgrp".into(), crate::fortios::permissions::Access::Custom(BTreeMap::new()));
        assert_eq!(mint(&request(|_| ()), &now).unwrap().edits, []);
        let back = crate::fortios::edit::back(&before, &now.objects, now.version);
        assert!(matches!(back.as_slice(), [Edit::Profile(edit)] if edit.set[0].values == ["none"]), "{back:?}");
    }

    #[test]
    fn hosts_that_have_a_row_keep_it_and_others_go() {
        let mut now = Facts { objects: mint(&request(|_| ()), &facts()).unwrap().wanted, ..facts() };
        let rows = &mut now.objects.user.as_mut().unwrap().trusted_hosts;
        rows.clear();
        rows.insert(1, "10.9.9.9/32".parse().unwrap());
        rows.insert(5, "10.0.0.1/32".parse().unwrap());
        let plan = mint(&request(|_| ()), &now).unwrap();
        let [Edit::User(edit)] = plan.edits.as_slice() else { panic!("{:?}", plan.edits) };
        assert_eq!(edit.delete_hosts, [1]);
        assert_eq!(edit.hosts.iter().map(|row| row.id).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn a_key_is_not_replaced_unasked() {
        let mut now = Facts { objects: mint(&request(|_| ()), &facts()).unwrap().wanted, ..facts() };
        now.objects.user.as_mut().unwrap().has_key = true;
        assert_eq!(mint(&request(|_| ()), &now), Err(PlanError::HasKey { user: "tf".into() }));
        let consent = Consent { replace_key: true, ..Consent::default() };
        assert!(Plan::mint(&request(|_| ()), &now, consent).unwrap().replaces_key);
    }

    #[test]
    fn a_shared_profile_is_not_altered_unasked() {
        let mut now = Facts { objects: mint(&request(|_| ()), &facts()).unwrap().wanted, ..facts() };
        now.objects.user = None;
        now.profile_users = vec!["admin ops".into()];
        let wider = request(|flags| flags.grants.push("sysgrp=read".into()));
        assert!(matches!(mint(&wider, &now), Err(PlanError::SharedProfile { users, .. }) if users == ["admin ops"]));
        assert!(mint(&request(|_| ()), &now).is_ok(), "a profile that is right already is not altered");
        let consent = Consent { change_shared_profile: true, ..Consent::default() };
        assert!(Plan::mint(&wider, &now, consent).is_ok());
    }

    #[test]
    fn devices_that_would_lose_the_change_are_refused() {
        let secondary = Facts { ha_role: HaRole::Secondary, ..facts() };
        assert_eq!(mint(&request(|_| ()), &secondary), Err(PlanError::HaSecondary));
        let fips = Facts { fips: true, ..facts() };
        assert_eq!(mint(&request(|_| ()), &fips), Err(PlanError::Fips));
        let manual = Facts { cfg_save: Some(CfgSave::Manual), ..facts() };
        assert_eq!(mint(&request(|_| ()), &manual), Err(PlanError::Unsaved(CfgSave::Manual)));
        let consent = Consent { save: true, ..Consent::default() };
        assert!(Plan::mint(&request(|_| ()), &manual, consent).unwrap().save);
    }

    #[test]
    fn vdom_and_scope_are_for_devices_with_vdoms() {
        let multi = Facts { vdom_mode: VdomMode::Multiple, ..facts() };
        let plan = mint(&request(|_| ()), &multi).unwrap();
        assert_eq!(plan.assumed_vdom.as_deref(), Some("root"));
        assert_eq!(plan.wanted.user.unwrap().value("vdom"), Some("root"));
        let exporter = request(|flags| flags.preset = Some("fortigate-exporter".into()));
        let scope =
            |facts: &Facts| mint(&exporter, facts).unwrap().wanted.profile.unwrap().settings.get("scope").cloned();
        assert_eq!(scope(&multi).as_deref(), Some("global"));
        assert_eq!(scope(&facts()), None);
    }

    #[test]
    fn auto_is_the_address_that_the_device_sees() {
        let auto = request(|flags| flags.trusted_hosts = vec!["auto".into()]);
        assert!(matches!(mint(&auto, &facts()), Err(PlanError::AutoUnclear(rows)) if rows.is_empty()));
        let own = AdminSession {
            user: "admin".into(),
            way: "ssh".into(),
            source: Some("10.20.100.99".parse().unwrap()),
            port: Some(1),
            profile: None,
        };
        let seen = Facts { session: OwnSession::Found(own.clone()), ..facts() };
        let hosts = mint(&auto, &seen).unwrap().wanted.user.unwrap().hosts();
        assert_eq!(hosts, ["10.20.100.99/32".parse().unwrap()]);
        let unclear = Facts { session: OwnSession::Unclear(vec![own]), ..facts() };
        let error = mint(&auto, &unclear).unwrap_err();
        assert!(error.to_string().contains("10.20.100.99"), "{error}");
    }

    #[test]
    fn a_profile_that_is_only_named_must_be_there() {
        let named = request(|flags| {
            flags.grants.clear();
            flags.profile = Some("ops".into());
        });
        assert_eq!(mint(&named, &facts()), Err(PlanError::NoProfile { profile: "ops".into() }));
        let mut there = facts();
        there.objects.profile = Some(Profile { name: "ops".into(), ..Profile::default() });
        let plan = mint(&named, &there).unwrap();
        assert!(matches!(plan.edits.as_slice(), [Edit::User(_)]));
        assert_eq!(plan.wanted.profile, None);
    }
}
