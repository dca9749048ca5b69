//! What a simulated device is: plain data, complete before the device starts.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use crate::fortios::suggestion::nearest;
use crate::fortios::version::Version;

use super::fault::Fault;
use super::traps::Traps;

/// Everything that makes one simulated FortiGate differ from another.
///
/// [`DeviceSpec::default`] is an unsuspicious device: a FortiGate-100F with FortiOS 7.4.8, one VDOM, standalone, named
/// `fw1`, whose super_admin `admin` logs in with the password `admin`.
#[derive(Debug, Clone)]
pub struct DeviceSpec {
    /// The configured hostname; the prompt shows it cut when it is longer than 24 characters.
    pub hostname: String,
    /// As `get system status` spells it: `FortiGate-100F`.
    pub model: String,
    /// 16 characters.
    pub serial: String,
    /// Decides the schema, the texts and whether the administrator password is asked for again.
    pub version: Version,
    /// Whether and how virtual domains are switched on.
    pub vdom_mode: VdomMode,
    /// The VDOMs, the management VDOM first. Without VDOMs only the first one counts.
    pub vdoms: Vec<String>,
    /// The role in a cluster.
    pub ha: Ha,
    /// FIPS-CC mode: the login banner is forced on, API keys are refused.
    pub fips: bool,
    /// When a change reaches the flash.
    pub cfg_save: CfgSave,
    /// Who may log in.
    pub admins: Vec<Admin>,
    /// FortiOS configuration that is there already, in the form that `show` prints, typed at boot in global scope.
    pub config: String,
    /// API users of [`DeviceSpec::config`] that already hold a key.
    pub keyed_users: Vec<String>,
    /// The SSH banner before authentication.
    pub pre_login_banner: Option<String>,
    /// The text that has to be accepted with `a` after authentication.
    pub post_login_banner: Option<String>,
    /// The first thing the shell does is to ask for a new password.
    pub forced_password_change: bool,
    /// Other administrators that are logged in, as the session tables list them.
    pub other_sessions: Vec<OtherSession>,
    /// The address from which the device sees every session and API client come, when NAT is in between.
    pub seen_from: Option<SocketAddr>,
    /// How long commands take, by what the line starts with; the first match counts. An empty text is every command.
    pub think: Vec<(String, Duration)>,
    /// How long the authentication takes (5 to 7 s with PBKDF2 hashes on small models).
    pub login_delay: Duration,
    /// What goes wrong, and where.
    pub faults: Vec<Fault>,
    /// Table sizes, by path: `system api-user` to 2 makes the third one fail at `next`.
    pub limits: BTreeMap<String, usize>,
    /// The ways of FortiOS that scripts trip over.
    pub traps: Traps,
    /// Where keys and salts come from: the same seed gives the same ones. `None` differs in each process.
    pub seed: Option<u64>,
}

impl Default for DeviceSpec {
    fn default() -> Self {
        DeviceSpec {
            hostname: "fw1".into(),
            model: "FortiGate-100F".into(),
            serial: "FG100FTK00000000".into(),
            version: Version::new(7, 4, 8),
            vdom_mode: VdomMode::Disable,
            vdoms: vec!["root".into()],
            ha: Ha::Standalone,
            fips: false,
            cfg_save: CfgSave::Automatic,
            admins: vec![Admin::default()],
            config: String::new(),
            keyed_users: Vec::new(),
            pre_login_banner: None,
            post_login_banner: None,
            forced_password_change: false,
            other_sessions: Vec::new(),
            seen_from: None,
            think: Vec::new(),
            login_delay: Duration::ZERO,
            faults: Vec::new(),
            limits: BTreeMap::new(),
            traps: Traps::default(),
            seed: None,
        }
    }
}

/// One administrator of the device.
#[derive(Debug, Clone)]
pub struct Admin {
    /// The login name.
    pub name: String,
    /// The name of the access profile: `super_admin` or one of the device's own.
    pub accprofile: String,
    /// The login password; `None` when only a key opens the session.
    pub password: Option<Password>,
    /// `ssh-public-key1` and so on, in OpenSSH's one-line form.
    pub public_keys: Vec<String>,
}

impl Default for Admin {
    fn default() -> Self {
        Admin {
            name: "admin".into(),
            accprofile: "super_admin".into(),
            password: Some(Password::new("admin")),
            public_keys: Vec::new(),
        }
    }
}

