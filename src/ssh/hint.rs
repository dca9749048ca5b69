//! What to type next when a login failed.

use super::algorithms::{is_legacy, is_supported};
use super::error::{DialError, Phase, ShownKey};
use super::hostkeys::{KnownKey, known_name};
use super::known_hosts::KnownHostsError;
use super::second_factor::QUESTION_VARIABLE;

const ALLOW_ACCESS: &str = "is `ssh` in `set allowaccess` of that interface, and your address a trusted host?";

/// FortiOS learnt rsa-sha2 signatures of administrators' keys with 7.0.14 and 7.2.8 (oxidized issue 3235).
const RSA_SHA2: &str = "FortiOS before 7.0.14 and 7.2.8 takes an RSA key with SHA-1 only: use an Ed25519 or ECDSA key, \
    or allow it for this device: -o PubkeyAcceptedAlgorithms=+ssh-rsa (or --legacy-algorithms)";

impl DialError {
    /// What the person could do or type next.
    pub fn hint(&self) -> Option<String> {
        match self {
            DialError::HostKeyUnknown(shown) => Some(format!(
                "compare it with `get system info admin ssh` on the console, then accept it once with --host-key {}",
                shown.fingerprint
            )),
            DialError::HostKeyChanged { shown, known } => Some(removal(shown, known)),
            DialError::HostKeyNotPinned { .. } => Some(
                "compare it with `get system info admin ssh` on the console before you change --host-key".to_owned(),
            ),
            DialError::HostKeyRevoked { .. } | DialError::HostKeySignature => {
                Some("do not log in: somebody may stand between you and the device".to_owned())
            }
            DialError::NoCommonAlgorithm { kind, option, legacy, theirs, .. } => {
                common_algorithm(option, theirs, *legacy).or_else(|| device_setting(kind))
            }
            DialError::NoUsableAlgorithm { option, .. } => {
                Some(format!("`+` in front of a list adds to what is offered: -o {option}=+NAME"))
            }
            DialError::KnownHosts(error) => known_hosts_hint(error),
            DialError::Identity(error) => error.hint(),
            DialError::Password(error) => error.hint(),
            DialError::PasswordWithheld { .. } => {
                Some("one refused password ends it for all, before a directory locks the account".to_owned())
            }
            DialError::Refused { rsa_sha2: true, .. } => Some(RSA_SHA2.to_owned()),
            DialError::Refused { tried, kept_back, .. } => Some(refused_hint(tried, *kept_back)),
            DialError::Question { .. } => {
                Some("answer it on a terminal or with --otp-command CMD, or log in with a key: -i FILE".to_owned())
            }
            DialError::OneTimePassword { .. } => {
                Some(format!("it gets the question in {QUESTION_VARIABLE}, and must print the answer and exit with 0"))
            }
            DialError::Agent(_) => Some("is it locked, or did a token wait to be touched? see `ssh-add -l`".to_owned()),
            DialError::Hop(failure) => failure.hint(),
            DialError::Forward { transient: false, hop, .. } => {
                Some(format!("`AllowTcpForwarding` and `PermitOpen` in sshd_config of {hop} decide about it"))
            }
            DialError::Forward { .. } => Some(ALLOW_ACCESS.to_owned()),
            DialError::Config(error) => error.hint(),
            DialError::Endpoint(error) => error.hint(),
            DialError::Closed { reason: Some(reason), .. } if reason.contains("unsupported public key") => {
                Some(RSA_SHA2.to_owned())
            }
            DialError::TimedOut { phase: Phase::Connection, .. } | DialError::Connect { .. } => {
                Some(ALLOW_ACCESS.to_owned())
            }
            DialError::TimedOut { .. } => Some("--timeout SECONDS gives it longer".to_owned()),
            DialError::Closed { phase: Phase::KeyExchange, .. } => {
                Some("FortiOS also does this to addresses that are locked out, or are not a trusted host".to_owned())
            }
            DialError::ShellRefused { .. } => {
                Some("the device may have all the sessions it allows (`admin-login-max`)".to_owned())
            }
            _ => None,
        }
    }
}

/// The lists that FortiOS has from 7.0.2 on (host keys from 7.4.0 on), in another place from 7.4.4 on.
fn device_setting(kind: &str) -> Option<String> {
    let setting = match kind {
        "key exchange" => "ssh-kex-algo",
        "host key algorithm" => "ssh-hostkey-algo",
        "cipher" => "ssh-enc-algo",
        "MAC" => "ssh-mac-algo",
        _ => return None,
    };
    Some(format!(
        "the device's list is `set {setting}` in `config system global`, or `ssh-config` from FortiOS 7.4.4 on"
    ))
}

/// The option that makes one more algorithm common, if we have it at all.
fn common_algorithm(option: &str, theirs: &[String], legacy: bool) -> Option<String> {
    let name = theirs.iter().find(|name| is_supported(name))?;
    let only = format!("-o {option}=+{name}");
    Some(match theirs.iter().any(|name| is_legacy(name)) && !legacy {
        true => format!("--legacy-algorithms offers the old ones, for this device only; or just this one: {only}"),
        false => format!("{only} offers it to this device"),
    })
}

fn removal(shown: &ShownKey, known: &[KnownKey]) -> String {
    let file = known.first().map(|key| key.place.file.display().to_string()).unwrap_or_default();
    let name = known_name(&shown.host, shown.port);
    format!(
        "if the device was replaced or reset, compare the key on its console, then: ssh-keygen -f {} -R {}",
        shell_word(&file),
        shell_word(&name)
    )
}

/// Quotes what a shell would expand: `[host]:port` is a pattern to it.
fn shell_word(text: &str) -> String {
    let plain = text.chars().all(|c| c.is_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | ':' | '%'));
    if plain && !text.is_empty() { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

fn refused_hint(tried: &[String], kept_back: usize) -> String {
    if kept_back > 0 {
        return format!(
            "{kept_back} more keys were not offered, to stay below the lockout: name the right one with -i"
        );
    }
    if tried.is_empty() {
        return "give -i KEY, or a password: FGTKEY_PASSWORD, --password-file FILE, --password-command CMD".to_owned();
    }
    "check the user and what was offered; after three failures FortiOS locks an address out for a minute".to_owned()
}

fn known_hosts_hint(error: &KnownHostsError) -> Option<String> {
    match error {
        KnownHostsError::Malformed(_) => {
            Some("mend or remove that line, or name another file: --known-hosts FILE".into())
        }
        KnownHostsError::NoFile => Some("name one: --known-hosts FILE".into()),
        KnownHostsError::Write { .. } => Some("name a file that can be written: --known-hosts FILE".into()),
        KnownHostsError::Read { .. } => None,
    }
}
