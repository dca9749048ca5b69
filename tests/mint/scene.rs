//! A scene: a simulated device behind its SSH server, a request, and how we log in. Running it is a mint; what comes of it
//! is a [`Story`].

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use fgtkey::deliver::{Destination, EscrowPlace, Format};
use fgtkey::fortios::plan::Consent;
use fgtkey::fortios::render::Templates;
use fgtkey::fortios::request::{Request, RequestFlags};
use fgtkey::fortios::transaction::Transaction;
use fgtkey::journal::Journal;
use fgtkey::secret::Secret;
use fgtkey::session::drive::{Interrupt, Interrupter};
use fgtkey::sim::{Device, DeviceSpec, Fault, Listen, Server, VdomMode};
use fgtkey::ssh::{Dial, DialOptions, Endpoint, HostKeyPolicy, PasswordSource, Person};
use fgtkey::verbs::console::Line;
use fgtkey::verbs::custody::Custody;
use fgtkey::verbs::exec::{Exec, Ran};
use fgtkey::verbs::failure::Failure;
use fgtkey::verbs::gate::Gate;
use fgtkey::verbs::mint::{Asked, Errand, Mint};
use fgtkey::verbs::program::Program;
use fgtkey::verbs::verification::{Mode, TrustChoice, Verification};
use fgtkey::verbs::{Event, Observer};
use russh::keys::{Algorithm, PrivateKey};
use tokio::net::TcpListener;

use super::story::{Story, type_in};
use super::switch::{Way, switch};

/// The API user and the profile of every scene.
pub const NAME: &str = "tf";

/// What is done when something happens in a mint.
type Hook = Box<dyn FnMut(&Event) + Send>;

/// Everything before the mint.
pub struct Scene {
    pub spec: DeviceSpec,
    pub listen: Listen,
    pub flags: RequestFlags,
    pub consent: Consent,
    pub transaction: Transaction,
    pub login: DialOptions,
    /// How long one reply may take.
    pub within: Duration,
    /// Whether the API user gets a key before the mint.
    pub keyed: bool,
    pub errand: Errand,
    pub interrupt: Interrupt,
    pub hook: Hook,
    pub destination: PathBuf,
    /// Who answers at the second connection, the third and so on; the last one at all that follow. Empty: the device.
    pub reconnects: Vec<Reconnect>,
    directory: tempfile::TempDir,
}

