//! The device: what all sessions share.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::fortios::version::Version;
use crate::secret::Secret;

use super::certificate::{self, Store};
use super::cli::Cli;
use super::definition::{Definition, Shape};
use super::fault::FaultBook;
use super::key::{Key, Keys};
use super::ledger::ApiUserAccount;
use super::random::Random;
use super::schema::{Definitions, definitions};
use super::show;
use super::spec::{CfgSave, DeviceSpec, Ha};
use super::tree::{Config, Node};

/// A simulated FortiGate. Clones are the same device.
#[derive(Clone)]
pub struct Device(Arc<Mutex<State>>);

pub(super) struct State {
    /// Shared with the sessions, which keep it as it was at their login.
    pub(super) spec: Arc<DeviceSpec>,
    pub(super) definitions: Definitions,
    pub(super) running: Config,
    pub(super) keys: Keys,
    pub(super) faults: FaultBook,
    pub(super) random: Random,
    pub(super) sessions: Vec<LoggedIn>,
    pub(super) commands: Vec<String>,
    pub(super) commits: Vec<String>,
    /// The API users after each of the commits.
    history: Vec<BTreeMap<String, ApiUserState>>,
    /// Keys that were generated.
    generated: usize,
    saved: (Config, Keys),
    /// Objects that an open workspace has edited, and the session that holds it.
    pub(super) locks: BTreeMap<String, u64>,
    next_session: u64,
    /// Made at the first look.
    pub(super) certificates: Option<Store>,
    /// Where HTTPS administration listens.
    pub(super) https: Option<SocketAddr>,
    /// TLS handshakes so far.
    pub(super) handshakes: usize,
    /// Sources of refused keys: how many in a row, and when the last one came.
    pub(super) refused: BTreeMap<IpAddr, (usize, Timestamp)>,
    /// How far the device's clock is ahead.
    ahead: SignedDuration,
}

/// A session of this device, as its tables list it.
#[derive(Debug, Clone)]
pub(super) struct LoggedIn {
    pub(super) id: u64,
    pub(super) user: String,
    pub(super) profile: String,
    pub(super) remote: SocketAddr,
    pub(super) started: String,
}

/// Why a device does not start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the simulated device refuses line {line} of its configuration, `{text}`: {answer}")]
pub struct BootError {
    /// Counted from 1.
    pub line: usize,
    /// The line.
    pub text: String,
    /// What the device said to it.
    pub answer: String,
}

/// What the device knows about one API user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiUserState {
    /// The access profile.
    pub accprofile: String,
    /// The VDOMs, in order.
    pub vdoms: Vec<String>,
    /// Trusted hosts in FortiOS's form: `10.0.0.0 255.0.0.0`, `2001:db8::/32`; defaults are spelled out.
    pub trusted_hosts: Vec<String>,
    /// The comment.
    pub comments: Option<String>,
    /// Every explicit setting, by name.
    pub settings: BTreeMap<String, Vec<String>>,
    /// Whether a key was generated.
    pub has_key: bool,
}

