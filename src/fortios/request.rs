//! What the operator wants, typed once at the edge: flags over a request file, checked against what FortiOS takes.

use super::expires::Expires;
use super::grant::Grant;
use super::names::{ApiUser, Comments, CorsOrigin, PeerGroup, ProfileName, Schedule, Vdom};
use super::permission_request::{PermissionNote, PermissionRequest};
use super::place::Placed;
use super::preset::{Preset, Scope};
use super::request_error::{RequestError, ScopeError, ValueError};
use super::request_text::{RequestText, Value};
use super::trusted_host::TrustedHosts;
use super::version::{NEWEST, Version};
use super::weakness::Weakness;

pub use super::request_file::{DeliverEntry, RequestFile, RequestFileError, RequestPart};
pub use super::request_text::RequestFlags;

/// What is to be minted.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The API user.
    pub api_user: ApiUserRequest,
    /// Its access profile.
    pub profile: ProfileRequest,
    /// Whether the operator said that weak things are meant.
    pub allow_weak: bool,
    /// Where the file wants the key; empty when it does not say.
    pub deliver: Vec<DeliverEntry>,
    /// Who the file wants to log in.
    pub ssh_user: Option<String>,
    /// The serial number that the file wants the device to have.
    pub serial: Option<String>,
}

/// The API user to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiUserRequest {
    /// Its name.
    pub name: ApiUser,
    /// A remark on it.
    pub comments: Option<Comments>,
    /// From where its key may be used.
    pub trusted_hosts: TrustedHosts,
    /// Its VDOMs, each once; empty: not said.
    pub vdoms: Vec<Vdom>,
    /// When its key may be used.
    pub schedule: Option<Schedule>,
    /// Which web pages may use its key.
    pub cors_origin: Option<CorsOrigin>,
    /// The PKI peers that must back it; with it, `set peer-auth enable`.
    pub peer_group: Option<PeerGroup>,
    /// How long its key lives; `None`: until replaced.
    pub expires: Option<Expires>,
}

/// The access profile of the API user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProfileRequest {
    /// One that the device has, used as it is.
    Existing(ProfileName),
    /// One to be made.
    Made {
        /// Its name; the API user's when none was given.
        name: ProfileName,
        /// What it may do, whatever the version calls it: see [`PermissionRequest::resolve`].
        permissions: PermissionRequest,
        /// A remark on it.
        comments: Option<Comments>,
        /// Whether it is of scope `global`, on a multi-VDOM device; elsewhere there is no scope.
        scope_global: bool,
    },
}

/// Something the operator should know about a request that can be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// The device runs a version newer than every surveyed one; it is handled as the newest surveyed.
    NewerThanKnown(Version),
    /// A permission is not what or where it was said to be.
    Permission(PermissionNote),
    /// A weak thing that `--allow-weak` let through.
    Weak(Weakness),
    /// A scope was asked for that the device has no use for.
    NoScope,
}

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Warning::NewerThanKnown(version) => {
                write!(f, "FortiOS {version} is newer than every release known here; it is taken for {NEWEST}")
            }
            Warning::Permission(note) => note.fmt(f),
            Warning::Weak(weakness) => weakness.fmt(f),
            Warning::NoScope => f.write_str("the profile's scope is left out: the device has no VDOMs"),
        }
    }
}

impl ProfileRequest {
    /// The profile's name.
    pub fn name(&self) -> &ProfileName {
        match self {
            ProfileRequest::Existing(name) | ProfileRequest::Made { name, .. } => name,
        }
    }
}

impl Request {
    /// The request out of a file and flags; flags win.
    ///
    /// Single values and lists of a flag replace the file's; each `--grant` comes on top of the file's permissions. A
    /// preset or a grant, wherever it stands, makes a profile, and the profile's name (without one: the API user's) is
    /// that of the profile to be made.
    ///
    /// # Errors
    /// [`RequestError`] when a value is not what FortiOS takes in any version, when no API user or no profile is named,
    /// and when something is weak without `--allow-weak` (all weak things at once).
    pub fn from_parts(file: Option<RequestFile>, flags: RequestFlags) -> Result<Request, RequestError> {
        let RequestFile(file) = file.unwrap_or_default();
        let text = RequestText::from(flags).over(file);
        let request = Request::from_text(text)?;
        request.check_weak(NEWEST)?;
        Ok(request)
    }