/// A scene to begin with, and its name.
pub type Start = (&'static str, fn() -> Scene);

/// What a connection meets after the first one.
pub enum Reconnect {
    /// Nobody listens any more.
    Refused,
    /// It is closed before a byte is said.
    Closed,
    /// Another device, under the same host key.
    To(Box<DeviceSpec>),
}

/// An access that was lent to a command.
pub struct Lending {
    /// The configuration before and after it.
    pub before: String,
    pub after: String,
    /// What the device was sent.
    pub commands: Vec<String>,
    pub events: Vec<Event>,
    pub ran: Result<Ran, Box<Failure>>,
}

fn host_key() -> PrivateKey {
    PrivateKey::random(&mut russh::keys::key::safe_rng(), Algorithm::Ed25519).unwrap()
}

/// The request of every scene.
pub fn request() -> RequestFlags {
    RequestFlags {
        api_user: Some(NAME.into()),
        comments: Some("new".into()),
        grants: vec!["fwgrp.address=read".into(), "sysgrp=read".into()],
        trusted_hosts: vec!["10.0.0.1".into(), "2001:db8::/64".into()],
        ..RequestFlags::default()
    }
}

/// Both objects, but not as the request wants them.
pub const OTHER_OBJECTS: &str = "\
config system accprofile
edit tf
set comments old
set sysgrp read-write
set netgrp read
set fwgrp custom
config fwgrp-permission
set policy read
end
next
end
config system api-user
edit tf
set comments old
set accprofile tf
config trusthost
edit 2
set ipv4-trusthost 10.0.0.1 255.255.255.255
next
edit 4
set ipv4-trusthost 10.9.0.0 255.255.0.0
next
end
next
end
";

/// Both objects as the request wants them.
pub const RIGHT_OBJECTS: &str = "\
config system accprofile
edit tf
set sysgrp read
set fwgrp custom
config fwgrp-permission
set address read
end
next
end
config system api-user
edit tf
set comments new
set accprofile tf
config trusthost
edit 1
set ipv4-trusthost 10.0.0.1 255.255.255.255
next
edit 2
set type ipv6-trusthost
set ipv6-trusthost 2001:db8::/64
next
end
next
end
";

impl Scene {
    /// A FortiGate without VDOMs on 7.4.8 that has neither object; we log in with the password.
    pub fn new() -> Scene {
        let directory = directory();
        Scene {
            spec: DeviceSpec { seed: Some(7), ..DeviceSpec::default() },
            listen: Listen::default(),
            flags: request(),
            consent: Consent::default(),
            transaction: Transaction::Off,
            login: with_password("admin"),
            within: Duration::from_secs(20),
            keyed: false,
            errand: Errand::Keep,
            interrupt: Interrupt::never(),
            hook: Box::new(|_| ()),
            reconnects: Vec::new(),
            destination: directory.path().join("keys/fw1.key"),
            directory,
        }
    }

    pub fn on(mut self, version: &str) -> Scene {
        self.spec.version = version.parse().unwrap();
        self
    }

    pub fn with_vdoms(mut self) -> Scene {
        self.spec.vdom_mode = VdomMode::Multiple;
        self.spec.vdoms = vec!["root".into(), "edge".into()];
        self
    }

    pub fn having(mut self, config: &str) -> Scene {
        self.spec.config = config.into();
        // A user gets its VDOM on a device that has them, as FortiOS does it.
        if self.spec.vdom_mode.is_on() {
            self.spec.config = config.replace("set accprofile tf\n", "set accprofile tf\nset vdom root\n");
        }
        self
    }

    /// The user has a key, and the operator lets it be replaced.
    pub fn replacing_a_key(mut self) -> Scene {
        self.keyed = true;
        self.consent.replace_key = true;
        self
    }

    pub fn with_faults(mut self, faults: &[&str]) -> Scene {
        self.spec.faults.extend(faults.iter().map(|fault| fault.parse::<Fault>().unwrap()));
        self
    }

    pub fn silent_after(mut self, within: Duration) -> Scene {
        self.within = within;
        self
    }

    pub fn hooked(mut self, hook: impl FnMut(&Event) + Send + 'static) -> Scene {
        self.hook = Box::new(hook);
        self
    }

    /// Interrupts when the line that begins with `text` is sent for the `nth` time.
    pub fn interrupted_at(mut self, nth: usize, text: &str) -> Scene {
        let (interrupter, interrupt) = Interrupter::pair();
        let (text, mut seen) = (text.to_owned(), 0);
        self.interrupt = interrupt;
        self.hooked(move |event| {
            seen += usize::from(matches!(event, Event::Line(line) if line.starts_with(&text)));
            if seen == nth {
                interrupter.interrupt();
            }
        })
    }

    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The device, ready to be minted on; a key that the user already has is made here.
    pub fn device(&self) -> (Device, Option<String>) {
        let device = Device::new(self.spec.clone()).unwrap();
        let key = self.keyed.then(|| generate_key(&device));
        (device, key)
    }

    pub async fn run(self) -> Story {
        let (device, old_key) = self.device();
        self.run_on(device, old_key).await
    }

    pub fn then_meeting(mut self, reconnects: impl IntoIterator<Item = Reconnect>) -> Scene {
        self.reconnects.extend(reconnects);
        self
    }

    /// Mints for a command, runs it and takes the access away.
    pub async fn lend(mut self, ttl: Option<Duration>, script: &str) -> Lending {
        self.errand = Errand::Lend { ttl };
        self.listen.host_key = Some(host_key());
        let (device, _) = self.device();
        let server = Server::start(device.clone(), self.listen.clone()).await.unwrap();
        let (before, typed) = (device.config_text(), device.commands().len());
        std::fs::create_dir_all(self.destination.parent().unwrap()).unwrap();
        let program = Program::find(&["sh", "-c", script].map(Into::into)).unwrap();
        let mut mint = self.mint(&server, server.addr());
        mint.custody.destinations.clear();
        let mut teller = Teller { events: Vec::new(), hook: self.hook };
        let exec = Exec::new(mint, program);
        let ran = match exec.lease(&mut teller).await {
            Ok(lease) => Ok(exec.run(lease, &mut teller).await),
            Err(failure) => Err(failure),
        };
        let commands = device.commands().split_off(typed);
        Lending { before, after: device.config_text(), commands, events: teller.events, ran }
    }

    pub async fn run_on(mut self, device: Device, old_key: Option<String>) -> Story {
        self.listen.host_key = Some(host_key());
        let server = Server::start(device.clone(), self.listen.clone()).await.unwrap();
        let before = device.config_text();
        let typed = device.commands().len();
        std::fs::create_dir_all(self.destination.parent().unwrap()).unwrap();
        let (addr, others) = self.front(server.addr()).await;
        let mint = self.mint(&server, addr);
        let Scene { hook, destination, directory, .. } = self;
        let mut teller = Teller { events: Vec::new(), hook };
        let result = mint.run(&mut teller).await;
        let commands = device.commands().split_off(typed);
        Story {
            device,
            server,
            result: result.map(|minted| minted.record),
            events: teller.events,
            before,
            old_key,
            commands,
            others,
            destination,
            directory,
        }
    }

    /// The address to connect to: the device's own, or that of a switch in front of it and of those that come after it.
    async fn front(&mut self, device: SocketAddr) -> (SocketAddr, Vec<Server>) {
        if self.reconnects.is_empty() {
            return (device, Vec::new());
        }
        let (mut ways, mut others) = (vec![Way::To(device)], Vec::new());
        for reconnect in self.reconnects.drain(..) {
            ways.push(match reconnect {
                Reconnect::Refused => Way::Gone,
                Reconnect::Closed => Way::Closed,
                Reconnect::To(spec) => {
                    let other = Server::start(Device::new(*spec).unwrap(), self.listen.clone()).await.unwrap();
                    let way = Way::To(other.addr());
                    others.push(other);
                    way
                }
            });
        }
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let addr = listener.local_addr().unwrap();
        tokio::spawn(switch(listener, ways));
        (addr, others)
    }

    pub fn mint(&self, server: &Server, addr: SocketAddr) -> Mint {
        let mut login = self.login.clone();
        login.host_key = server.fingerprint().parse::<HostKeyPolicy>().unwrap();
        let endpoint =
            Endpoint { name: "fw1".into(), host: addr.ip().to_string(), port: addr.port(), user: "admin".into() };
        Mint {
            line: Line {
                dial: Dial::new(login),
                endpoint,
                within: self.within,
                interrupt: self.interrupt.clone(),
                simulated: false,
                serial: None,
                gate: Gate::Open,
            },
            transaction: self.transaction,
            asked: Asked::Request(Arc::new(Request::from_parts(None, self.flags.clone()).unwrap())),
            consent: self.consent,
            templates: Templates::embedded().unwrap(),
            custody: Custody {
                destinations: vec![format!("file:{}", self.destination.display()).parse::<Destination>().unwrap()],
                format: Format::Key,
                escrow: EscrowPlace::open(self.directory.path().join("escrow")),
                escrow_identity: None,
                verification: Verification {
                    mode: Mode::Off,
                    https_port: None,
                    trust: TrustChoice::Learned,
                    within: Duration::from_secs(5),
                },
                journal: Journal::at(self.directory.path().join("journal")),
            },
            errand: self.errand,
        }
    }
}

/// In memory where that can be had: thousands of deliveries each wait for the disk.
fn directory() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// A login with this password, which somebody enters.
pub fn with_password(password: &'static str) -> DialOptions {
    DialOptions {
        password: PasswordSource::Ask,
        person: Person::answering(move |_| Ok(Secret::new(password))),
        ..DialOptions::default()
    }
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

/// Gives the user a key by hand.
fn generate_key(device: &Device) -> String {
    // Abbreviated, so that no fault of a scene is spent on it.
    let generate = format!("exec api-user generate-key {NAME}");
    let vdoms = device.spec().vdom_mode.is_on();
    let said = type_in(device, &if vdoms { format!("config global\n{generate}\nend\n") } else { generate });
    let (_, key) = said.split_once("New API key: ").unwrap();
    key.split_whitespace().next().unwrap().to_owned()
}
