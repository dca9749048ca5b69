//! A scene: a simulated device with SSH and HTTPS, an API user with a key, and how the key is to be proven.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use fgtkey::fortios::render::Templates;
use fgtkey::rest::{Authorities, Fingerprint};
use fgtkey::secret::Secret;
use fgtkey::session::drive::Interrupt;
use fgtkey::sim::{Device, DeviceSpec, Https, Listen, Login, Server, Shell, Trap, VdomMode, pem};
use fgtkey::ssh::{Dial, DialOptions, Endpoint, PasswordSource, Person};
use fgtkey::verbs::console::Line;
use fgtkey::verbs::failure::Failure;
use fgtkey::verbs::gate::Gate;
use fgtkey::verbs::verification::{Mode, TrustChoice, Verification};
use fgtkey::verbs::verified::Verified;
use fgtkey::verbs::verify::{Proof, Verify};
use fgtkey::verbs::{Event, Observer};

/// The API user of every scene.
pub const NAME: &str = "tf";

/// Everything before the proof.
pub struct Scene {
    pub spec: DeviceSpec,
    /// The trusted hosts of the API user, as lines.
    pub hosts: Vec<&'static str>,
    pub vdom: Option<&'static str>,
    /// Lines of the API user besides.
    pub lines: Vec<&'static str>,
    pub listen: SocketAddr,
    pub mode: Mode,
    pub within: Duration,
    /// Whether the operator names the API user.
    pub named: bool,
    /// Where HTTPS is looked for, when it is not where the device says.
    pub https_port: Option<u16>,
}

/// A device that runs, with a key.
pub struct Site {
    pub scene: Scene,
    pub device: Device,
    pub server: Server,
    pub https: Https,
    pub key: String,
}

/// What came of it.
pub struct Story {
    pub result: Result<Proof, Box<Failure>>,
    pub events: Vec<Event>,
    /// How many requests the API has seen.
    pub requests: usize,
    pub before: String,
    pub after: String,
}

impl Scene {
    /// A FortiGate without VDOMs on 7.4.8, whose API user may come from loopback.
    pub fn new() -> Scene {
        Scene {
            spec: DeviceSpec { seed: Some(7), ..DeviceSpec::default() },
            hosts: vec!["set ipv4-trusthost 127.0.0.0 255.0.0.0"],
            vdom: None,
            lines: Vec::new(),
            listen: ([127, 0, 0, 1], 0).into(),
            mode: Mode::Auto,
            within: Duration::from_secs(20),
            named: true,
            https_port: None,
        }
    }

    pub fn with(mut self, change: impl FnOnce(&mut Scene)) -> Scene {
        change(&mut self);
        self
    }

    pub fn trap(self, names: &[&str]) -> Scene {
        self.with(|scene| names.iter().for_each(|name| name.parse::<Trap>().unwrap().apply(&mut scene.spec)))
    }

    pub fn vdom(self, vdom: &'static str) -> Scene {
        self.with(|scene| {
            scene.spec.vdom_mode = VdomMode::Multiple;
            scene.spec.vdoms = vec!["root".into(), "edge".into()];
            scene.vdom = Some(vdom);
        })
    }

    pub async fn start(self) -> Site {
        let device = Device::new(self.spec.clone()).unwrap();
        let listen = Listen { addr: SocketAddr::new(self.listen.ip(), 0), ..Listen::default() };
        let server = Server::start(device.clone(), listen).await.unwrap();
        let https = Https::start(device.clone(), self.listen).await.unwrap();
        type_in(&device, &self.user());
        let key = generate(&device);
        Site { scene: self, device, server, https, key }
    }

    pub async fn run(self) -> Story {
        self.start().await.run().await
    }

    fn user(&self) -> String {
        let scope = if self.spec.vdom_mode.is_on() { "config global\n" } else { "" };
        let vdom = self.vdom.map(|vdom| format!("set vdom {vdom}\n")).unwrap_or_default();
        let rows: String = (1..).zip(&self.hosts).map(|(id, line)| format!("edit {id}\n{line}\nnext\n")).collect();
        let hosts = if rows.is_empty() { rows } else { format!("config trusthost\n{rows}end\n") };
        let lines = self.lines.join("\n");
        format!(
            "{scope}config system accprofile\nedit {NAME}\nset sysgrp read\nend\nconfig system api-user\nedit {NAME}\n\
             set accprofile {NAME}\n{vdom}{hosts}{lines}\nend\n"
        )
    }
}