    /// The vendor's tutorial, what `--sim` does unasked: API user `terraform`, whose key reads firewall addresses from
    /// where this session comes from.
    ///
    /// # Errors
    /// None in practice: a unit test holds that it is a request like any other.
    pub fn tutorial() -> Result<Request, RequestError> {
        let flags = RequestFlags {
            api_user: Some("terraform".to_owned()),
            preset: Some("firewall-address-read".to_owned()),
            trusted_hosts: vec!["auto".to_owned()],
            ..RequestFlags::default()
        };
        Request::from_parts(None, flags)
    }

    fn from_text(text: RequestText) -> Result<Request, RequestError> {
        if text.is_empty() {
            return Err(RequestError::Nothing);
        }
        let api_user = api_user(&text)?;
        let profile = profile(&text, &api_user.name)?;
        let RequestText { allow_weak, deliver, ssh_user, serial, .. } = text;
        Ok(Request { api_user, profile, allow_weak, deliver, ssh_user, serial })
    }

    /// Everything that only the version and the VDOM mode can refute.
    ///
    /// # Errors
    /// A name, an expiry, a VDOM or a permission that this version does not take, a VDOM other than `root` on a device
    /// without VDOMs, and weak things without `--allow-weak`.
    pub fn check(&self, version: Version, multi_vdom: bool) -> Result<Vec<Warning>, RequestError> {
        self.api_user.name.check(version).map_err(ValueError::from)?;
        self.check_vdoms(version, multi_vdom)?;
        if let Some(expires) = self.api_user.expires {
            expires.check(version).map_err(ValueError::from)?;
        }
        let weaknesses = self.check_weak(version)?;
        let newer = version.is_newer_than_known().then_some(Warning::NewerThanKnown(version));
        let scope = (self.profile.is_global() && !multi_vdom).then_some(Warning::NoScope);
        let notes = self.profile.notes(version)?.into_iter().map(Warning::Permission);
        let weak = weaknesses.into_iter().map(Warning::Weak);
        Ok(newer.into_iter().chain(scope).chain(notes).chain(weak).collect())
    }

    /// The weak things in it, as `version` has them.
    pub fn weaknesses(&self, version: Version) -> Vec<Weakness> {
        let hosts = &self.api_user.trusted_hosts;
        let anywhere = (*hosts == TrustedHosts::Anywhere).then_some(Weakness::NoTrustedHost);
        let everything = hosts.everything().map(Weakness::EveryAddress);
        let origin = self.api_user.cors_origin.as_ref().filter(|origin| origin.is_any()).map(|_| Weakness::AnyOrigin);
        [anywhere, everything, self.profile.weakness(version), origin].into_iter().flatten().collect()
    }

    fn check_weak(&self, version: Version) -> Result<Vec<Weakness>, RequestError> {
        let weaknesses = self.weaknesses(version);
        if weaknesses.is_empty() || self.allow_weak { Ok(weaknesses) } else { Err(RequestError::Weak(weaknesses)) }
    }

    fn check_vdoms(&self, version: Version, multi_vdom: bool) -> Result<(), RequestError> {
        for vdom in &self.api_user.vdoms {
            vdom.check(version).map_err(ValueError::from)?;
            if !multi_vdom && vdom.as_str() != "root" {
                return Err(RequestError::NoVdoms(vdom.clone()));
            }
        }
        Ok(())
    }
}

impl ProfileRequest {
    fn is_global(&self) -> bool {
        matches!(self, ProfileRequest::Made { scope_global: true, .. })
    }

    fn notes(&self, version: Version) -> Result<Vec<PermissionNote>, RequestError> {
        match self {
            ProfileRequest::Existing(_) => Ok(Vec::new()),
            ProfileRequest::Made { permissions, .. } => Ok(permissions.resolve(version)?.notes),
        }
    }

    fn weakness(&self, version: Version) -> Option<Weakness> {
        match self {
            ProfileRequest::Existing(name) => name.is_super_admin().then_some(Weakness::SuperAdmin),
            ProfileRequest::Made { permissions, .. } => {
                let all = permissions.resolve(version).is_ok_and(|on| on.permissions.is_all_read_write(version));
                all.then_some(Weakness::AllReadWrite)
            }
        }
    }
}

/// Reads one value, and says where it stood when it cannot.
fn typed<T>(text: &Value) -> Result<T, RequestError>
where
    T: std::str::FromStr,
    ValueError: From<T::Err>,
{
    text.value.parse().map_err(|error: T::Err| RequestError::value(&text.place, error))
}