/// The password of a simulated administrator: no real secret, but treated like one in `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Wraps `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Password(text.into())
    }

    /// Whether `text` is this password.
    pub fn is(&self, text: &str) -> bool {
        self.0 == text
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// A row of the session tables that is not ours.
#[derive(Debug, Clone)]
pub struct OtherSession {
    /// `admin`, or `Fortimanager_Access` for FortiManager's tunnel.
    pub user: String,
    /// How it came in: `ssh`, `https`, `fgfm`, `jsconsole`.
    pub local: String,
    /// `port1:192.0.2.1:22`, or `N/A`.
    pub device: String,
    /// The access profile.
    pub profile: String,
    /// `192.0.2.9:4000`, or `:0` for a tunnel.
    pub remote: String,
}

/// The device's line `Virtual domain configuration:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VdomMode {
    /// No virtual domains.
    Disable,
    /// The word of 6.0 for what is `multiple` later.
    Enable,
    /// Several traffic VDOMs.
    Multiple,
    /// One management and one traffic VDOM (6.2 to 7.0).
    SplitTask,
}

impl VdomMode {
    /// FortiOS's own word.
    pub const fn word(self) -> &'static str {
        match self {
            VdomMode::Disable => "disable",
            VdomMode::Enable => "enable",
            VdomMode::Multiple => "multiple",
            VdomMode::SplitTask => "split-task",
        }
    }

    /// Whether `config global` exists.
    pub fn is_on(self) -> bool {
        self != VdomMode::Disable
    }
}

/// The device's role in a high-availability cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ha {
    /// Not in a cluster.
    Standalone,
    /// The member that decides.
    Primary,
    /// A member whose own changes are undone by the next synchronisation.
    Secondary,
}

impl Ha {
    /// The word that 7.6.7 glues to the prompt, in parentheses.
    pub const fn role(self) -> Option<&'static str> {
        match self {
            Ha::Standalone => None,
            Ha::Primary => Some("Primary"),
            Ha::Secondary => Some("Secondary"),
        }
    }
}

/// `set cfg-save` of `config system global`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CfgSave {
    /// Saved at each commit.
    Automatic,
    /// Saved by `execute cfg save`.
    Manual,
    /// As manual, and the device goes back to the saved configuration after a while.
    Revert,
}

impl CfgSave {
    /// FortiOS's own word.
    pub const fn word(self) -> &'static str {
        match self {
            CfgSave::Automatic => "automatic",
            CfgSave::Manual => "manual",
            CfgSave::Revert => "revert",
        }
    }
}

/// A word that names no mode of the simulator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is not a {what} of the simulated device")]
pub struct UnknownWord {
    /// What was looked for: `VDOM mode`.
    pub what: &'static str,
    /// The word as it was given.
    pub word: String,
    /// The words that exist, joined by commas.
    pub known: String,
}

impl UnknownWord {
    /// What to type instead.
    pub fn hint(&self) -> String {
        match nearest(&self.word, self.known.split(", ")) {
            Some(word) => format!("did you mean {word}?"),
            None => format!("it may be {}", self.known),
        }
    }
}

fn choose<T: Copy>(what: &'static str, word: &str, known: &[(&str, T)]) -> Result<T, UnknownWord> {
    let found = known.iter().find(|(name, _)| *name == word).map(|(_, value)| *value);
    let names = || known.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    found.ok_or_else(|| UnknownWord { what, word: word.into(), known: names() })
}

impl FromStr for VdomMode {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        let known = [
            ("disable", VdomMode::Disable),
            ("none", VdomMode::Disable),
            ("multi", VdomMode::Multiple),
            ("multiple", VdomMode::Multiple),
            ("enable", VdomMode::Enable),
            ("split-task", VdomMode::SplitTask),
        ];
        choose("VDOM mode", word, &known)
    }
}

impl FromStr for Ha {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        let known = [("standalone", Ha::Standalone), ("primary", Ha::Primary), ("secondary", Ha::Secondary)];
        choose("HA role", word, &known)
    }
}

impl FromStr for CfgSave {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        let known = [("automatic", CfgSave::Automatic), ("manual", CfgSave::Manual), ("revert", CfgSave::Revert)];
        choose("cfg-save mode", word, &known)
    }
}
