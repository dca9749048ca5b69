//! Taking an API user away: its key is voided, then the user is removed, then its profile, when that is ours alone.
//!
//! The key goes first: it is void by one line that nothing refers to, while the removal of the user can be refused.

use super::edit::Edit;
use super::facts::Facts;
use super::names::ApiUser;
use super::objects::User;
use super::plan::{Consent, KeyOrder, PlanError, check_lasting, has_to_save};
use super::schema::Schema;

/// Profiles that a device has from the factory and that, unlike [`Schema::is_built_in`]'s, could be changed.
///
/// Source: the list that FortiOS's help prints behind `set accprofile`, as captured in the field; `admin_no_access` is of
/// newer releases only.
const FACTORY: [&str; 2] = ["prof_admin", "admin_no_access"];

/// What has to go from a device, and what stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retirement {
    /// Whether global tables stand under `config global`.
    pub vdoms: bool,
    /// The API user whose key is voided first, by generating one that nobody keeps.
    pub void_key: Option<String>,
    /// The API user that goes; `None`: it is gone.
    pub delete_user: Option<String>,
    /// The access profile that goes.
    pub delete_profile: Option<String>,
    /// Why the profile, if there is one, stays.
    pub profile_stays: Option<Stays>,
    /// Whether `execute cfg save` has to follow.
    pub save: bool,
}

/// Why a profile stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stays {
    /// `--keep-profile`.
    Asked,
    /// FortiOS brings it and lets nobody remove it.
    BuiltIn,
    /// Neither this request nor this run has made it.
    NotOurs,
    /// Others use it: `the API user NAME`, `the administrator NAME`.
    UsedBy(Vec<String>),
}

/// What may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Claim {
    /// The API user may go, and not only its key.
    pub user: bool,
    /// The profile may go: this request makes it, or this run did.
    pub owned: bool,
    /// `--keep-profile`.
    pub keep: bool,
}

impl Retirement {
    /// Takes away one of two API users; the other one needs the profile.
    ///
    /// # Errors
    /// On a device that does not keep changes.
    pub fn of_user(facts: &Facts, user: &User, consent: Consent) -> Result<Retirement, PlanError> {
        check_lasting(facts, consent)?;
        Ok(Retirement {
            vdoms: facts.vdom_mode.has_vdoms(),
            // In FIPS-CC mode no key is generated, so that none can be voided.
            void_key: (user.has_key && !facts.fips).then(|| user.name.clone()),
            delete_user: Some(user.name.clone()),
            delete_profile: None,
            profile_stays: None,
            save: has_to_save(facts),
        })
    }

    /// The same where nobody can look: the user is taken to be there and to have a key.
    ///
    /// # Errors
    /// As for [`Retirement::of_user`].
    pub fn unseen(facts: &Facts, user: &ApiUser) -> Result<Retirement, PlanError> {
        let user = User { name: user.to_string(), has_key: true, ..User::default() };
        Retirement::of_user(facts, &user, Consent::default())
    }

    /// Takes away the user and the profile that were read into `facts`, as far as they are there; who else uses the profile
    /// (`profile_users`) must have been read too.
    ///
    /// # Errors
    /// On a device that does not keep changes.
    pub fn of_objects(facts: &Facts, claim: Claim, consent: Consent) -> Result<Retirement, PlanError> {
        let user = facts.objects.user.as_ref();
        let mut retirement = Retirement::of_user(facts, &user.cloned().unwrap_or_default(), consent)?;
        retirement.delete_user = user.filter(|_| claim.user).map(|user| user.name.clone());
        if let Some(profile) = &facts.objects.profile {
            retirement.profile_stays = stays(&profile.name, facts, claim);
            retirement.delete_profile = retirement.profile_stays.is_none().then(|| profile.name.clone());
        }
        Ok(retirement)
    }

    /// Whether nothing is left to be taken away.
    pub fn is_done(&self) -> bool {
        self.void_key.is_none() && self.delete_user.is_none() && self.delete_profile.is_none()
    }

    /// The key that is generated to void the one there is.
    pub fn void_key(&self) -> Option<KeyOrder> {
        Some(KeyOrder { user: self.void_key.clone()?, expires: None })
    }

    /// What of `begun` is still to be done, where `self` is what the device would have to be rid of now. Whether a key was
    /// voided no device shows.
    pub fn left_of(self, begun: &Retirement, voided: bool) -> Retirement {
        Retirement {
            void_key: self.void_key.filter(|_| begun.void_key.is_some() && !voided),
            delete_user: self.delete_user.filter(|_| begun.delete_user.is_some()),
            delete_profile: self.delete_profile.filter(|_| begun.delete_profile.is_some()),
            profile_stays: begun.profile_stays.clone(),
            save: begun.save,
            vdoms: begun.vdoms,
        }
    }

    /// What is removed, in words.
    pub fn objects(&self) -> Vec<String> {
        let user = self.delete_user.iter().map(|name| format!("the API user {name}"));
        user.chain(self.delete_profile.iter().map(|name| format!("the access profile {name}"))).collect()
    }

