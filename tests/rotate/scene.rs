//! A scene: a simulated device behind SSH and HTTPS whose API users have keys, and rotations on it, one after the other.

use std::path::{Path, PathBuf};
use std::time::Duration;

use fgtkey::deliver::{Destination, EscrowPlace, Format};
use fgtkey::fortios::plan::Consent;
use fgtkey::fortios::render::Templates;
use fgtkey::fortios::transaction::Transaction;
use fgtkey::journal::Journal;
use fgtkey::secret::Secret;
use fgtkey::session::drive::{Interrupt, Interrupter};
use fgtkey::sim::{Device, DeviceSpec, Https, Listen, Login, Server, Shell, Trap, VdomMode};
use fgtkey::ssh::{Dial, DialOptions, Endpoint, PasswordSource, Person};
use fgtkey::verbs::console::Line;
use fgtkey::verbs::custody::Custody;
use fgtkey::verbs::gate::Gate;
use fgtkey::verbs::resume::{Resume, Resumed};
use fgtkey::verbs::rotate::{Rotate, Way};
use fgtkey::verbs::verification::{Mode, TrustChoice, Verification};
use fgtkey::verbs::{Event, Observer};

use super::story::Story;

/// A grace that nobody has to wait for.
pub const AT_ONCE: Way = Way::Grace(Duration::ZERO);

/// What the API users of every scene have, in rows that are not the first.
const SETTINGS: &str = "\
set comments \"ours, NET-1\"
set accprofile tf
set schedule always
config trusthost
edit 2
set ipv4-trusthost 127.0.0.0 255.0.0.0
next
edit 5
set type ipv6-trusthost
set ipv6-trusthost 2001:db8::/64
next
end
";

/// Everything before the first rotation.
pub struct Scene {
    pub spec: DeviceSpec,
    /// The API users that have keys.
    pub users: Vec<String>,
    /// What they are besides.
    pub settings: String,
    /// Whether their keys are made here; else they are as the specification has them.
    pub keyed: bool,
}

/// A device that runs, and the machine that rotates its keys.
pub struct Site {
    pub device: Device,
    pub server: Server,
    pub https: Https,
    /// The API user as the operator names it.
    pub name: String,
    /// The keys of the beginning, by API user.
    pub keys: Vec<(String, String)>,
    pub within: Duration,
    directory: tempfile::TempDir,
}

/// What is done when something happens in a rotation.
pub type Hook = Box<dyn FnMut(&Event) + Send>;

impl Scene {
    /// A FortiGate without VDOMs on 7.4.8, whose API user `tf` has a key.
    pub fn new() -> Scene {
        let spec = DeviceSpec { seed: Some(7), ..DeviceSpec::default() };
        Scene { spec, users: vec!["tf".into()], settings: SETTINGS.into(), keyed: true }
    }

    pub fn on(mut self, version: &str) -> Scene {
        self.spec.version = version.parse().unwrap();
        self
    }

    pub fn with(mut self, change: impl FnOnce(&mut DeviceSpec)) -> Scene {
        change(&mut self.spec);
        self
    }

    pub fn trap(self, name: &str) -> Scene {
        self.with(|spec| name.parse::<Trap>().unwrap().apply(spec))
    }

    pub fn with_vdoms(mut self) -> Scene {
        self.spec.vdom_mode = VdomMode::Multiple;
        self.spec.vdoms = vec!["root".into(), "edge".into()];
        self.settings = format!("set vdom root edge\n{SETTINGS}");
        self
    }

    pub fn with_users(mut self, users: &[&str]) -> Scene {
        self.users = users.iter().map(|name| (*name).to_owned()).collect();
        self
    }

    pub fn with_faults(self, faults: &[&str]) -> Scene {
        self.with(|spec| spec.faults.extend(faults.iter().map(|fault| fault.parse().unwrap())))
    }

    pub async fn start(mut self) -> Site {
        let users: String = self.users.iter().map(|name| format!("edit \"{name}\"\n{}next\n", self.settings)).collect();
        self.spec.config = format!(
            "config system accprofile\nedit tf\nset sysgrp read\nnext\nend\nconfig system api-user\n{users}end\n"
        );
        let device = Device::new(self.spec).unwrap();
        let server = Server::start(device.clone(), Listen::default()).await.unwrap();
        let https = Https::start(device.clone(), ([127, 0, 0, 1], 0).into()).await.unwrap();
        let keyed = self.users.iter().filter(|_| self.keyed);
        let keys = keyed.map(|name| (name.clone(), generate(&device, name))).collect();
        let name = self.users[0].clone();
        let within = Duration::from_secs(20);
        Site { device, server, https, name, keys, within, directory: directory() }
    }
}

/// In memory where that can be had: thousands of deliveries each wait for the disk.
fn directory() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// Another administrator, and what the device greets with.
pub fn shell(device: &Device) -> (Shell, Vec<u8>) {
    let (shell, output) = Shell::open(device, Login { rows: 1000, cols: 511, ..Login::default() });
    (shell, output.bytes)
}

