//! A plan on paper: what a device had, and what it was to have, for a mint later on that does exactly that or nothing.

use serde::{Deserialize, Serialize};

use super::names::{ApiUser, Refusal, refusal};
use super::objects::Objects;
use super::plan::{KeyOrder, Plan};
use super::status::{Status, VdomMode};
use super::trusted_host::{TrustedHost, TrustedHosts};
use super::version::Version;
use super::weakness::Weakness;

/// The form of the file; another one is refused.
const FORM: u32 = 1;

/// The profile that may do everything.
const SUPER_ADMIN: &str = "super_admin";

/// A plan that was saved. There is no secret in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedPlan {
    fgtkey_plan: u32,
    /// The serial number of the device.
    pub serial: String,
    /// Its release: `7.4.8`.
    pub fortios: String,
    /// Its VDOM mode, in FortiOS's word.
    pub vdom_mode: String,
    /// The access profile.
    pub profile: String,
    /// The API user.
    pub api_user: String,
    /// How long the key will live, in minutes.
    pub expires: Option<u32>,
    /// Both objects as they were.
    pub before: Objects,
    /// Both objects as they are to be; a profile that is used as it is is not among them.
    pub wanted: Objects,
}

/// Why a file is no plan that can be carried out.
#[derive(Debug, thiserror::Error)]
pub enum SavedPlanError {
    /// It is not what `plan --out` writes.
    #[error("it is not a plan that `fgtkey plan --out` has saved: {0}")]
    Shape(serde_json::Error),
    /// It is of another form.
    #[error("it is a plan of form {0}, and this fgtkey knows form {FORM}")]
    Form(u32),
    /// It names no API user.
    #[error("it has no API user that could be made")]
    NoUser,
    /// It does not hang together: somebody has altered it.
    #[error("it was altered after it was saved: {0}")]
    Altered(String),
    /// Weak things that were not said to be meant: a plan is a file, and a file can be another one than was looked at.
    #[error("what it wants is weak: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Weak(Vec<Weakness>),
}

impl SavedPlanError {
    /// What to type next.
    pub fn hint(&self) -> Option<String> {
        match self {
            SavedPlanError::Weak(_) => Some("look at the file; --allow-weak says that it is meant".into()),
            SavedPlanError::Altered(_) => Some("make the plan again with `fgtkey plan --out FILE`".into()),
            SavedPlanError::Shape(_) | SavedPlanError::Form(_) | SavedPlanError::NoUser => None,
        }
    }
}

impl SavedPlan {
    /// A plan for the device that said `status`, with what the device has now.
    pub fn new(plan: &Plan, status: &Status, profile: &str, before: &Objects) -> SavedPlan {
        SavedPlan {
            fgtkey_plan: FORM,
            serial: status.serial.clone(),
            fortios: plan.version.to_string(),
            vdom_mode: status.vdom_mode.word().to_owned(),
            profile: profile.to_owned(),
            api_user: plan.key.user.clone(),
            expires: plan.key.expires,
            before: before.clone(),
            wanted: plan.wanted.clone(),
        }
    }

    /// Reads what [`SavedPlan::to_json`] wrote.
    ///
    /// # Errors
    /// When it is something else, or of another form.
    pub fn parse(text: &str) -> Result<SavedPlan, SavedPlanError> {
        let form = serde_json::from_str::<Form>(text).map_err(SavedPlanError::Shape)?.fgtkey_plan;
        if form != FORM {
            return Err(SavedPlanError::Form(form));
        }
        let plan: SavedPlan = serde_json::from_str(text).map_err(SavedPlanError::Shape)?;
        let named = plan.wanted.user.as_ref().is_some_and(|user| user.name == plan.api_user);
        if !named || plan.api_user.parse::<ApiUser>().is_err() {
            return Err(SavedPlanError::NoUser);
        }
        match plan.alteration() {
            Some(what) => Err(SavedPlanError::Altered(what)),
            None => Ok(plan),
        }
    }

    /// Whether it may be carried out by somebody who does not mean weak things.
    ///
    /// # Errors
    /// [`SavedPlanError::Weak`] with all of them.
    pub fn check_weak(&self) -> Result<(), SavedPlanError> {
        let weaknesses = self.weaknesses();
        if weaknesses.is_empty() { Ok(()) } else { Err(SavedPlanError::Weak(weaknesses)) }
    }

    /// The weak things in what it wants.
    pub fn weaknesses(&self) -> Vec<Weakness> {
        let Some(user) = &self.wanted.user else { return Vec::new() };
        let hosts = TrustedHosts::of(user.trusted_hosts.values().copied().map(TrustedHost::Net));
        let anywhere = (hosts == TrustedHosts::Anywhere).then_some(Weakness::NoTrustedHost);
        let everything = hosts.everything().map(Weakness::EveryAddress);
        let all = (self.profile == SUPER_ADMIN).then_some(Weakness::SuperAdmin).or_else(|| self.writes_everything());
        let origin = user.value("cors-allow-origin").filter(|origin| origin.contains('*'));
        [anywhere, everything, all, origin.map(|_| Weakness::AnyOrigin)].into_iter().flatten().collect()
    }

    fn writes_everything(&self) -> Option<Weakness> {
        let version: Version = self.fortios.parse().ok()?;
        let all = self.wanted.profile.as_ref()?.permissions.is_all_read_write(version);
        all.then_some(Weakness::AllReadWrite)
    }

    /// What cannot be so in a plan that was only saved.
    fn alteration(&self) -> Option<String> {
        let user = self.wanted.user.as_ref()?;
        if user.value("accprofile") != Some(self.profile.as_str()) {
            return Some(format!("its API user has another profile than {}", self.profile));
        }
        if self.wanted.profile.as_ref().is_some_and(|profile| profile.name != self.profile) {
            return Some(format!("its profile is another one than {}", self.profile));
        }
        let profile = self.wanted.profile.iter().flat_map(|profile| &profile.settings);
        let names = user.settings.keys().chain(profile.clone().map(|(name, _)| name));
        let values = user.settings.values().flatten().chain(profile.map(|(_, value)| value));
        let name = names.into_iter().find(|name| !is_parameter(name)).map(|name| format!("{name:?} is no parameter"));
        let mut characters = values.flat_map(|value| value.chars());
        name.or_else(|| {
            let character =
                characters.find(|character| matches!(refusal(*character), Some(no) if no != Refusal::Xss))?;
            Some(format!("{character:?} cannot be typed"))
        })
    }

    /// JSON, for people to read too.
    pub fn to_json(&self) -> String {
        // Strings, numbers and maps of them always have a JSON form.
        serde_json::to_string_pretty(self).map(|text| text + "\n").unwrap_or_default()
    }

    /// In what the device itself is another one than it was.
    pub(super) fn strangeness(&self, version: Version, vdom_mode: VdomMode) -> Vec<String> {
        let (fortios, mode) = (version.to_string(), vdom_mode.word());
        let told = [("FortiOS", self.fortios.as_str(), fortios.as_str()), ("VDOM mode", self.vdom_mode.as_str(), mode)];
        let other = told.into_iter().filter(|(_, then, now)| then != now);
        other.map(|(what, then, now)| format!("{what} {then} -> {now}")).collect()
    }

    pub(super) fn key(&self) -> KeyOrder {
        KeyOrder { user: self.api_user.clone(), expires: self.expires }
    }
}

/// Whether a name can be a parameter of FortiOS. A key is none that is set.
fn is_parameter(name: &str) -> bool {
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    !name.is_empty() && name.chars().all(is_word) && name != "api-key"
}

#[derive(Deserialize)]
struct Form {
    fgtkey_plan: u32,
}
