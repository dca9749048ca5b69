//! The ways of FortiOS that scripts trip over, each one switchable.

use std::str::FromStr;
use std::time::Duration;

use crate::fortios::version::Version;

use super::https_traps::{Fingerprint, HttpsTraps, LeafTrap, PortTrap};
use super::spec::{DeviceSpec, Ha, OtherSession, UnknownWord};

/// How the device deviates from a plain session. The default deviates in nothing that the version does not bring.
#[derive(Debug, Clone, Default)]
pub struct Traps {
    /// Whether commits under `system api-user` and `system admin`, and generate-key, ask for the administrator's
    /// password again. `None`: from 7.6.0 on.
    pub asks_admin_password: Option<bool>,
    /// The wording of that question.
    pub password_question: PasswordQuestion,
    /// When output is paged.
    pub pager: Paging,
    /// Whether the prompt ends in `$`. `None`: for every profile but super_admin.
    pub dollar: Option<bool>,
    /// Whether the HA role is glued to the hostname. `None`: from 7.6.7 on.
    pub role_in_prompt: Option<bool>,
    /// The role in the prompt changes after this many command lines of a session.
    pub role_flips_after: Option<usize>,
    /// A build tag in the prompt, as in `fw1 (Interim) # `.
    pub build_tag: Option<String>,
    /// Nothing is sent before the first Enter.
    pub silent_greeting: bool,
    /// `Welcome!` before the first prompt.
    pub welcome: bool,
    /// `Verifying password...` before anything else.
    pub verifying_password: bool,
    /// The file system check warning before the first prompt.
    pub disk_warning: bool,
    /// A space after `(Press 'a' to accept):`.
    pub accept_space: bool,
    /// The echo wraps at this column, whatever the terminal's width is.
    pub wrap_at: Option<u16>,
    /// What the device sends where the echo wraps.
    pub wrap: Wrap,
    /// Errors come without `Command fail. Return code N`.
    pub no_code_line: bool,
    /// The code follows the error text on the same line.
    pub glued_errors: bool,
    /// `new entry 'x' added` is not printed.
    pub no_new_entry: bool,
    /// Someone left `diagnose debug cli 8` on: lines about each command are mixed in.
    pub cli_debug: bool,
    /// Lines of other origin come in the middle of replies.
    pub foreign_lines: bool,
    /// Now and then a foreign line follows the prompt, and the prompt is printed again.
    pub prompt_again: bool,
    /// The shape of generate-key's reply.
    pub key_reply: KeyReply,
    /// No configuration transaction can be opened: another one is open.
    pub no_transaction: bool,
    /// A configuration transaction expires after this many command lines in it.
    pub transaction_expires_after: Option<usize>,
    /// The profile has no `wanoptgrp`, as on models without WAN optimisation.
    pub no_wanopt: bool,
    /// HTTPS administration and the REST API.
    pub https: HttpsTraps,
}

/// The question for the administrator's password in mid-session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PasswordQuestion {
    /// `Please enter current administrator password: `, captured on 7.6.x under `config system admin`.
    #[default]
    Please,
    /// `Current Password: `, which the vrnetlab drivers also expect.
    Current,
    /// `Current Password` without a colon: the drivers take the colon as optional.
    Bare,
}

impl PasswordQuestion {
    /// The text that the device prints and waits after.
    pub const fn text(self) -> &'static str {
        match self {
            PasswordQuestion::Please => "Please enter current administrator password: ",
            PasswordQuestion::Current => "Current Password: ",
            PasswordQuestion::Bare => "Current Password",
        }
    }
}

/// When output is paged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Paging {
    /// By the rows of the terminal that the client asked for.
    #[default]
    Terminal,
    /// As if the terminal had this many rows, whatever the client asked for.
    Fixed(u16),
    /// Never, as after `set output standard`.
    Off,
}

/// What marks a wrap in the echo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wrap {
    /// A space and CR, as line editors do on terminals with automatic margins.
    #[default]
    SpaceCr,
    /// CR LF.
    CrLf,
}

/// The shape of generate-key's reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyReply {
    /// Empty lines before `New API key:`.
    pub blank_before: usize,
    /// Empty lines between the key and the note.
    pub blank_between: usize,
    /// The sentence about the bearer.
    pub note: Note,
    /// Characters of the key: 30 in every published FortiOS sample.
    pub length: usize,
}

impl Default for KeyReply {
    fn default() -> Self {
        KeyReply { blank_before: 0, blank_between: 0, note: Note::Line, length: 30 }
    }
}

/// The sentence that follows a new key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Note {
    /// `NOTE: The bearer of this API key …`.
    Line,
    /// The same without `NOTE: ` and wrapped, as the REST API reference prints it.
    Wrapped,
    /// Nothing.
    Absent,
}

