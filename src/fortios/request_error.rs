//! Why a request cannot be done.

use super::expires::ExpiresError;
use super::grant::GrantError;
use super::names::{NameError, ProfileName, Vdom};
use super::permission_request::GrantRefused;
use super::place::Place;
use super::preset::PresetError;
use super::request_file::RequestFileError;
use super::trusted_host::TrustedHostError;
use super::weakness::Weakness;

/// Why a request cannot be done. Nothing was sent anywhere when it is met.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// A preset that is a built-in profile was asked for with something that differs from it.
    #[error("the preset is the built-in profile {0}, which takes no other name and no grants")]
    BuiltInPreset(ProfileName),
    /// Comments or a scope for a profile that is used as it is.
    #[error("{place}: the profile {profile} is used as the device has it, so nothing about it can be set")]
    ExistingUnchanged {
        /// Where it stands.
        place: Place,
        /// The profile.
        profile: ProfileName,
    },
    /// The request file cannot be read.
    #[error(transparent)]
    File(#[from] RequestFileError),
    /// A grant that FortiOS, or this version of it, does not have.
    #[error(transparent)]
    Grant(#[from] GrantRefused),
    /// No API user is named.
    #[error("the request names no API user")]
    NoApiUser,
    /// Neither a profile nor a preset nor grants.
    #[error("the request does not say what the key may do")]
    NoProfile,
    /// No request at all.
    #[error("there is no request: nothing says which API user to make and what it may do")]
    Nothing,
    /// A VDOM other than root on a device without VDOMs.
    #[error("the VDOM {0} cannot be there: the device has no VDOMs")]
    NoVdoms(Vdom),
    /// A value that FortiOS does not take.
    #[error("{place}: {error}")]
    Value {
        /// Where it stands.
        place: Place,
        /// What is wrong with it.
        error: Box<ValueError>,
    },
    /// A value that this version does not take, or a default that breaks a rule.
    #[error(transparent)]
    Version(#[from] ValueError),
    /// Weak things that were not said to be meant.
    #[error("the request is weak: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Weak(Vec<Weakness>),
}

/// What is wrong with one value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// An expiry.
    #[error(transparent)]
    Expires(#[from] ExpiresError),
    /// A grant's form.
    #[error(transparent)]
    Grant(#[from] GrantError),
    /// A name or a comment.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A preset's name.
    #[error(transparent)]
    Preset(#[from] PresetError),
    /// A scope.
    #[error(transparent)]
    Scope(#[from] ScopeError),
    /// A trusted host.
    #[error(transparent)]
    TrustedHost(#[from] TrustedHostError),
}

/// A word that is not a profile's scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a scope: vdom or global")]
pub struct ScopeError(pub String);

impl RequestError {
    /// A refused value and where it stands.
    pub(super) fn value(place: &Place, error: impl Into<ValueError>) -> Self {
        RequestError::Value { place: place.clone(), error: Box::new(error.into()) }
    }

    /// What to type next.
    pub fn hint(&self) -> Option<String> {
        match self {
            RequestError::BuiltInPreset(_) => Some("leave out --profile and --grant, or choose a preset".to_owned()),
            RequestError::ExistingUnchanged { .. } => {
                Some("to have a profile made, say what it may do: --preset or --grant".to_owned())
            }
            RequestError::File(error) => error.hint(),
            RequestError::Grant(error) => error.hint(),
            RequestError::NoApiUser => Some("--api-user NAME, or api_user: { name: NAME } in the file".to_owned()),
            RequestError::NoProfile => {
                Some("--preset NAME or --grant GROUP.CHILD=read makes a profile; --profile NAME uses one".to_owned())
            }
            RequestError::Nothing => Some(
                "for example --api-user terraform --preset firewall-address-read --trusted-host auto, or -r FILE"
                    .to_owned(),
            ),
            RequestError::NoVdoms(_) => Some("leave out --vdom".to_owned()),
            RequestError::Value { error, .. } => error.hint(),
            RequestError::Version(error) => error.hint(),
            RequestError::Weak(weaknesses) => Some(weak_hint(weaknesses)),
        }
    }
}

fn weak_hint(weaknesses: &[Weakness]) -> String {
    let remedies: Vec<_> = weaknesses.iter().map(|weakness| weakness.remedy()).collect();
    format!("give {}; or say that it is meant with --allow-weak", remedies.join(", and "))
}

impl ValueError {
    /// What to type instead.
    pub fn hint(&self) -> Option<String> {
        match self {
            ValueError::Expires(error) => error.hint(),
            ValueError::Grant(error) => error.hint(),
            ValueError::Name(error) => error.hint(),
            ValueError::Preset(error) => error.hint(),
            ValueError::Scope(_) => None,
            ValueError::TrustedHost(error) => error.hint(),
        }
    }
}
