//! A mint, as short as it can be told, on a simulated device; and what must hold after every one of them.

use std::sync::Arc;

use fgtkey::fortios::facts::Facts;
use fgtkey::fortios::plan::{Consent, Plan, PlanError};
use fgtkey::fortios::render::{Paging, Templates};
use fgtkey::fortios::request::{Request, RequestFlags};
use fgtkey::fortios::script::Script;
use fgtkey::fortios::status::{CfgSave, Status, VdomMode};
use fgtkey::fortios::version::Version;
use fgtkey::secret::Secret;
use fgtkey::session::fault::{Aftermath, Fault, FaultKind, Step};
use fgtkey::session::{Options, Reply};
use fgtkey::sim::{Admin, Device, DeviceSpec, Password, Trap, VdomMode as SimVdoms};

use super::pair::{Chunks, Far, Pair, SimShell};

/// The administrator's password: found nowhere else, so that a leak is told from a coincidence.
pub const PASSWORD: &str = "Qx7-hunter2-Zk9";

/// How a mint ended, if not with a key.
#[derive(Debug)]
pub enum Stop {
    /// The session failed.
    Fault(Fault),
    /// It must not be done.
    Plan(PlanError),
    /// What the device says cannot be relied on.
    Unclear(String),
}

/// A mint that is over.
pub struct Minted {
    pub result: Result<Secret, Stop>,
    /// What the client wrote, by job: `login`, `status`, `survey`, `push`, `key`.
    pub waves: Vec<(&'static str, usize)>,
    pub trace: Vec<String>,
    pub pair: Pair<SimShell>,
}

/// A device for tests: an administrator with [`PASSWORD`], a seed, and what `change` makes of it.
pub fn spec(version: &str, vdoms: bool, change: impl FnOnce(&mut DeviceSpec)) -> DeviceSpec {
    let version: Version = version.parse().unwrap();
    let mode = if version < Version::new(6, 2, 0) { SimVdoms::Enable } else { SimVdoms::Multiple };
    let admin = Admin { password: Some(Password::new(PASSWORD)), ..Admin::default() };
    let mut spec = DeviceSpec { version, admins: vec![admin], seed: Some(7), ..DeviceSpec::default() };
    if vdoms {
        spec.vdom_mode = mode;
        spec.vdoms.push("edge".into());
    }
    change(&mut spec);
    spec
}

/// A request of two custom permission groups, one plain one and two trusted hosts.
pub fn request() -> Request {
    request_of(|_| ())
}

pub fn request_of(change: impl FnOnce(&mut RequestFlags)) -> Request {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let mut flags = RequestFlags {
        api_user: Some("terraform".into()),
        comments: Some("Terraform, NET-1234".into()),
        grants: words(&["fwgrp.address=read-write", "netgrp.cfg=read", "sysgrp=read"]),
        trusted_hosts: words(&["10.20.100.99", "2001:db8:20::/64"]),
        ..RequestFlags::default()
    };
    change(&mut flags);
    Request::from_parts(None, flags).unwrap()
}

pub fn options() -> Options {
    let second = std::time::Duration::from_secs(1);
    let password = Some(Arc::new(Secret::new(PASSWORD)));
    Options { password, password_proven: true, within: second * 30, login_within: second * 30 }
}

/// A mint on `device`, and the check of everything that holds whatever happened.
pub fn mint(device: &Device, request: &Request, chunks: Chunks) -> Minted {
    mint_with(device, request, chunks, options())
}

/// A mint of a request that [`check`] does not know the objects of.
pub fn mint_plain(device: &Device, request: &Request, chunks: Chunks) -> Minted {
    let minted = tell(device, request, chunks, options());
    let key = minted.result.as_ref().unwrap_or_else(|stop| panic!("{stop:?}\n{}", minted.trace.join("\n")));
    assert!(device.key_is_live(request.api_user.name.as_str(), key.expose()), "the key is not the live one");
    has_no_secret(device, &minted);
    minted
}

pub fn mint_with(device: &Device, request: &Request, chunks: Chunks, options: Options) -> Minted {
    let minted = tell(device, request, chunks, options);
    check(device, request, &minted);
    minted
}

fn tell(device: &Device, request: &Request, chunks: Chunks, options: Options) -> Minted {
    let mut story = Story::new(SimShell::log_in(device), device, request, chunks, options);
    let result = story.tell();
    Minted { result, waves: story.waves, trace: story.pair.trace.clone(), pair: story.pair }
}

/// A mint with something between the session and `device`; also returns the record.
pub fn mint_on<F: Far>(
    far: F,
    device: &Device,
    request: &Request,
    chunks: Chunks,
) -> (Result<Secret, Stop>, Vec<String>) {
    let mut story = Story::new(far, device, request, chunks, options());
    let result = story.tell();
    (result, story.pair.trace)
}

/// A mint through something that adds to what the device says: whatever comes of it, nothing is half made.
pub fn mint_through_lies<F: Far>(far: F, device: &Device, request: &Request, chunks: Chunks) {
    let mut story = Story::new(far, device, request, chunks, options());
    story.is_honest = false;
    drop(story.tell());
    is_whole_or_absent(device, request);
    let trace = story.pair.trace.join("\n");
    assert!(!trace.contains(PASSWORD), "the password is in the record:\n{trace}");
}

struct Story<'a, F> {
    device: &'a Device,
    request: &'a Request,
    templates: Templates,
    pair: Pair<F>,
    waves: Vec<(&'static str, usize)>,
    /// Whether what the session hears is what the device says: then faults must tell the truth.
    is_honest: bool,
}

impl<'a, F: Far> Story<'a, F> {
    fn new(far: F, device: &'a Device, request: &'a Request, chunks: Chunks, options: Options) -> Self {
        let pair = Pair::new(options, far, chunks);
        Story { device, request, templates: Templates::embedded().unwrap(), pair, waves: Vec::new(), is_honest: true }
    }