/// A named trap: `--trap NAME`. Each changes a [`DeviceSpec`] in one way; an API key can be made in spite of every one.
#[derive(Debug, Clone, Copy)]
pub struct Trap {
    /// Its name, in kebab case.
    pub name: &'static str,
    /// One line on what it does.
    pub about: &'static str,
    apply: fn(&mut DeviceSpec),
}

impl Trap {
    /// All traps, by name.
    pub fn all() -> &'static [Trap] {
        ALL
    }

    /// Switches the trap on in `spec`.
    pub fn apply(&self, spec: &mut DeviceSpec) {
        (self.apply)(spec);
    }
}

impl FromStr for Trap {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        let names = || ALL.iter().map(|trap| trap.name).collect::<Vec<_>>().join(", ");
        let unknown = || UnknownWord { what: "trap", word: word.into(), known: names() };
        ALL.iter().find(|trap| trap.name == word).copied().ok_or_else(unknown)
    }
}

const BANNER: &str = "\
#################
warning ~~~~.             #
~~  login: $ cost > 0 #    #
fw1 # is not a prompt here #
#################";

macro_rules! traps {
    ($($name:literal, $about:literal, |$spec:ident| $body:expr;)*) => {
        &[$(Trap { name: $name, about: $about, apply: |$spec| { $body; } }),*]
    };
}

const ALL: &[Trap] = traps! {
    "admin-password", "commits ask for the administrator's password (FortiOS 7.6)", |spec| asks_password(spec, PasswordQuestion::Please);
    "admin-password-bare", "… with the words `Current Password` and no colon", |spec| asks_password(spec, PasswordQuestion::Bare);
    "admin-password-current", "… with the words `Current Password: `", |spec| asks_password(spec, PasswordQuestion::Current);
    "build-tag", "the prompt carries a build tag: `fw1 (Interim) # `", |spec| {
        spec.traps.build_tag = Some("Interim".into())
    };
    "cli-debug", "debug lines are mixed into replies", |spec| spec.traps.cli_debug = true;
    "disk-warning", "the greeting warns of the file system", |spec| spec.traps.disk_warning = true;
    "dollar", "the prompt ends in `$`", |spec| spec.traps.dollar = Some(true);
    "dotted-hostname", "the hostname holds dots", |spec| spec.hostname = "firewall01.company.com".into();
    "foreign-lines", "lines of other origin come in the middle of replies", |spec| spec.traps.foreign_lines = true;
    "glued-errors", "the return code follows the error text on the same line", |spec| spec.traps.glued_errors = true;
    "ha-role", "the HA role is glued to the hostname", |spec| {
        spec.ha = Ha::Primary;
        spec.traps.role_in_prompt = Some(true)
    };
    "https-403", "the API answers an untrusted source with 403 instead of 401", |spec| {
        spec.traps.https.forbids_untrusted = true
    };
    "https-429", "the API answers with 429 after three refused keys", |spec| spec.traps.https.blocks_after = Some(3);
    "https-closed", "nothing listens at the HTTPS port", |spec| spec.traps.https.port = PortTrap::Closed;
    "https-expired", "the HTTPS certificate has expired", |spec| spec.traps.https.leaf = LeafTrap::Expired;
    "https-foreign-ca", "something in between presents a certificate of its own", |spec| {
        spec.traps.https.leaf = LeafTrap::Foreign
    };
    "https-foreign-keys", "the API knows no key: they are another cluster member's", |spec| {
        spec.traps.https.foreign_keys = true
    };
    "https-imported", "the HTTPS certificate was imported", |spec| spec.traps.https.leaf = LeafTrap::Imported;
    "https-leaf-only", "HTTPS presents its certificate without the CA's", |spec| spec.traps.https.no_chain = true;
    "https-other-port", "the CLI names a port at which nothing listens", |spec| spec.traps.https.port = PortTrap::Other;
    "https-other-source", "the device sees HTTPS come from another address than SSH", |spec| {
        spec.traps.https.seen_from = Some([198, 51, 100, 8].into())
    };
    "https-reissued", "the HTTPS certificate is issued again before it is first presented", |spec| {
        spec.traps.https.reissue_after = Some(0)
    };
    "https-self-signed", "the HTTPS certificate is `self-sign`", |spec| spec.traps.https.leaf = LeafTrap::SelfSigned;
    "https-serial-line", "the CLI prints a certificate's serial number on a line of its own", |spec| {
        spec.traps.https.serial_on_next_line = true
    };
    "https-sha1", "the CLI prints SHA-1 fingerprints of certificates", |spec| {
        spec.traps.https.fingerprint = Fingerprint::Sha1
    };
    "https-sha256", "the CLI prints SHA-256 fingerprints of certificates", |spec| {
        spec.traps.https.fingerprint = Fingerprint::Sha256
    };
    "key-bare", "generate-key prints no note", |spec| spec.traps.key_reply.note = Note::Absent;
    "key-blank-lines", "generate-key prints empty lines around the key", |spec| {
        spec.traps.key_reply.blank_before = 2;
        spec.traps.key_reply.blank_between = 1
    };
    "key-long", "keys have 64 characters", |spec| spec.traps.key_reply.length = 64;
    "key-wrapped-note", "generate-key wraps its note", |spec| spec.traps.key_reply.note = Note::Wrapped;
    "login-banner", "a banner that looks like prompts has to be accepted", |spec| {
        spec.post_login_banner = Some(BANNER.into())
    };
    "login-banner-space", "… with a space after the accept phrase", |spec| {
        spec.post_login_banner = Some("POST WARNING : This FortiGate is managed.\n\n ".into());
        spec.traps.accept_space = true
    };
    "long-hostname", "the prompt cuts the hostname", |spec| spec.hostname = "lab-fortigate-active-appliance".into();
    "nat", "the device sees sessions come from another address and port", |spec| {
        spec.seen_from = Some(([198, 51, 100, 7], 40022).into())
    };
    "no-code-line", "errors come without a return code", |spec| spec.traps.no_code_line = true;
    "no-new-entry", "`new entry` lines are not printed", |spec| spec.traps.no_new_entry = true;
    "no-transaction", "no configuration transaction can be opened", |spec| spec.traps.no_transaction = true;
    "no-wanopt", "the model knows no `wanoptgrp`", |spec| spec.traps.no_wanopt = true;
    "other-sessions", "other administrators are logged in as well", |spec| spec.other_sessions = other_sessions();
    "pager-24", "output is paged at 24 rows, whatever the terminal has", |spec| spec.traps.pager = Paging::Fixed(24);
    "pre-login-banner", "a banner precedes the authentication", |spec| {
        spec.pre_login_banner = Some("Authorized access only # $\n".into())
    };
    "prompt-again", "the prompt is printed again behind a foreign line", |spec| spec.traps.prompt_again = true;
    "role-flips", "the HA role in the prompt changes in mid-session", |spec| {
        spec.ha = Ha::Primary;
        spec.traps.role_in_prompt = Some(true);
        spec.traps.role_flips_after = Some(4)
    };
    "silent-greeting", "nothing is sent before the first Enter", |spec| spec.traps.silent_greeting = true;
    "slow-login", "the authentication takes its time", |spec| spec.login_delay = Duration::from_millis(300);
    "transaction-expires", "a configuration transaction expires in its fifth line", |spec| {
        spec.traps.transaction_expires_after = Some(5)
    };
    "verifying-password", "the greeting begins with `Verifying password...`", |spec| {
        spec.traps.verifying_password = true
    };
    "welcome", "the greeting says `Welcome!`", |spec| spec.traps.welcome = true;
    "wrap-80", "the echo wraps at 80 columns", |spec| spec.traps.wrap_at = Some(80);
    "wrap-80-crlf", "the echo wraps at 80 columns with CR LF", |spec| {
        spec.traps.wrap_at = Some(80);
        spec.traps.wrap = Wrap::CrLf
    };
};