impl Device {
    /// Starts a device.
    ///
    /// # Errors
    ///
    /// When [`DeviceSpec::config`] holds a line that the device refuses.
    pub fn new(spec: DeviceSpec) -> Result<Self, BootError> {
        let config = spec.config.clone();
        let device = Device(Arc::new(Mutex::new(State::new(spec))));
        Cli::boot(device.clone()).load(&config)?;
        let mut state = device.lock();
        for user in state.spec.keyed_users.clone() {
            state.new_key(&user, None);
        }
        state.commits.clear();
        state.history.clear();
        state.generated = 0;
        state.save();
        drop(state);
        Ok(device)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the device was started with.
    pub fn spec(&self) -> DeviceSpec {
        DeviceSpec::clone(&self.shared_spec())
    }

    /// The same, not copied.
    pub(super) fn shared_spec(&self) -> Arc<DeviceSpec> {
        Arc::clone(&self.lock().spec)
    }

    /// The serial number.
    pub fn serial(&self) -> String {
        self.lock().spec.serial.clone()
    }

    /// The model and the release.
    pub(super) fn make(&self) -> (String, Version) {
        let state = self.lock();
        (state.spec.model.clone(), state.spec.version)
    }

    /// The API user `name`, when there is one.
    pub fn api_user(&self, name: &str) -> Option<ApiUserState> {
        let state = self.lock();
        let node = state.running.global.entry("system api-user", name)?;
        Some(state.api_user_state(name, node))
    }

    /// The explicit settings of the access profile `name`; those of its permission blocks as `fwgrp.address`.
    pub fn profile(&self, name: &str) -> Option<BTreeMap<String, String>> {
        let state = self.lock();
        let node = state.running.global.entry("system accprofile", name)?;
        let mut settings: BTreeMap<_, _> =
            node.settings.iter().map(|(field, values)| (field.clone(), values.join(" "))).collect();
        for (block, children) in &node.singles {
            let group = block.trim_end_matches("-permission");
            let child = |(field, values): (&String, &Vec<String>)| (format!("{group}.{field}"), values.join(" "));
            settings.extend(children.settings.iter().map(child));
        }
        Some(settings)
    }

    /// The names of the API users, in the order of the table.
    pub fn api_users(&self) -> Vec<String> {
        names(self.lock().running.global.entries("system api-user"))
    }

    /// The names of the access profiles, built-in ones included.
    pub fn profiles(&self) -> Vec<String> {
        names(self.lock().running.global.entries("system accprofile"))
    }

    /// Whether `key` is the one that the API accepts for this user now.
    pub fn key_is_live(&self, user: &str, key: &str) -> bool {
        let state = self.lock();
        state.keys.get(user).is_some_and(|live| live.is(key) && !live.is_over(state.now()))
    }

    /// The user whose live key this is.
    pub fn user_of_key(&self, key: &str) -> Option<String> {
        self.lock().user_of_key(&Secret::new(key))
    }

    /// Puts the clock that keys expire by forward.
    pub fn advance(&self, by: Duration) {
        let mut state = self.lock();
        state.ahead = state.ahead.saturating_add(SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX));
    }

    /// HTTPS administration listens at `addr`; the CLI prints `port`.
    pub(super) fn serves_https(&self, addr: SocketAddr, port: u16) {
        let mut state = self.lock();
        state.https = Some(addr);
        // What was made before it was known where the device is reached.
        state.certificates = None;
        let state = &mut *state;
        for config in [&mut state.running, &mut state.saved.0] {
            let system = config.global.singles.entry("system global".to_owned()).or_default();
            system.set("admin-sport", &port.to_string());
        }
    }

    /// `show` of the access profiles and API users, for comparing devices: without what differs from print to print, and
    /// without `prof_admin` while that is as the factory made it.
    pub fn config_text(&self) -> String {
        let state = self.lock();
        let mut scope = state.running.global.clone();
        let untouched = prof_admin(&state.spec);
        scope.entries_mut("system accprofile").retain(|(name, node)| name != "prof_admin" || *node != untouched);
        ["system accprofile", "system api-user"]
            .iter()
            .filter_map(|path| state.definitions.iter().find(|definition| definition.path == *path))
            .map(|definition| show::canonical(definition, &scope, &state.keys))
            .collect()
    }

    /// Every command line that was received, over all sessions, in order. Empty lines do not count.
    pub fn commands(&self) -> Vec<String> {
        self.lock().commands.clone()
    }

    /// Every object that was committed: `system api-user terraform`, in order.
    pub fn commits(&self) -> Vec<String> {
        self.lock().commits.clone()
    }

    /// What the API user `name` was after each of the [`Device::commits`], in order; `None` where there was none.
    pub fn api_user_history(&self, name: &str) -> Vec<Option<ApiUserState>> {
        self.lock().history.iter().map(|users| users.get(name).cloned()).collect()
    }

    /// How many command lines were received.
    pub(super) fn lines(&self) -> usize {
        self.lock().commands.len()
    }

