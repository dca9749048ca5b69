//! A scene: a simulated device behind its SSH server, a request, and how we log in. Running it is a mint; what comes of it
//! is a [`Story`] that answers questions.

use std::future::Future;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fgtkey::deliver::{Destination, Format, Record};
use fgtkey::fortios::plan::Consent;
use fgtkey::fortios::render::Templates;
use fgtkey::fortios::request::{Request, RequestFlags};
use fgtkey::fortios::script::Script;
use fgtkey::secret::Secret;
use fgtkey::session::drive::{Interrupt, Interrupter};
use fgtkey::sim::{Device, DeviceSpec, Fault, Listen, Login, Server, Shell, Then, VdomMode};
use fgtkey::ssh::{Dial, DialOptions, Endpoint, HostKeyPolicy, PasswordSource, Person};
use fgtkey::verbs::console::Line;
use fgtkey::verbs::failure::{Failure, Left, MintError, Remains};
use fgtkey::verbs::mint::Mint;
use fgtkey::verbs::{Event, Observer};
use russh::keys::{Algorithm, PrivateKey};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::LocalSet;

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
    pub login: DialOptions,
    /// How long one reply may take.
    pub within: Duration,
    /// Whether the API user gets a key before the mint.
    pub keyed: bool,
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

/// Everything after it.
pub struct Story {
    pub device: Device,
    pub server: Server,
    pub result: Result<Record, Box<Failure>>,
    pub events: Vec<Event>,
    /// The configuration before.
    pub before: String,
    /// The live key before.
    pub old_key: Option<String>,
    /// The commands that the mint sent, over all its sessions.
    pub commands: Vec<String>,
    /// The servers of other devices that answered.
    pub others: Vec<Server>,
    destination: PathBuf,
    directory: tempfile::TempDir,
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
            login: with_password("admin"),
            within: Duration::from_secs(20),
            keyed: false,
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