    fn tell(&mut self) -> Result<Secret, Stop> {
        self.job("login", |pair| pair.drive().map(|_| Vec::new()))?;
        let script = self.templates.status().unwrap();
        let told = self.run("status", &script)?;
        let status = Status::parse(&told[0].body).map_err(|error| Stop::Unclear(error.to_string()))?;
        let mut manners = self.pair.session.manners();
        manners.asks_at_commit = status.version >= Version::new(7, 6, 0);
        self.pair.session.set_manners(manners);
        loop {
            match self.attempt(&status) {
                // A device that asks where its version let nobody expect it: the session knows now.
                Err(Stop::Fault(fault)) if fault.kind == FaultKind::Overrun && self.pair.session.is_at_prompt() => {
                    self.job("recover", Pair::recover)?;
                    assert!(self.waves.len() < 20, "it asks again and again: {:?}", self.waves);
                }
                result => return result,
            }
        }
    }

    fn attempt(&mut self, status: &Status) -> Result<Secret, Stop> {
        let facts = self.survey(status)?;
        let plan = Plan::mint(self.request, &facts, Consent::default()).map_err(Stop::Plan)?;
        let profile = self.request.profile.name().to_string();
        let script = self.templates.push(&plan, Paging::Answered, &profile).unwrap();
        let told = self.run("push", &script)?;
        let mut shown = facts.clone();
        read_objects(&mut shown, self.request, &told)?;
        if !plan.is_fulfilled_by(&shown.objects) {
            return Err(Stop::Unclear("what was pushed is not what is there".into()));
        }
        let script = self.templates.generate_key(plan.vdoms, &plan.key).unwrap();
        let told = self.run("key", &script)?;
        told.into_iter().find_map(|reply| reply.key).ok_or_else(|| Stop::Unclear("no key".into()))
    }

    fn survey(&mut self, status: &Status) -> Result<Facts, Stop> {
        let mut facts = Facts::of_status(status);
        let (profile, user) = (self.request.profile.name().to_string(), self.request.api_user.name.to_string());
        let script =
            self.templates.survey(facts.vdom_mode != VdomMode::Disable, Paging::Answered, &profile, &user).unwrap();
        let told = self.run("survey", &script)?;
        read_objects(&mut facts, self.request, &told)?;
        facts.cfg_save = CfgSave::parse(&body(&told, "get system global"));
        let list = body(&told, "get system admin list");
        facts.read_session(&body(&told, "get system admin status"), &list, "admin", Some(50000));
        Ok(facts)
    }

    fn run(&mut self, name: &'static str, script: &Script) -> Result<Vec<Reply>, Stop> {
        self.job(name, |pair| pair.run(script))
    }

