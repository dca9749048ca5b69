//! The step that proves a key: learn over the live session which certificate is the device's, ask the API once, explain
//! the answer.

use std::time::Duration;

use jiff::Timestamp;

use crate::fortios::facts::Facts;
use crate::fortios::https::{self, Https};
use crate::fortios::objects::{Profile, User};
use crate::fortios::render::Templates;
use crate::fortios::status::Status;
use crate::rest::{Authorities, Fingerprint, Handshake, Learned, ServerName, Trust, Trusted};
use crate::secret::Secret;
use crate::session::drive::Interrupt;
use crate::ssh::Tunnel;

use super::console::{Console, Line};
use super::diagnosis;
use super::event::{Event, Observer, Warning};
use super::lesson::{Lesson, LessonError};
use super::verified::{Cause, Verified};

/// Whether a key is proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Where this machine may reach the API; what cannot be tried is told and is no failure.
    #[default]
    Auto,
    /// In any case: a key that was not seen to work is a failure.
    Require,
    /// Not at all.
    Off,
}

/// Which certificate is taken for the device's.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum TrustChoice {
    /// The one that it shows over SSH.
    #[default]
    Learned,
    /// One of these, or signed by one of these: `--ca`.
    Ca(Authorities),
    /// The one with this fingerprint: `--tls-fingerprint`.
    Fingerprint(Fingerprint),
    /// Any: `--insecure`.
    Insecure,
}

/// How a key is to be proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// Whether.
    pub mode: Mode,
    /// The port of HTTPS administration; `None`: the one that the device names.
    pub https_port: Option<u16>,
    /// Which certificate is trusted.
    pub trust: TrustChoice,
    /// How long each step may take: the connection, the TLS handshake, the answer.
    pub within: Duration,
}

/// What is known of the device and the API user when a key is to be proven.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// The device.
    pub status: &'a Status,
    /// What else was read of it.
    pub facts: &'a Facts,
    /// The API user as it is on the device; `None`: it is not known.
    pub user: Option<&'a User>,
    /// Its access profile as it is on the device, if it was read.
    pub profile: Option<&'a Profile>,
    /// When the key was generated, if it is known.
    pub generated_at: Option<Timestamp>,
    /// When the key ends, if it does and that is known.
    pub expires_at: Option<Timestamp>,
    /// How the device serves its API, if that was read already.
    pub https: Option<&'a Https>,
}

/// Proves a key, and tells the observer what came of it ([`Event::Verified`]; nothing when the mode is off): whatever
/// happens comes as a result, never as an error. The session is at its base prompt before and after, unless it is lost,
/// and nothing is changed on the device.
pub async fn verify(
    console: &mut Console,
    line: &Line,
    templates: &Templates,
    known: &Known<'_>,
    verification: &Verification,
    key: &Secret,
    observer: &mut (dyn Observer + Send),
) -> Verified {
    if verification.mode == Mode::Off {
        return Verified::unknown(Cause::Off);
    }
    let verified = match diagnosis::untrusted(known).filter(|_| verification.mode == Mode::Auto) {
        Some(cause) => Verified::unknown(cause),
        None => {
            let mut interrupt = line.interrupt.clone();
            let lesson = Lesson { console, line, templates, vdoms: known.status.vdom_mode.has_vdoms(), observer };
            let attempt = Attempt { lesson, known, verification, https: Https::default() };
            let verified = attempt.run(key, &mut interrupt).await;
            mended(verified, templates, known)
        }
    };
    observer.on(&line.endpoint.name, Event::Verified(Box::new(verified.clone())));
    verified
}

/// With the CLI that mends the cause.
fn mended(mut verified: Verified, templates: &Templates, known: &Known<'_>) -> Verified {
    let edit = verified.cause.as_ref().zip(known.user).and_then(|(cause, user)| diagnosis::mending(cause, user));
    // A name that cannot be typed leaves the person without the lines, not without the cause.
    verified.mend = edit.and_then(|edit| templates.edits(known.status.vdom_mode.has_vdoms(), &[edit]).ok());
    verified
}

/// One try.
struct Attempt<'a> {
    lesson: Lesson<'a>,
    known: &'a Known<'a>,
    verification: &'a Verification,
    https: Https,
}

