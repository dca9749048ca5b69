//! A desk: a simulated device, and the verbs on it.

use std::sync::Arc;
use std::time::Duration;

use fgtkey::deliver::{Destination, EscrowPlace, Format};
use fgtkey::fortios::names::ApiUser;
use fgtkey::fortios::plan::Consent;
use fgtkey::fortios::render::Templates;
use fgtkey::fortios::request::{Request, RequestFlags};
use fgtkey::fortios::retirement::Claim;
use fgtkey::fortios::saved_plan::SavedPlan;
use fgtkey::fortios::transaction::Transaction;
use fgtkey::journal::Journal;
use fgtkey::report::{Exit, Reporter, Verbosity};
use fgtkey::secret::Secret;
use fgtkey::session::drive::Interrupt;
use fgtkey::sim::{Device, DeviceSpec, Listen, Login, Server, Shell};
use fgtkey::ssh::{Dial, DialOptions, Endpoint, PasswordSource, Person};
use fgtkey::verbs::access::{Access, Switch, Switched};
use fgtkey::verbs::console::Line;
use fgtkey::verbs::custody::Custody;
use fgtkey::verbs::exec::Exec;
use fgtkey::verbs::failure::Failure;
use fgtkey::verbs::gate::Gate;
use fgtkey::verbs::mint::{Asked, Errand, Mint};
use fgtkey::verbs::plan::{Compare, Compared};
use fgtkey::verbs::program::Program;
use fgtkey::verbs::revoke::{Revoke, Revoked, Sight};
use fgtkey::verbs::verification::{Mode, TrustChoice, Verification};
use fgtkey::verbs::{Event, Observer};
use tempfile::TempDir;

/// Somebody who works on one device.
pub struct Desk {
    pub device: Device,
    pub consent: Consent,
    pub transaction: Transaction,
    pub events: Vec<Event>,
    server: Server,
    folder: TempDir,
}

/// A FortiGate on 7.4.8 without VDOMs that has this configuration.
pub fn spec(config: &str) -> DeviceSpec {
    DeviceSpec { seed: Some(5), config: config.into(), ..DeviceSpec::default() }
}

/// API user `tf`, which reads firewall addresses from 10.0.0.1.
pub fn request() -> RequestFlags {
    RequestFlags {
        api_user: Some("tf".into()),
        grants: vec!["fwgrp.address=read".into()],
        trusted_hosts: vec!["10.0.0.1".into()],
        ..RequestFlags::default()
    }
}

/// What a failure says to the person, whole.
pub fn told(failure: &Failure) -> String {
    said(|reporter| {
        reporter.failed("fw1", failure);
    })
}

/// What would go, as the person reads it before they are asked.
pub fn shown(sight: &Sight) -> String {
    said(|reporter| reporter.sight("fw1", sight))
}

