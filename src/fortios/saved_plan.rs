//! A plan on paper: what a device had, and what it was to have, for a mint later on that does exactly that or nothing.

use serde::{Deserialize, Serialize};

use super::names::ApiUser;
use super::objects::Objects;
use super::plan::{KeyOrder, Plan};
use super::status::{Status, VdomMode};
use super::version::Version;

/// The form of the file; another one is refused.
const FORM: u32 = 1;

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
        if named && plan.api_user.parse::<ApiUser>().is_ok() { Ok(plan) } else { Err(SavedPlanError::NoUser) }
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

#[derive(Deserialize)]
struct Form {
    fgtkey_plan: u32,
}