    /// How often a commit made an API user that was not there.
    pub(super) fn api_users_made(&self) -> usize {
        let state = self.lock();
        let none = BTreeMap::new();
        let before = std::iter::once(&none).chain(&state.history);
        let made = |(before, after): (&BTreeMap<_, _>, &BTreeMap<_, _>)| {
            after.keys().filter(|name: &&String| !before.contains_key(*name)).count()
        };
        before.zip(&state.history).map(made).sum()
    }

    /// How often a key was generated.
    pub(super) fn keys_generated(&self) -> usize {
        self.lock().generated
    }

    /// The API users with their keys' hashes.
    pub(super) fn accounts(&self) -> Vec<ApiUserAccount> {
        let state = self.lock();
        let account = |(name, node): &(String, Node)| ApiUserAccount {
            name: name.clone(),
            profile: node.first("accprofile").unwrap_or_default().to_owned(),
            key_sha256: state.keys.get(name).map(Key::sha256),
        };
        state.running.global.entries("system api-user").iter().map(account).collect()
    }

    /// How many sessions are open.
    pub fn sessions(&self) -> usize {
        self.lock().sessions.len()
    }

    /// Whether something would be lost at a restart (`cfg-save` manual or revert).
    pub fn has_unsaved_changes(&self) -> bool {
        let state = self.lock();
        state.saved.0 != state.running || state.saved.1.len() != state.keys.len()
    }

    /// Starts again from the saved configuration; sessions stay, which a real restart would not allow.
    pub fn restart(&self) {
        let mut state = self.lock();
        let (config, keys) = (state.saved.0.clone(), state.saved.1.clone());
        state.running = config;
        state.keys = keys;
    }

    pub(super) fn log_in(&self, user: &str, source: SocketAddr) -> (u64, String) {
        let mut state = self.lock();
        let id = state.next_session;
        state.next_session += 1;
        let profile = state.profile_of(user);
        let remote = state.seen(source, id);
        let session =
            LoggedIn { id, user: user.into(), profile: profile.clone(), remote, started: super::status::now() };
        state.sessions.push(session);
        (id, profile)
    }

    pub(super) fn log_out(&self, session: u64) {
        let mut state = self.lock();
        state.sessions.retain(|row| row.id != session);
        // The workspace of a session that is gone expires; here at once.
        state.locks.retain(|_, holder| *holder != session);
    }
}

fn names(entries: &[(String, Node)]) -> Vec<String> {
    entries.iter().map(|(name, _)| name.clone()).collect()
}

fn trusted_host(node: &Node) -> String {
    match node.first("type") {
        Some("ipv6-trusthost") => node.first("ipv6-trusthost").unwrap_or("::/0").to_owned(),
        _ => node.first("ipv4-trusthost").unwrap_or("0.0.0.0 0.0.0.0").to_owned(),
    }
}

impl State {
    fn new(spec: DeviceSpec) -> Self {
        let running = factory(&spec);
        State {
            definitions: definitions(&spec),
            keys: Keys::new(),
            faults: FaultBook::new(spec.faults.clone()),
            random: Random::new(spec.seed, &spec.serial),
            sessions: Vec::new(),
            commands: Vec::new(),
            commits: Vec::new(),
            history: Vec::new(),
            generated: 0,
            saved: (running.clone(), Keys::new()),
            locks: BTreeMap::new(),
            next_session: 0,
            certificates: None,
            https: None,
            handshakes: 0,
            refused: BTreeMap::new(),
            ahead: SignedDuration::ZERO,
            running,
            spec: Arc::new(spec),
        }
    }

    fn profile_of(&self, admin: &str) -> String {
        let node = self.running.global.entry("system admin", admin);
        node.and_then(|node| node.first("accprofile")).unwrap_or("admin_no_access").to_owned()
    }

    fn seen(&self, source: SocketAddr, session: u64) -> SocketAddr {
        let Some(mut seen) = self.spec.seen_from else { return source };
        let shift = u16::try_from(session % 1000).unwrap_or(0);
        seen.set_port(seen.port().wrapping_add(shift));
        seen
    }