    /// One job; a fault of it must tell the truth about the device.
    fn job(
        &mut self,
        name: &'static str,
        job: impl FnOnce(&mut Pair<F>) -> Result<Vec<Reply>, Fault>,
    ) -> Result<Vec<Reply>, Stop> {
        let before = (self.device.config_text(), self.device.commits().len(), self.pair.writes.len());
        let result = job(&mut self.pair);
        self.waves.push((name, self.pair.writes.len() - before.2));
        result.map_err(|fault| {
            let commits = self.device.commits().len() - before.1;
            if self.is_honest {
                is_true(&fault, &before.0, &self.device.config_text(), commits);
            }
            Stop::Fault(fault)
        })
    }
}

fn body(told: &[Reply], start: &str) -> Vec<String> {
    told.iter().find(|reply| reply.line.starts_with(start)).map(|reply| reply.body.clone()).unwrap_or_default()
}

/// Takes both objects out of what was read. An object is absent only when the device says so: another refusal says nothing.
fn read_objects(facts: &mut Facts, request: &Request, told: &[Reply]) -> Result<(), Stop> {
    for reply in told.iter().filter(|reply| reply.line.starts_with("show ")) {
        if let Some(refusal) = reply.refused.as_ref().filter(|refusal| !refusal.text.contains("not found in table")) {
            return Err(Stop::Unclear(refusal.to_string()));
        }
        let read = if reply.line.starts_with("show system accprofile") {
            facts.read_profile(request.profile.name().as_str(), &reply.body)
        } else {
            facts.read_user(request.api_user.name.as_str(), &reply.body)
        };
        read.map_err(|error| Stop::Unclear(error.to_string()))?;
    }
    Ok(())
}

/// Whether a fault says of the device what is so.
fn is_true(fault: &Fault, before: &str, after: &str, commits: usize) {
    let line = match &fault.at {
        Step::Line(line) => line.as_str(),
        _ => "",
    };
    match &fault.left {
        Aftermath::Untouched => assert_eq!(before, after, "{fault}: not untouched"),
        Aftermath::Saved { blocks } => assert_eq!(*blocks, commits, "{fault}: saved"),
        Aftermath::Unknown => assert!(matches!(line, "next" | "end"), "{fault}: nothing is unknown there"),
        Aftermath::KeyLost => assert!(line.starts_with("execute"), "{fault}: no key was asked for"),
        Aftermath::Undone => panic!("{fault}: a session undoes nothing"),
    }
}

/// What holds after every mint.
fn check(device: &Device, request: &Request, minted: &Minted) {
    let user = request.api_user.name.as_str();
    match &minted.result {
        Ok(key) => {
            assert!(device.key_is_live(user, key.expose()), "the key is not the live one");
            assert!(is_whole(device, request), "the key's objects are not as requested:\n{}", device.config_text());
        }
        Err(Stop::Unclear(why)) if why.is_empty() => panic!("it does not say what is unclear"),
        Err(_) => is_whole_or_absent(device, request),
    }
    has_no_secret(device, minted);
    for line in device.commands() {
        let verb = line.split(' ').next().unwrap_or_default();
        let ours = ["abort", "config", "delete", "edit", "end", "execute", "get", "next", "set", "show", "unset"];
        // A question may have eaten the first letter.
        assert!(ours.iter().any(|ours| *ours == verb || ours[1..] == *verb), "typed `{line}`");
        assert!(!line.contains(PASSWORD), "the password was typed as a command");
    }
}

/// Whether the device has what was requested.
pub fn is_whole(device: &Device, request: &Request) -> bool {
    let user = device.api_user(request.api_user.name.as_str());
    user.is_some_and(|user| user.trusted_hosts.len() == request.api_user.trusted_hosts.hosts().len())
        && is_profile_whole(device, request)
}

fn is_profile_whole(device: &Device, request: &Request) -> bool {
    let profile = device.profile(request.profile.name().as_str());
    profile.is_some_and(|profile| {
        let is = |name: &str, level: &str| profile.get(name).is_some_and(|is| is == level);
        is("fwgrp.address", "read-write") && is("netgrp.cfg", "read") && is("sysgrp", "read")
    })
}

/// An object that is there is there with everything it needs: never a user whom everybody may use.
fn is_whole_or_absent(device: &Device, request: &Request) {
    if device.api_user(request.api_user.name.as_str()).is_some() {
        assert!(is_whole(device, request), "half a user:\n{}", device.config_text());
    }
    if device.profile(request.profile.name().as_str()).is_some() {
        assert!(is_profile_whole(device, request), "half a profile:\n{}", device.config_text());
    }
}

/// Neither key nor password is where it can be read.
fn has_no_secret(device: &Device, minted: &Minted) {
    let result = minted.result.as_ref().map(|_| "a key");
    let said = format!("{}\n{result:?}\n{:?}", minted.trace.join("\n"), minted.pair.session);
    assert!(!said.contains(PASSWORD), "the password is in the record:\n{said}");
    let words = said.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| word.len() >= 20);
    for word in words {
        assert!(device.user_of_key(word).is_none(), "the key is in the record:\n{said}");
    }
}

/// All traps, by name.
pub fn trap(name: &str) -> Trap {
    name.parse().unwrap()
}