/// The question exists from 7.6 on only: an older device becomes one of 7.6.
fn asks_password(spec: &mut DeviceSpec, wording: PasswordQuestion) {
    spec.version = spec.version.max(Version::new(7, 6, 5));
    spec.traps.asks_admin_password = Some(true);
    spec.traps.password_question = wording;
}

fn other_sessions() -> Vec<OtherSession> {
    let row = |user: &str, local: &str, device: &str, profile: &str, remote: &str| OtherSession {
        user: user.into(),
        local: local.into(),
        device: device.into(),
        profile: profile.into(),
        remote: remote.into(),
    };
    vec![
        row("Fortimanager_Access", "fgfm", "N/A", "super_admin", ":0"),
        row("auditor", "ssh", "port1:192.0.2.1:22", "prof_admin", "198.51.100.20:50122"),
        row("admin", "https", "port1:192.0.2.1:443", "super_admin", "198.51.100.21:50123"),
    ]
}

impl DeviceSpec {
    /// Whether commits and generate-key ask for the administrator's password.
    pub(super) fn asks_admin_password(&self) -> bool {
        self.traps.asks_admin_password.unwrap_or(self.version >= Version::new(7, 6, 0))
    }

    /// Whether the HA role is part of the prompt: captured from 7.6.7 on (oxidized #3846).
    pub(super) fn shows_role(&self) -> bool {
        self.traps.role_in_prompt.unwrap_or(self.version >= Version::new(7, 6, 7))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_trap_is_refused_with_the_list_of_those_that_exist() {
        let refused = "pager-25".parse::<Trap>().unwrap_err();
        assert_eq!(refused.to_string(), "`pager-25` is not a trap of the simulated device");
        assert!(refused.hint().contains("pager-24"), "{}", refused.hint());
    }

    #[test]
    fn the_traps_are_in_alphabetical_order_without_a_double() {
        let names: Vec<_> = ALL.iter().map(|trap| trap.name).collect();
        assert!(names.is_sorted_by(|a, b| a < b), "{names:?}");
    }
}