    /// Notes that something was committed.
    pub(super) fn committed(&mut self, what: impl Into<String>) {
        let users = self.running.global.entries("system api-user").iter();
        let users = users.map(|(name, node)| (name.clone(), self.api_user_state(name, node))).collect();
        self.history.push(users);
        self.commits.push(what.into());
    }

    fn api_user_state(&self, name: &str, node: &Node) -> ApiUserState {
        ApiUserState {
            accprofile: node.first("accprofile").unwrap_or_default().to_owned(),
            vdoms: node.settings.get("vdom").cloned().unwrap_or_default(),
            trusted_hosts: node.entries("trusthost").iter().map(|(_, host)| trusted_host(host)).collect(),
            comments: node.first("comments").map(str::to_owned),
            settings: node.settings.clone(),
            has_key: self.keys.contains_key(name),
        }
    }

    /// Makes a key for `user`, for so many minutes or for good; the old one is void from now on.
    pub(super) fn new_key(&mut self, user: &str, minutes: Option<u32>) -> Arc<Secret> {
        let secret = Arc::new(Secret::new(self.random.key(self.spec.traps.key_reply.length)));
        let until = minutes.map(|minutes| self.now() + SignedDuration::from_mins(minutes.into()));
        self.keys.insert(user.to_owned(), Key { secret: Arc::clone(&secret), until });
        self.generated += 1;
        self.save_if_automatic();
        secret
    }

    /// The device's clock.
    pub(super) fn now(&self) -> Timestamp {
        Timestamp::now().saturating_add(self.ahead).unwrap_or(Timestamp::MAX)
    }

    pub(super) fn save(&mut self) {
        self.saved = (self.running.clone(), self.keys.clone());
    }

    pub(super) fn save_if_automatic(&mut self) {
        if self.running.global.singles.get("system global").and_then(|node| node.first("cfg-save")).is_none() {
            self.save();
        }
    }

    /// On a secondary, what is changed is undone by the next synchronisation: at once, here.
    pub(super) fn undoes_changes(&self) -> bool {
        self.spec.ha == Ha::Secondary
    }
}

/// What is configured before anyone logs in.
fn factory(spec: &DeviceSpec) -> Config {
    let mut global = Node::default();
    for name in super::BUILT_IN_PROFILES {
        global.put("system accprofile", name, Node::default());
    }
    global.put("system accprofile", "prof_admin", prof_admin(spec));
    for admin in &spec.admins {
        let mut node = Node::default();
        node.set("accprofile", &admin.accprofile);
        node.set("vdom", spec.vdoms.first().map_or("root", String::as_str));
        if admin.password.is_some() {
            node.set("password", "set");
        }
        global.put("system admin", &admin.name, node);
    }
    let mut system = Node::default();
    system.set("hostname", &spec.hostname);
    if spec.cfg_save != CfgSave::Automatic {
        system.set("cfg-save", spec.cfg_save.word());
    }
    if let Some(imported) = certificate::imported(spec) {
        system.set("admin-server-cert", imported);
    }
    global.singles.insert("system global".into(), system);
    Config { global, vdoms: spec.vdoms.iter().map(|name| (name.clone(), Node::default())).collect() }
}

/// The built-in editable profile: everything read-write, and the CLI switches as on an upgraded device.
fn prof_admin(spec: &DeviceSpec) -> Node {
    let mut node = Node::default();
    let definitions = definitions(spec);
    let fields =
        definitions.iter().filter(|object| object.path == "system accprofile").flat_map(|object| &object.fields);
    for field in fields {
        match field.name.as_str() {
            name if name.ends_with("grp") || name == "wifi" => node.set(name, "read-write"),
            "cli-diagnose" => (),
            name if name.starts_with("cli-") => node.set(name, "enable"),
            _ => (),
        }
    }
    node
}

impl Definition {
    /// Whether `edit` works in it.
    pub(super) fn is_table(&self) -> bool {
        self.shape != Shape::Single
    }
}