impl Attempt<'_> {
    async fn run(mut self, key: &Secret, interrupt: &mut Interrupt) -> Verified {
        let learned = self.learn().await;
        let verified = match learned {
            Ok(trust) => tokio::select! {
                biased;
                () = interrupt.raised() => Verified::unknown(Cause::Interrupted),
                verified = self.ask(trust, key) => verified.unwrap_or_else(Verified::unknown),
            },
            Err(cause) => Verified::unknown(cause),
        };
        Verified { key_in_url: self.https.key_in_url, ..verified }
    }

    /// Reads over SSH what the flags leave open.
    async fn learn(&mut self) -> Result<Trust, Cause> {
        let is_learned = self.verification.trust == TrustChoice::Learned;
        if let Some(https) = self.known.https {
            self.https = https.clone();
        } else if is_learned || self.verification.https_port.is_none() {
            self.https = self.lesson.https().await.map_err(unread)?;
        }
        Ok(match &self.verification.trust {
            TrustChoice::Learned => Trust::Learned(Learned {
                device: self.known.status.serial.clone(),
                own: self.lesson.certificates(&self.https).await.map_err(unread)?,
                authorities: Vec::new(),
            }),
            TrustChoice::Ca(authorities) => Trust::Authorities(authorities.clone()),
            TrustChoice::Fingerprint(fingerprint) => Trust::Fingerprint(*fingerprint),
            TrustChoice::Insecure => {
                self.lesson.tell(Event::Warning(Warning::Insecure));
                Trust::Anything
            }
        })
    }

    /// Connects, judges, asks.
    async fn ask(&mut self, trust: Trust, key: &Secret) -> Result<Verified, Cause> {
        let endpoint = &self.lesson.line.endpoint;
        let within = self.verification.within;
        let port = self.verification.https_port.or(self.https.port).unwrap_or(https::DEFAULT_PORT);
        let tunnel = self.lesson.line.dial.tunnel(endpoint, port, within).await;
        let tunnel = tunnel.map_err(|error| diagnosis::of_dial(&error))?;
        let names = names(&endpoint.host, &tunnel);
        let name = names.first().cloned().ok_or_else(|| Cause::Unreachable(no_name(&endpoint.host)))?;
        let handshake = within_time(within, "for the TLS handshake", Handshake::begin(tunnel, name)).await?;
        let handshake = handshake.map_err(|error| diagnosis::of_handshake(&error))?;
        let trusted = self.trusting(handshake, trust, &names).await?;
        let assurance = trusted.assurance().clone();
        let vdom = diagnosis::vdom_to_ask_in(self.known);
        let host = host_header(&self.lesson.line.endpoint.host, port);
        let answer = within_time(within, "for the answer", trusted.ask(&host, vdom.as_deref(), key)).await?;
        let answer = answer.map_err(|error| diagnosis::of_ask(&error))?;
        let cause = diagnosis::diagnose(&answer, self.known, vdom.as_deref(), Timestamp::now());
        Ok(match cause {
            None => Verified::works(answer.status, assurance),
            Some(cause) => Verified::refused(answer.status, assurance, cause),
        })
    }

    /// Judges what was presented. What the device did not show may have been issued again since, or be signed by an
    /// authority that it knows: it is asked once more.
    async fn trusting(
        &mut self,
        handshake: Handshake<Tunnel>,
        trust: Trust,
        names: &[ServerName<'static>],
    ) -> Result<Trusted<Tunnel>, Cause> {
        let (handshake, fault) = match handshake.trusting(&trust, names, Timestamp::now()) {
            Ok(trusted) => return Ok(trusted),
            Err(refused) => *refused,
        };
        let (Trust::Learned(learned), Some(leaf)) = (trust, handshake.leaf()) else { return Err(fault.into()) };
        let own = self.lesson.certificates(&self.https).await.map_err(unread)?;
        let authorities = self.lesson.authorities(&leaf).await.map_err(unread)?;
        let trust = Trust::Learned(Learned { own, authorities, ..learned });
        handshake.trusting(&trust, names, Timestamp::now()).map_err(|refused| Cause::from(refused.1))
    }
}

fn unread(error: LessonError) -> Cause {
    if error.is_interrupt() { Cause::Interrupted } else { Cause::Unread(error.to_string()) }
}

async fn within_time<T>(
    within: Duration,
    while_doing: &'static str,
    step: impl Future<Output = T>,
) -> Result<T, Cause> {
    tokio::time::timeout(within, step).await.map_err(|_| Cause::TimedOut { while_doing, after: within })
}

/// The names and addresses that a certificate of the device may have: as the operator names it, as `ssh_config` resolves
/// that, and the address that answered.
fn names(host: &str, tunnel: &Tunnel) -> Vec<ServerName<'static>> {
    let address = tunnel.address.map(|address| address.ip().to_string());
    let mut names: Vec<ServerName<'static>> = Vec::new();
    for name in [Some(host), Some(tunnel.host.as_str()), address.as_deref()].into_iter().flatten() {
        let name = without_zone(name).to_owned();
        names.extend(ServerName::try_from(name).ok().filter(|name| !names.contains(name)));
    }
    names
}

fn no_name(host: &str) -> String {
    format!("`{host}` is not a name that TLS knows")
}

/// `fe80::1` out of `fe80::1%eth0`, which means something on this machine only.
fn without_zone(host: &str) -> &str {
    host.split('%').next().unwrap_or(host)
}

/// `Host: fw1`, `Host: [2001:db8::1]:8443`.
fn host_header(host: &str, port: u16) -> String {
    let host = without_zone(host);
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    if port == https::DEFAULT_PORT { host } else { format!("{host}:{port}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_of_a_request_has_brackets_and_a_port_where_they_belong() {
        for (host, port, header) in [
            ("fw1", 443, "fw1"),
            ("fw1", 8443, "fw1:8443"),
            ("2001:db8::1", 443, "[2001:db8::1]"),
            ("fe80::1%eth0", 8443, "[fe80::1]:8443"),
        ] {
            assert_eq!(host_header(host, port), header);
        }
    }
}