/// Types `text` into the device at its console; returns all it said.
pub fn type_in(device: &Device, text: &str) -> String {
    let (mut shell, output) = Shell::open(device, Login { rows: 1000, cols: 511, ..Login::default() });
    let mut said = output.bytes;
    for line in text.lines() {
        said.extend(shell.receive(format!("{line}\n").as_bytes()).bytes);
        if said.ends_with(b"password: ") {
            said.extend(shell.receive(b"admin\n").bytes);
        }
    }
    String::from_utf8(said).unwrap()
}

/// Generates a key, which voids the one before.
pub fn generate(device: &Device) -> String {
    let scope = if device.spec().vdom_mode.is_on() { "config global\n" } else { "" };
    let said = type_in(device, &format!("{scope}execute api-user generate-key {NAME}\n"));
    said.split("New API key: ").nth(1).unwrap().split_whitespace().next().unwrap().to_owned()
}

impl Site {
    pub async fn run(self) -> Story {
        self.trusting(TrustChoice::Learned).await
    }

    /// The certificate of the device's own authority, as a file for `--ca`.
    pub fn ca(&self) -> TrustChoice {
        bundle(&self.https.ca_pem().unwrap())
    }

    pub async fn trusting(&self, trust: TrustChoice) -> Story {
        let before = self.device.config_text();
        let verify = Verify {
            line: self.line(),
            templates: Templates::embedded().unwrap(),
            verification: Verification {
                mode: self.scene.mode,
                https_port: self.scene.https_port,
                trust,
                within: self.scene.within,
            },
            api_user: self.scene.named.then(|| NAME.to_owned()),
            key: Arc::new(Secret::new(self.key.clone())),
        };
        let mut events = Events(Vec::new());
        let result = verify.run(&mut events).await;
        let requests = self.https.counters().requests.load(Ordering::Relaxed);
        let after = self.device.config_text();
        let story = Story { result, events: events.0, requests, before, after };
        story.keeps_the_promises(&self.key);
        story
    }

    fn line(&self) -> Line {
        let addr = self.server.addr();
        let options = DialOptions {
            password: PasswordSource::Ask,
            host_key: self.server.fingerprint().parse().unwrap(),
            timeout: Duration::from_secs(20),
            person: Person::answering(|_| Ok(Secret::new("admin"))),
            ..DialOptions::default()
        };
        let endpoint =
            Endpoint { name: "fw1".into(), host: addr.ip().to_string(), port: addr.port(), user: "admin".into() };
        Line {
            dial: Dial::new(options),
            endpoint,
            within: Duration::from_secs(20),
            interrupt: Interrupt::never(),
            simulated: false,
            serial: None,
            gate: Gate::Open,
        }
    }
}

/// A file for `--ca`, which is read at once.
pub fn bundle(text: &str) -> TrustChoice {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    TrustChoice::Ca(Authorities::read(file.path()).unwrap())
}

/// `--tls-fingerprint` of what the device would present now.
pub fn fingerprint(der: &[u8]) -> TrustChoice {
    TrustChoice::Fingerprint(Fingerprint::of(der))
}

/// The PEM of a certificate.
pub fn to_pem(der: &[u8]) -> String {
    pem(der)
}

struct Events(Vec<Event>);

impl Observer for Events {
    fn on(&mut self, _device: &str, event: Event) {
        self.0.push(event);
    }
}

impl Story {
    pub fn verified(&self) -> &Verified {
        &self.result.as_ref().unwrap().verified
    }

    /// Whether the key works, the word of the cause, and how it is told.
    pub fn told(&self) -> (Option<bool>, &'static str, &str) {
        let verified = self.verified();
        (verified.verified, verified.cause.as_ref().map_or("", |cause| cause.word()), &verified.detail)
    }

    /// The promises that hold for every proof: the device is as it was, the key is in nothing that is told, and the API is
    /// asked at most once.
    fn keeps_the_promises(&self, key: &str) {
        assert_eq!(self.before, self.after, "the device was changed");
        let all = format!("{:?} {:?}", self.events, self.result);
        assert!(!all.contains(key), "the key leaks: {all}");
        assert!(self.requests <= 1, "{} requests", self.requests);
    }
}
