//! What stands between the authentication and the first prompt.

use std::sync::Arc;

use super::device::Device;
use super::spec::{DeviceSpec, Password};
use crate::fortios::version::Version;

/// Where the greeting is.
pub(super) enum Greeting {
    /// Nothing was sent; the first Enter brings the prompt.
    Silent(Box<DeviceSpec>),
    /// A new password is asked for.
    NewPassword { spec: Box<DeviceSpec>, typed: String, refused: usize },
    /// The same password is asked for again.
    ConfirmPassword { spec: Box<DeviceSpec>, new: String, typed: String },
    /// The banner wants an `a`.
    Banner(Box<DeviceSpec>),
    /// The prompt is due.
    Done,
    /// The session ends.
    Refused,
}

/// The release from which the forced change states the policy and enforces it.
const POLICY: Version = Version::new(7, 6, 3);

/// How often a new password may be too weak.
const TRIES: usize = 3;

const DISK_WARNING: &str = "\n\
WARNING: File System Check Recommended! An unsafe reboot may have caused an inconsistency in the disk drive.\n\
It is strongly recommended that you check the file system consistency before proceeding.\n\
Please run 'execute disk list' and then 'execute disk scan <ref#>'.\n\
Note: The device will reboot and scan the disk during startup. This may take up to an hour.\n";

/// FIPS-CC mode forces a banner even when nobody wrote one.
const FIPS_BANNER: &str = "POST WARNING:\n\
This is a private computer system. Unauthorized access or use\n\
is prohibited and subject to prosecution and/or disciplinary\n\
action. Any use of this system constitutes consent to\n\
monitoring at all times.\n";

impl Greeting {
    /// The first step, and what the device prints.
    pub(super) fn begin(spec: &DeviceSpec) -> (Greeting, String) {
        let mut text = String::new();
        if spec.traps.verifying_password {
            text.push_str("Verifying password...\n\n");
        }
        if spec.forced_password_change {
            text.push_str(forced(spec.version));
            text.push_str("New Password: ");
            return (Greeting::NewPassword { spec: spec.clone().into(), typed: String::new(), refused: 0 }, text);
        }
        let (greeting, rest) = banner(spec);
        (greeting, text + &rest)
    }

    /// Takes one key.
    pub(super) fn key(self, byte: u8, device: &Device, admin: &str) -> (Greeting, String) {
        let enter = matches!(byte, b'\r' | b'\n');
        match self {
            Greeting::Silent(spec) if enter => (Greeting::Done, format!("\n{}", welcome(&spec))),
            Greeting::Banner(spec) if byte == b'a' => {
                let rest = rest(&spec);
                (rest.0, format!("\n\n{}", rest.1))
            }
            Greeting::Banner(_) => (Greeting::Refused, "\n".into()),
            Greeting::NewPassword { spec, typed, refused } if enter => propose(spec, typed, refused),
            Greeting::NewPassword { spec, typed, refused } => {
                (Greeting::NewPassword { spec, typed: grown(typed, byte), refused }, "*".into())
            }
            Greeting::ConfirmPassword { spec, new, typed } if enter && new == typed => {
                change_password(device, admin, &new);
                let (greeting, text) = banner(&spec);
                (greeting, format!("\n{text}"))
            }
            Greeting::ConfirmPassword { spec, .. } if enter => {
                (Greeting::NewPassword { spec, typed: String::new(), refused: 0 }, "\nNew Password: ".into())
            }
            Greeting::ConfirmPassword { spec, new, typed } => {
                (Greeting::ConfirmPassword { spec, new, typed: grown(typed, byte) }, "*".into())
            }
            waiting => (waiting, String::new()),
        }
    }
}

fn grown(mut typed: String, byte: u8) -> String {
    typed.push(char::from(byte));
    typed
}

fn forced(version: Version) -> &'static str {
    if version >= POLICY {
        "You are forced to change your password. Please input a new password.\n\
         According to the password policy enforced on this device, please change your password!\n\
         New password must conform to the following policy:\n\
         minimum-length=12 upper-case-letter=1 lower-case-letter=1 number=1 non-alphanumeric=1\n\n"
    } else if version < Version::new(7, 0, 0) {
        "You are forced to change your password, please input a new password.\n"
    } else {
        "You are forced to change your password. Please input a new password.\n"
    }
}

fn propose(spec: Box<DeviceSpec>, typed: String, refused: usize) -> (Greeting, String) {
    if spec.version < POLICY || conforms(&typed) {
        return (Greeting::ConfirmPassword { spec, new: typed, typed: String::new() }, "\nConfirm Password: ".into());
    }
    if refused + 1 >= TRIES {
        return (Greeting::Refused, "\nLogin incorrect\n".into());
    }
    let text = "\nNew password doesn't conform to the password policy enforced on this device!\nNew Password: ";
    (Greeting::NewPassword { spec, typed: String::new(), refused: refused + 1 }, text.into())
}

fn conforms(password: &str) -> bool {
    let has = |kind: fn(&char) -> bool| password.chars().any(|character| kind(&character));
    password.chars().count() >= 12
        && has(char::is_ascii_uppercase)
        && has(char::is_ascii_lowercase)
        && has(char::is_ascii_digit)
        && has(|character| !character.is_alphanumeric())
}

fn change_password(device: &Device, admin: &str, new: &str) {
    let mut state = device.lock();
    let spec = Arc::make_mut(&mut state.spec);
    spec.forced_password_change = false;
    for known in spec.admins.iter_mut().filter(|known| known.name == admin) {
        known.password = Some(Password::new(new));
    }
}

fn banner(spec: &DeviceSpec) -> (Greeting, String) {
    let forced = spec.fips.then(|| FIPS_BANNER.to_owned());
    let Some(text) = spec.post_login_banner.clone().or(forced) else { return rest(spec) };
    let space = if spec.traps.accept_space { " " } else { "" };
    let text = format!("{}\n\n(Press 'a' to accept):{space}", text.trim_end_matches('\n'));
    (Greeting::Banner(spec.clone().into()), text)
}

fn rest(spec: &DeviceSpec) -> (Greeting, String) {
    if spec.traps.silent_greeting {
        return (Greeting::Silent(spec.clone().into()), String::new());
    }
    (Greeting::Done, welcome(spec))
}

fn welcome(spec: &DeviceSpec) -> String {
    let mut text = String::new();
    if spec.traps.welcome {
        // Up to 6.2 with a space before the mark (documentation 6.2.1, 440354).
        text.push_str(if spec.version < Version::new(6, 4, 0) { "Welcome !\n" } else { "Welcome!\n\n" });
    }
    if spec.traps.disk_warning {
        text.push_str(DISK_WARNING);
    }
    text
}