/// Types `text` into the device at its console; returns all it said.
pub fn type_in(device: &Device, text: &str) -> String {
    let (mut shell, mut said) = shell(device);
    for line in text.lines() {
        said.extend(shell.receive(format!("{line}\n").as_bytes()).bytes);
        if said.ends_with(b"password: ") {
            said.extend(shell.receive(b"admin\n").bytes);
        }
    }
    String::from_utf8(said).unwrap()
}

/// Gives an API user a key by hand; empty where the device makes none. Abbreviated, so that no fault is spent on it.
pub fn generate(device: &Device, user: &str) -> String {
    let scope = if device.spec().vdom_mode.is_on() { "config global\n" } else { "" };
    let said = type_in(device, &format!("{scope}exec api-user generate-key {user}\nexec cfg save\n"));
    let key = said.split("New API key: ").nth(1).and_then(|rest| rest.split_whitespace().next());
    key.unwrap_or_default().to_owned()
}

impl Site {
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Where the key goes.
    pub fn destination(&self) -> PathBuf {
        self.path("tf.env")
    }

    /// The key of the beginning.
    pub fn key(&self) -> &str {
        &self.keys[0].1
    }

    /// The key that the consumers have now: that of the beginning until another one is delivered.
    pub fn delivered(&self) -> String {
        let text = std::fs::read_to_string(self.destination()).unwrap_or_default();
        let key = text.lines().find_map(|line| line.strip_prefix("FORTIOS_ACCESS_TOKEN="));
        key.map_or_else(|| self.key().to_owned(), str::to_owned)
    }

    /// Whose key the consumers have, if it is live.
    pub fn user_in_use(&self) -> Option<String> {
        self.device.user_of_key(&self.delivered())
    }

    pub fn escrowed(&self) -> Vec<PathBuf> {
        files(&self.path("escrow"))
    }

    /// All that the journal says.
    pub fn journal_text(&self) -> String {
        let texts = files(&self.path("journal").join("FG100FTK00000000")).into_iter();
        texts.map(|path| std::fs::read_to_string(path).unwrap()).collect()
    }

    /// A rotation as the operator would ask for it: no proof, no waiting.
    pub fn rotate(&self, way: Way) -> Rotate {
        let destination = format!("dotenv:{}", self.destination().display());
        Rotate {
            line: self.line(),
            api_user: self.name.parse().unwrap(),
            current: None,
            expires: None,
            transaction: Transaction::Off,
            way,
            if_older_than: None,
            consent: Consent::default(),
            templates: Templates::embedded().unwrap(),
            custody: Custody {
                destinations: vec![destination.parse::<Destination>().unwrap()],
                format: Format::Key,
                escrow: EscrowPlace::open(self.path("escrow")),
                escrow_identity: None,
                verification: Verification {
                    mode: Mode::Off,
                    https_port: None,
                    trust: TrustChoice::Learned,
                    within: Duration::from_secs(5),
                },
                journal: Journal::at(self.path("journal")),
            },
        }
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
            within: self.within,
            interrupt: Interrupt::never(),
            simulated: false,
            serial: None,
            gate: Gate::Open,
        }
    }

    pub async fn run(&self, way: Way) -> Story {
        self.run_as(way, |_| ()).await
    }

    pub async fn run_as(&self, way: Way, change: impl FnOnce(&mut Rotate)) -> Story {
        self.run_hooked(way, change, Box::new(|_| ())).await
    }

    /// A rotation in which the operator interrupts when `when` happens.
    pub async fn interrupted(&self, way: Way, mut when: impl FnMut(&Event) -> bool + Send + 'static) -> Story {
        let (interrupter, interrupt) = Interrupter::pair();
        let hook = move |event: &Event| {
            if when(event) {
                interrupter.interrupt();
            }
        };
        self.run_hooked(way, |rotate| rotate.line.interrupt = interrupt, Box::new(hook)).await
    }

    pub async fn run_hooked(&self, way: Way, change: impl FnOnce(&mut Rotate), hook: Hook) -> Story {
        let mut rotate = self.rotate(way);
        change(&mut rotate);
        let typed = self.device.commands().len();
        let mut teller = Teller { events: Vec::new(), hook };
        let result = Box::pin(rotate.run(&mut teller)).await;
        Story { result, events: teller.events, commands: self.device.commands().split_off(typed) }
    }

    /// `fgtkey deliver --resume`: what it says of each key.
    pub fn resume(&self) -> Vec<Result<Option<String>, String>> {
        let resume = Resume {
            escrow: EscrowPlace::open(self.path("escrow")),
            identity: None,
            journal: Journal::at(self.path("journal")),
            format: Format::Key,
            devices: Vec::new(),
        };
        let mut told = Vec::new();
        resume.run(&mut |resumed: &Resumed| {
            told.push(match &resumed.outcome {
                Ok(_) => Ok(resumed.retires.clone()),
                Err(why) => Err(format!("{why:?}")),
            });
        });
        told
    }
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect();
    paths.sort();
    paths
}

struct Teller {
    events: Vec<Event>,
    hook: Hook,
}

impl Observer for Teller {
    fn on(&mut self, _device: &str, event: Event) {
        (self.hook)(&event);
        self.events.push(event);
    }
}