    pub async fn run_on(mut self, device: Device, old_key: Option<String>) -> Story {
        let key = PrivateKey::random(&mut russh::keys::key::safe_rng(), Algorithm::Ed25519).unwrap();
        self.listen.host_key = Some(key);
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
            result,
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

    fn mint(&self, server: &Server, addr: SocketAddr) -> Mint {
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
            },
            request: Request::from_parts(None, self.flags.clone()).unwrap(),
            consent: self.consent,
            templates: Templates::embedded().unwrap(),
            destinations: vec![format!("file:{}", self.destination.display()).parse::<Destination>().unwrap()],
            format: Format::Key,
            escrow: self.directory.path().join("escrow"),
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

#[derive(Clone, Copy)]
enum Way {
    To(SocketAddr),
    Closed,
    Gone,
}

/// Connects each connection with what is meant for it.
async fn switch(listener: TcpListener, ways: Vec<Way>) {
    let mut ways = ways.into_iter().peekable();
    while let Some(way) = ways.peek().copied() {
        if matches!(way, Way::Gone) {
            return;
        }
        let (mut near, _) = listener.accept().await.unwrap();
        if let Way::To(addr) = way {
            let mut far = TcpStream::connect(addr).await.unwrap();
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut near, &mut far).await });
        }
        let this = ways.next();
        if ways.peek().is_none() {
            ways = vec![this.unwrap()].into_iter().peekable();
        }
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

/// Types `text` into the device as a person would, the password included; returns all it said.
pub fn type_in(device: &Device, text: &str) -> String {
    let login = Login { rows: 1000, cols: 511, ..Login::default() };
    let (mut shell, output) = Shell::open(device, login);
    let mut said = output.bytes;
    for line in text.lines() {
        let output = shell.receive(format!("{line}\n").as_bytes());
        assert_eq!(output.then, Then::Continue, "at `{line}`");
        said.extend(output.bytes);
        if String::from_utf8_lossy(&said).ends_with("password: ") {
            said.extend(shell.receive(b"admin\n").bytes);
        }
    }
    String::from_utf8(said).unwrap()
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

impl Story {
    /// What was delivered.
    pub fn delivered(&self) -> Option<String> {
        Some(std::fs::read_to_string(&self.destination).ok()?.trim_end().to_owned())
    }

    pub fn left(&self) -> &Left {
        &self.result.as_ref().expect_err("the mint succeeded").left
    }

    pub fn error(&self) -> &MintError {
        &self.result.as_ref().expect_err("the mint succeeded").error
    }

    pub fn remains(&self) -> &Remains {
        match self.left() {
            Left::NeedsPerson { what, .. } => what,
            left => panic!("no person is needed: {left:?}"),
        }
    }

    pub fn is_done(&self) -> bool {
        self.result.is_ok()
    }

    pub fn failed_logins(&self) -> usize {
        self.server.counters().failures.load(Ordering::Relaxed)
    }

    /// The lines that could change something.
    pub fn config_lines(&self) -> Vec<&str> {
        let verbs = ["config system", "edit", "set", "unset", "delete", "next", "config trusthost"];
        let changes = |line: &&str| verbs.iter().any(|verb| line.starts_with(verb));
        self.commands.iter().map(String::as_str).filter(changes).collect()
    }

    pub fn escrowed(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.directory.path().join("escrow")).into_iter().flatten();
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    /// The key that is told to be delivered is the live one, and it is delivered.
    pub fn has_delivered_the_live_key(&self) -> Result<(), String> {
        let key = self.delivered().ok_or("nothing was delivered")?;
        self.device.key_is_live(NAME, &key).then_some(()).ok_or_else(|| "a dead key was delivered".to_owned())
    }

    /// The promises that hold for every mint, whatever went wrong in it: nothing is claimed that is not so.
    pub fn keeps_its_promises(&self) -> Result<(), String> {
        self.never_had_a_user_without_its_hosts()?;
        if self.failed_logins() > 0 {
            return Err(format!("{} failed logins", self.failed_logins()));
        }
        let failure = match &self.result {
            Ok(_) => return self.has_delivered_the_live_key(),
            Err(failure) => failure,
        };
        match &failure.left {
            Left::Untouched | Left::Undone(_) => {
                self.is_as_before()?;
                self.old_key_lives()
            }
            Left::Minted | Left::Unsaved => Err(format!("{:?} although the key was delivered", failure.left)),
            Left::NeedsPerson { what: Remains::KeyVoid { .. } | Remains::KeyUnknown { .. }, .. } => {
                self.is_as_before_but_for_the_key()
            }
            Left::NeedsPerson { mend, .. } => self.can_be_mended(mend.as_ref()),
        }
    }

    pub fn is_as_before(&self) -> Result<(), String> {
        let now = self.device.config_text();
        (now == self.before).then_some(()).ok_or_else(|| format!("the device has\n{now}\nand had\n{}", self.before))
    }

    fn is_as_before_but_for_the_key(&self) -> Result<(), String> {
        let (now, before) = (without_key(&self.device.config_text()), without_key(&self.before));
        (now == before).then_some(()).ok_or_else(|| format!("the device has\n{now}\nand had\n{before}"))
    }

    fn old_key_lives(&self) -> Result<(), String> {
        match &self.old_key {
            Some(key) if !self.device.key_is_live(NAME, key) => Err("the old key is dead, and nobody says so".into()),
            _ => Ok(()),
        }
    }

    fn can_be_mended(&self, mend: Option<&Script>) -> Result<(), String> {
        let mend = mend.ok_or("a person is needed, and nothing says what for")?;
        let vdoms = self.device.spec().vdom_mode.is_on();
        let said = type_in(&self.device, &mend.to_string());
        self.is_as_before_but_for_the_key().map_err(|error| format!("mended (VDOMs {vdoms}): {said}\n{error}"))
    }

    fn never_had_a_user_without_its_hosts(&self) -> Result<(), String> {
        for user in self.device.api_user_history(NAME).iter().flatten() {
            let anywhere = |host: &String| host.starts_with("0.0.0.0") || host == "::/0";
            if user.trusted_hosts.is_empty() || user.trusted_hosts.iter().any(anywhere) {
                return Err(format!("there was a user open to everybody: {user:?}"));
            }
        }
        Ok(())
    }
}

fn without_key(config: &str) -> String {
    config
        .lines()
        .filter(|line| !line.trim_start().starts_with("set api-key"))
        .fold(String::new(), |text, line| text + line + "\n")
}

/// Runs many cases at once on one thread; the failures of all of them are one panic.
pub async fn all<F>(cases: impl IntoIterator<Item = (String, F)>)
where
    F: Future<Output = Result<(), String>> + 'static,
{
    let (local, turns, failures) = (LocalSet::new(), Rc::new(Semaphore::new(96)), Arc::new(Mutex::new(Vec::new())));
    let mut count = 0;
    for (name, case) in cases {
        let (turns, failures) = (Rc::clone(&turns), Arc::clone(&failures));
        count += 1;
        local.spawn_local(async move {
            let _turn = turns.acquire().await;
            if let Err(error) = case.await {
                failures.lock().unwrap().push(format!("{name}: {error}"));
            }
        });
    }
    local.await;
    let failures = failures.lock().unwrap();
    assert!(count > 0, "no case was run");
    assert!(failures.is_empty(), "{} of {count} cases failed\n{}", failures.len(), failures.join("\n\n"));
}