    /// What is removed, in this order: a profile in use cannot be.
    pub fn edits(&self) -> Vec<Edit> {
        let user = self.delete_user.clone().map(Edit::DeleteUser);
        user.into_iter().chain(self.delete_profile.clone().map(Edit::DeleteProfile)).collect()
    }
}

fn stays(profile: &str, facts: &Facts, claim: Claim) -> Option<Stays> {
    if Schema::is_built_in(profile) || FACTORY.contains(&profile) {
        Some(Stays::BuiltIn)
    } else if claim.keep {
        Some(Stays::Asked)
    } else if !claim.owned {
        Some(Stays::NotOurs)
    } else if !facts.profile_users.is_empty() {
        Some(Stays::UsedBy(facts.profile_users.clone()))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fortios::objects::{Objects, Profile};
    use crate::fortios::render::Templates;
    use crate::fortios::status::{CfgSave, HaRole, VdomMode};
    use crate::fortios::version::Version;

    const OURS: Claim = Claim { user: true, owned: true, keep: false };

    fn facts(vdoms: VdomMode) -> Facts {
        let user = User { name: "tf".into(), has_key: true, ..User::default() };
        let profile = Profile { name: "tf-profile".into(), ..Profile::default() };
        let objects = Objects { profile: Some(profile), user: Some(user) };
        Facts { objects, ..Facts::assumed(Version::new(7, 4, 8), vdoms) }
    }

    fn retire(facts: &Facts, claim: Claim) -> Retirement {
        Retirement::of_objects(facts, claim, Consent::default()).unwrap()
    }

    fn cli(retirement: &Retirement) -> String {
        Templates::embedded().unwrap().dry_retirement(retirement).unwrap().to_string()
    }

    #[test]
    fn the_key_is_voided_then_the_user_goes_then_the_profile() {
        let expected = "execute api-user generate-key tf\nconfig system api-user\n    delete tf\nend\n\
                        config system accprofile\n    delete tf-profile\nend\n";
        assert_eq!(cli(&retire(&facts(VdomMode::Disable), OURS)), expected);
    }

    #[test]
    fn with_vdoms_all_of_it_stands_under_config_global() {
        let text = cli(&retire(&facts(VdomMode::Multiple), OURS));
        assert!(text.starts_with("config global\n    execute api-user generate-key tf\n") && text.ends_with("\nend\n"));
    }

    #[test]
    fn a_profile_stays_for_each_reason_there_is() {
        let mut facts = facts(VdomMode::Disable);
        let stays = |facts: &Facts, owned, keep| retire(facts, Claim { user: true, owned, keep }).profile_stays;
        assert_eq!(stays(&facts, false, false), Some(Stays::NotOurs));
        assert_eq!(stays(&facts, true, true), Some(Stays::Asked));
        facts.profile_users = vec!["the administrator ops".into()];
        assert_eq!(stays(&facts, true, false), Some(Stays::UsedBy(facts.profile_users.clone())));
        facts.objects.profile = Some(Profile { name: "prof_admin".into(), ..Profile::default() });
        assert_eq!(stays(&facts, true, false), Some(Stays::BuiltIn));
        facts.objects.profile = Some(Profile { name: "super_admin".into(), ..Profile::default() });
        assert_eq!(stays(&facts, true, false), Some(Stays::BuiltIn));
        assert!(!cli(&retire(&facts, OURS)).contains("accprofile"));
    }

    #[test]
    fn what_is_gone_is_not_removed_again() {
        let mut facts = facts(VdomMode::Disable);
        facts.objects.user = None;
        assert_eq!(cli(&retire(&facts, OURS)), "config system accprofile\n    delete tf-profile\nend\n");
        facts.objects.profile = None;
        let done = retire(&facts, OURS);
        assert!(done.is_done() && cli(&done).is_empty());
    }

    #[test]
    fn of_an_api_user_that_stays_the_key_alone_is_voided() {
        let only_key = Claim { user: false, owned: false, keep: false };
        let retirement = retire(&facts(VdomMode::Disable), only_key);
        assert_eq!(cli(&retirement), "execute api-user generate-key tf\n");
        assert!(!retirement.is_done());
    }

    #[test]
    fn a_user_without_a_key_or_on_a_device_that_makes_none_is_only_removed() {
        let mut fips = facts(VdomMode::Disable);
        fips.fips = true;
        let mut keyless = facts(VdomMode::Disable);
        keyless.objects.user = Some(User { name: "tf".into(), ..User::default() });
        for facts in [fips, keyless] {
            assert!(!cli(&retire(&facts, OURS)).contains("generate-key"));
        }
    }

    #[test]
    fn a_device_that_would_lose_the_change_is_refused_or_saved() {
        let secondary = Facts { ha_role: HaRole::Secondary, ..facts(VdomMode::Disable) };
        assert_eq!(Retirement::of_objects(&secondary, OURS, Consent::default()), Err(PlanError::HaSecondary));
        let manual = Facts { cfg_save: Some(CfgSave::Manual), ..facts(VdomMode::Disable) };
        assert!(Retirement::of_objects(&manual, OURS, Consent::default()).is_err());
        let consent = Consent { save: true, ..Consent::default() };
        assert!(cli(&Retirement::of_objects(&manual, OURS, consent).unwrap()).ends_with("execute cfg save\n"));
    }
}