fn said(say: impl FnOnce(&mut Reporter)) -> String {
    let said = Said::default();
    say(&mut Reporter::on(Box::new(said.clone()), false, Verbosity::Story));
    let bytes = said.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

#[derive(Clone, Default)]
struct Said(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Said {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// With which status a failure ends the run.
pub fn exit(failure: &Failure) -> Exit {
    Reporter::on(Box::new(Said::default()), false, Verbosity::Story).failed("fw1", failure)
}

impl Desk {
    pub async fn at(spec: DeviceSpec) -> Desk {
        let device = Device::new(spec).unwrap();
        let server = Server::start(device.clone(), Listen::default()).await.unwrap();
        Desk {
            device,
            consent: Consent::default(),
            transaction: Transaction::Off,
            events: Vec::new(),
            server,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub fn line(&self) -> Line {
        let within = Duration::from_secs(30);
        let options = DialOptions {
            password: PasswordSource::Ask,
            person: Person::answering(|_| Ok(Secret::new("admin"))),
            host_key: self.server.fingerprint().parse().unwrap(),
            timeout: within,
            ..DialOptions::default()
        };
        let (host, port) = (self.server.addr().ip().to_string(), self.server.addr().port());
        let endpoint = Endpoint { name: "fw1".into(), host, port, user: "admin".into() };
        let dial = Dial::new(options);
        Line { dial, endpoint, within, interrupt: Interrupt::never(), simulated: false, serial: None, gate: Gate::Open }
    }

    pub async fn plan(&mut self, flags: &RequestFlags) -> Result<Compared, Box<Failure>> {
        let request = Request::from_parts(None, flags.clone()).unwrap();
        let templates = Templates::embedded().unwrap();
        let compare = Compare { line: self.line(), request, consent: self.consent, templates };
        compare.run(&mut Teller(&mut self.events)).await
    }

    /// What a plan says, line by line.
    pub async fn differences(&mut self, flags: &RequestFlags) -> Vec<String> {
        let compared = self.plan(flags).await.unwrap_or_else(|failure| panic!("{}", told(&failure)));
        compared.differences.iter().map(ToString::to_string).collect()
    }

    pub async fn mint(&mut self, flags: &RequestFlags) -> Result<(), Box<Failure>> {
        self.make(Asked::Request(Arc::new(Request::from_parts(None, flags.clone()).unwrap()))).await
    }

    pub async fn mint_from(&mut self, saved: SavedPlan) -> Result<(), Box<Failure>> {
        self.make(Asked::Saved(Arc::new(saved))).await
    }

    async fn make(&mut self, asked: Asked) -> Result<(), Box<Failure>> {
        let mint = self.minting(asked);
        mint.run(&mut Teller(&mut self.events)).await.map(drop)
    }

    /// Lends an access to a command, which is not run.
    pub async fn lend(&mut self, flags: &RequestFlags) -> Result<(), Box<Failure>> {
        let asked = Asked::Request(Arc::new(Request::from_parts(None, flags.clone()).unwrap()));
        let mut mint = Mint { errand: Errand::Lend { ttl: None }, ..self.minting(asked) };
        mint.custody.destinations.clear();
        let exec = Exec::new(mint, Program::find(&["true".into()]).unwrap());
        exec.lease(&mut Teller(&mut self.events)).await.map(drop)
    }

    fn minting(&self, asked: Asked) -> Mint {
        let place = self.folder.path();
        Mint {
            line: self.line(),
            transaction: self.transaction,
            asked,
            errand: Errand::Keep,
            consent: self.consent,
            templates: Templates::embedded().unwrap(),
            custody: Custody {
                destinations: vec![Destination::new("file", &place.join("key").display().to_string()).unwrap()],
                format: Format::Key,
                escrow: EscrowPlace::open(place.join("escrow")),
                escrow_identity: None,
                verification: Verification {
                    mode: Mode::Off,
                    https_port: None,
                    trust: TrustChoice::Learned,
                    within: Duration::from_secs(5),
                },
                journal: self.journal(),
            },
        }
    }

    /// Takes `tf` away, and its profile where that is owned.
    pub async fn revoke(&mut self, owned: bool) -> Result<Revoked, Box<Failure>> {
        let (line, templates) = (self.line(), Templates::embedded().unwrap());
        let revoke = self.revocation(&line, &templates, owned);
        let sight = revoke.look(&mut Teller(&mut self.events)).await?;
        let revoked = revoke.run(&mut Teller(&mut self.events)).await?;
        assert_eq!(sight.retirement.delete_profile.is_some(), revoked.profile, "what is shown is what goes");
        Ok(revoked)
    }

    /// What a revocation would take away.
    pub async fn sight(&mut self, owned: bool) -> Sight {
        let (line, templates) = (self.line(), Templates::embedded().unwrap());
        let revoke = self.revocation(&line, &templates, owned);
        revoke.look(&mut Teller(&mut self.events)).await.unwrap()
    }

    fn revocation<'a>(&self, line: &'a Line, templates: &'a Templates, owned: bool) -> Revoke<'a> {
        let claim = Claim { user: true, owned, keep: false };
        let consent = self.consent;
        Revoke { line, templates, api_user: "tf".into(), profile: "tf".into(), claim, consent }
    }

    pub async fn switch(&mut self, switch: Switch, journal: Journal) -> Result<Switched, Box<Failure>> {
        let access = Access {
            line: self.line(),
            api_user: "tf".parse::<ApiUser>().unwrap(),
            switch,
            consent: self.consent,
            templates: Templates::embedded().unwrap(),
            journal,
        };
        access.run(&mut Teller(&mut self.events)).await
    }

    pub fn journal(&self) -> Journal {
        Journal::at(self.folder.path().join("journal"))
    }

    /// The key that the last mint has delivered.
    pub fn key(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("key")).unwrap().trim().to_owned()
    }

    /// Another administrator, at the console.
    pub fn console(&self) -> Shell {
        Shell::open(&self.device, Login { rows: 1000, cols: 511, ..Login::default() }).0
    }
}

/// Types lines, and gives what the device answered.
pub fn type_in(shell: &mut Shell, lines: &str) -> String {
    lines
        .lines()
        .map(|line| String::from_utf8_lossy(&shell.receive(format!("{line}\n").as_bytes()).bytes).into_owned())
        .collect()
}

struct Teller<'a>(&'a mut Vec<Event>);

impl Observer for Teller<'_> {
    fn on(&mut self, _device: &str, event: Event) {
        self.0.push(event);
    }
}