fn optional<T>(text: &Option<Value>) -> Result<Option<T>, RequestError>
where
    T: std::str::FromStr,
    ValueError: From<T::Err>,
{
    text.as_ref().map(typed).transpose()
}

fn list<T>(texts: &Option<Vec<Value>>) -> Result<Vec<T>, RequestError>
where
    T: std::str::FromStr,
    ValueError: From<T::Err>,
{
    texts.iter().flatten().map(typed).collect()
}

fn api_user(text: &RequestText) -> Result<ApiUserRequest, RequestError> {
    let name = text.api_user.as_ref().ok_or(RequestError::NoApiUser)?;
    Ok(ApiUserRequest {
        name: typed(name)?,
        comments: optional(&text.comments)?,
        trusted_hosts: TrustedHosts::of(list(&text.trusted_hosts)?),
        vdoms: each_once(list(&text.vdoms)?),
        schedule: optional(&text.schedule)?,
        cors_origin: optional(&text.cors_origin)?,
        peer_group: optional(&text.peer_group)?,
        expires: optional(&text.expires)?,
    })
}

fn each_once(vdoms: Vec<Vdom>) -> Vec<Vdom> {
    let mut once: Vec<Vdom> = Vec::new();
    for vdom in vdoms {
        if !once.contains(&vdom) {
            once.push(vdom);
        }
    }
    once
}

/// A preset or grants make a profile; a name alone is that of one the device has.
fn profile(text: &RequestText, user: &ApiUser) -> Result<ProfileRequest, RequestError> {
    let name: Option<ProfileName> = optional(&text.profile)?;
    let permissions = PermissionRequest {
        preset: text.preset.as_ref().map(find_preset).transpose()?,
        grants: text.grants.iter().map(grant).collect::<Result<_, _>>()?,
    };
    let built_in = permissions.preset.and_then(|preset| preset.accprofile.as_ref());
    match (built_in, name) {
        (Some(built_in), name) => existing(built_in, name, &permissions, text),
        (None, name) if !permissions.is_empty() => made(name, user, permissions, text),
        (None, Some(name)) => unmade(name, text),
        (None, None) => Err(RequestError::NoProfile),
    }
}

fn grant(text: &Value) -> Result<Placed<Grant>, RequestError> {
    Ok(Placed::new(typed(text)?, text.place.clone()))
}

fn find_preset(text: &Value) -> Result<&'static Preset, RequestError> {
    Preset::find(&text.value).map_err(|error| RequestError::value(&text.place, error))
}

/// The preset is a built-in profile, so nothing can be made to differ from it.
fn existing(
    built_in: &ProfileName,
    name: Option<ProfileName>,
    permissions: &PermissionRequest,
    text: &RequestText,
) -> Result<ProfileRequest, RequestError> {
    if permissions.grants.is_empty() && name.is_none_or(|name| name == *built_in) {
        return unmade(built_in.clone(), text);
    }
    Err(RequestError::BuiltInPreset(built_in.clone()))
}

/// A profile that is used as it is takes no comments and no scope from us.
fn unmade(name: ProfileName, text: &RequestText) -> Result<ProfileRequest, RequestError> {
    match text.profile_comments.as_ref().or(text.scope.as_ref()) {
        None => Ok(ProfileRequest::Existing(name)),
        Some(value) => Err(RequestError::ExistingUnchanged { place: value.place.clone(), profile: name }),
    }
}

fn made(
    name: Option<ProfileName>,
    user: &ApiUser,
    permissions: PermissionRequest,
    text: &RequestText,
) -> Result<ProfileRequest, RequestError> {
    permissions.check_known()?;
    let name = match name {
        Some(name) => name,
        None => user.as_str().parse().map_err(ValueError::Name)?,
    };
    name.check_own().map_err(ValueError::from)?;
    let asked = text.scope.as_ref().map(scope).transpose()?;
    let scope = asked.or(permissions.preset.map(|preset| preset.scope)).unwrap_or_default();
    let comments = optional(&text.profile_comments)?;
    Ok(ProfileRequest::Made { name, permissions, comments, scope_global: scope == Scope::Global })
}

fn scope(text: &Value) -> Result<Scope, RequestError> {
    match text.value.as_str() {
        "vdom" => Ok(Scope::Vdom),
        "global" => Ok(Scope::Global),
        other => Err(RequestError::value(&text.place, ScopeError(other.to_owned()))),
    }
}
