//! The words of a verification: one object for programs; for people, what is in the way of a key and what mends it.

use serde::Serialize;

use super::{Exit, Reporter, Verbosity};
use crate::verbs::verification::Mode;
use crate::verbs::verified::{Cause, Verified};
use crate::verbs::verify::Proof;

impl Reporter {
    /// Says what is in the way of a key that was not seen to work; returns how a run ends that did nothing else.
    pub fn proven(&mut self, device: &str, verified: &Verified, mode: Mode) -> Exit {
        let failed = match verified.verified {
            Some(true) => {
                self.about_urls(verified);
                return Exit::Done;
            }
            Some(false) => true,
            None => mode == Mode::Require,
        };
        if failed {
            let what =
                if verified.verified.is_none() { "the key could not be proven" } else { "the key does not work" };
            self.say_error(Some(device), &format!("{what}: {}", verified.detail));
            self.way_out(verified);
        } else if self.verbosity >= Verbosity::Story {
            self.way_out(verified);
        }
        match (&verified.cause, failed) {
            (Some(Cause::Interrupted), _) => Exit::Interrupted,
            (_, true) => Exit::Failed,
            (_, false) => Exit::Done,
        }
    }

    fn about_urls(&mut self, verified: &Verified) {
        if verified.key_in_url == Some(false) && self.verbosity >= Verbosity::Story {
            self.note(
                "this device refuses keys in URLs (`access_token=`): consumers have to send the Authorization header",
            );
        }
    }

    /// Says of a key that was delivered all the same that the API refuses it, and what mends that.
    pub fn doubtful(&mut self, device: &str, verified: &Verified) {
        if verified.verified == Some(false) {
            self.note(&format!("{device}: the key was delivered, but it does not work: {}", verified.detail));
            self.way_out(verified);
        }
    }

    /// Says what mends the cause.
    pub fn way_out(&mut self, verified: &Verified) {
        if let Some(mend) = &verified.mend {
            self.note("this mends it on the device:");
            self.message_lines(&mend.to_string());
        }
        if let Some(hint) = verified.cause.as_ref().and_then(|cause| cause.hint()) {
            self.hint(&hint);
        }
    }
}

/// One JSON object on one line. What is not known is null.
pub fn to_json(proof: &Proof) -> String {
    let Proof { device, address, status, user, verified } = proof;
    let object = Object {
        device,
        address,
        hostname: &status.hostname,
        serial: &status.serial,
        model: &status.model,
        fortios: status.version.to_string(),
        vdom_mode: status.vdom_mode.word(),
        api_user: user.as_ref().map(|user| user.name.as_str()),
        profile: user.as_ref().and_then(|user| user.value("accprofile")),
        trusted_hosts: user.as_ref().map(|user| user.hosts().iter().map(ToString::to_string).collect()),
        verified: verified.verified,
        verify_detail: &verified.detail,
        http_status: verified.status,
        certificate: verified.assurance.as_ref().map(ToString::to_string),
        cause: verified.cause.as_ref().map(|cause| cause.word()),
        mend: verified.mend.as_ref().map(ToString::to_string),
        hint: verified.cause.as_ref().and_then(|cause| cause.hint()),
        key_in_url: verified.key_in_url,
    };
    // Strings, numbers and lists always have a JSON form.
    serde_json::to_string(&object).map(|line| line + "\n").unwrap_or_default()
}

/// The form of `-o json`: stable. The first fields are those of the record of a mint.
#[derive(Serialize)]
struct Object<'a> {
    device: &'a str,
    address: &'a str,
    hostname: &'a str,
    serial: &'a str,
    model: &'a str,
    fortios: String,
    vdom_mode: &'static str,
    api_user: Option<&'a str>,
    profile: Option<&'a str>,
    trusted_hosts: Option<Vec<String>>,
    verified: Option<bool>,
    verify_detail: &'a str,
    http_status: Option<u16>,
    certificate: Option<String>,
    cause: Option<&'static str>,
    mend: Option<String>,
    hint: Option<String>,
    key_in_url: Option<bool>,
}
