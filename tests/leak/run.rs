//! A desk to run the program at: a home of its own, a simulated FortiGate, and an eye on every process while it runs.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fgtkey::sim::{Admin, Device, DeviceSpec, Https, Listen, Password, Server};

use crate::searched::secrets;

/// The administrator's password.
pub const PASSWORD: &str = "Uncommon-Phrase-77";

/// What every mint asks for.
const REQUEST: [&str; 6] = ["--api-user", "tf", "--grant", "fwgrp.address=read", "--trusted-host", "10.0.0.1/32"];

pub struct Desk {
    home: tempfile::TempDir,
    device: Device,
    server: Server,
    _https: Https,
    _runtime: tokio::runtime::Runtime,
}

/// What a run left behind.
pub struct Ran {
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    /// Every place that was looked at, with what was there.
    places: BTreeMap<String, String>,
}

impl Desk {
    pub fn new() -> Desk {
        Desk::at(DeviceSpec::default(), PASSWORD)
    }

    pub fn on(version: &str) -> Desk {
        Desk::at(DeviceSpec { version: version.parse().unwrap(), ..DeviceSpec::default() }, PASSWORD)
    }

    pub fn with_faults(faults: &[&str]) -> Desk {
        let faults = faults.iter().map(|fault| fault.parse().unwrap()).collect();
        Desk::at(DeviceSpec { faults, ..DeviceSpec::default() }, PASSWORD)
    }

    /// The device has another password than the one that is given.
    pub fn with_password(password: &str) -> Desk {
        Desk::at(DeviceSpec::default(), password)
    }

    fn at(spec: DeviceSpec, password: &str) -> Desk {
        let home = tempfile::tempdir().unwrap();
        for folder in ["work", "tmp", "state"] {
            fs::create_dir(home.path().join(folder)).unwrap();
        }
        fs::write(home.path().join("password"), format!("{PASSWORD}\n")).unwrap();
        let admin = Admin { password: Some(Password::new(password)), ..Admin::default() };
        let device = Device::new(DeviceSpec { admins: vec![admin], ..spec }).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let server = runtime.block_on(Server::start(device.clone(), Listen::default())).unwrap();
        let https = runtime.block_on(Https::start(device.clone(), ([127, 0, 0, 1], 0).into())).unwrap();
        Desk { home, device, server, _https: https, _runtime: runtime }
    }

    pub fn path(&self, file: &str) -> PathBuf {
        self.home.path().join(file)
    }

    pub fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).unwrap()
    }

    /// `key`, which must be the one that opens the device.
    pub fn live_key(&self, key: &str) -> String {
        self.live_key_of("tf", key)
    }

    /// The same, of another API user.
    pub fn live_key_of(&self, user: &str, key: &str) -> String {
        assert!(self.device.key_is_live(user, key), "`{key}` is not the live key of {user}");
        key.to_owned()
    }

    /// The files in the escrow.
    pub fn escrowed(&self) -> Vec<String> {
        files(self.home.path()).into_iter().filter(|file| file.starts_with("state/fgtkey/escrow/")).collect()
    }

    pub fn mint(&self, flags: &[&str]) -> Ran {
        self.mint_as(flags, Some(PASSWORD))
    }

    /// A mint; `variable` is what `FGTKEY_PASSWORD` holds.
    pub fn mint_as(&self, flags: &[&str], variable: Option<&str>) -> Ran {
        let arguments = self.mint_arguments(flags);
        self.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>(), variable, "")
    }

    fn mint_arguments(&self, flags: &[&str]) -> Vec<String> {
        let device = format!("admin@{}", self.server.addr());
        let own = ["mint", &device, "--host-key", &self.server.fingerprint()].map(str::to_owned);
        own.into_iter().chain(REQUEST.iter().chain(flags).map(|text| (*text).to_owned())).collect()
    }

    /// Any other verb at the device, `input` on its stdin.
    pub fn at_device(&self, verb: &str, flags: &[&str], input: &str) -> Ran {
        let device = format!("admin@{}", self.server.addr());
        let own = [verb, &device, "--host-key", &self.server.fingerprint()];
        let flags: Vec<&str> = own.into_iter().chain(flags.iter().copied()).collect();
        self.run(&flags, Some(PASSWORD), input)
    }

    /// Runs the program to its end, `input` on its stdin.
    pub fn run(&self, arguments: &[&str], variable: Option<&str>, input: &str) -> Ran {
        let mut child = self.command(arguments, variable).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let (mut out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        self.watched(child, variable.is_some(), move || {
            let reading = std::thread::spawn(move || all(&mut err));
            (all(&mut out), reading.join().unwrap())
        })
    }

    /// Runs a mint whose stdout is a pipe that nobody reads any more when the key comes.
    pub fn mint_with_a_reader_that_leaves(&self, flags: &[&str]) -> Ran {
        let arguments = self.mint_arguments(flags);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut child = self.command(&arguments, Some(PASSWORD)).spawn().unwrap();
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        self.watched(child, true, move || {
            let (mut out, mut seen) = (Some(out), String::new());
            for line in BufReader::new(err).lines() {
                let line = line.unwrap() + "\n";
                // The destinations are proven by then, and the key is far away.
                if line.contains("connected") {
                    out.take();
                }
                seen.push_str(&line);
            }
            (String::new(), seen)
        })
    }

    fn command(&self, arguments: &[&str], variable: Option<&str>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fgtkey"));
        command.args(arguments).env_clear().env("PATH", std::env::var_os("PATH").unwrap()).env("RUST_LOG", "trace");
        command.env("RUST_BACKTRACE", "full").current_dir(self.path("work")).env("HOME", self.home.path());
        command.env("XDG_STATE_HOME", self.path("state")).env("TMPDIR", self.path("tmp"));
        if let Some(password) = variable {
            command.env("FGTKEY_PASSWORD", password);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Looks at the processes until `read` has both streams to their end; `given` says that the program's own environment
    /// has the password because we put it there.
    fn watched(&self, mut child: Child, given: bool, read: impl FnOnce() -> (String, String)) -> Ran {
        let (over, id) = (AtomicBool::new(false), child.id());
        let (mut places, (stdout, stderr)) = std::thread::scope(|scope| {
            let watching = scope.spawn(|| watch(id, given, &over));
            let streams = read();
            over.store(true, Ordering::Release);
            (watching.join().unwrap(), streams)
        });
        assert!(places.contains_key("command line of fgtkey"), "nobody looked: {places:?}");
        let status = child.wait().unwrap().code();
        places.insert("stdout".into(), stdout.clone());
        places.insert("stderr".into(), stderr.clone());
        for file in files(self.home.path()).into_iter().filter(|file| file != "password") {
            places.insert(file.clone(), String::from_utf8_lossy(&fs::read(self.path(&file)).unwrap()).into_owned());
        }
        Ran { status, stdout, stderr, places }
    }
}

impl Ran {
    /// The key on stdout.
    pub fn key(&self) -> String {
        self.stdout.trim().to_owned()
    }

    /// Whether a child of the program was looked at.
    pub fn saw_a_child(&self) -> bool {
        self.places.contains_key("command line of a child") && self.places.contains_key("environment of a child")
    }

    /// Nothing is where it does not belong; what belongs somewhere is there.
    pub fn leaks_nothing_but_in(&self, destinations: &[&str]) {
        for (place, text) in &self.places {
            let found = secrets(text);
            if destinations.contains(&place.as_str()) {
                assert!(self.status != Some(0) || !found.is_empty(), "there is no key in {place}: {text}");
                assert!(!text.contains(PASSWORD), "the password is in {place}");
            } else {
                assert!(found.is_empty(), "{found:?} in {place}: {text}");
            }
        }
    }
}

fn all(stream: &mut impl Read) -> String {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Everything in a folder, by its path in there.
fn files(folder: &Path) -> Vec<String> {
    let (mut folders, mut files) = (vec![folder.to_owned()], Vec::new());
    while let Some(inner) = folders.pop() {
        for entry in fs::read_dir(inner).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => files.push(path.strip_prefix(folder).unwrap().display().to_string()),
            }
        }
    }
    files
}

/// Reads command lines and environments as anybody on the machine may, again and again until it is over.
fn watch(id: u32, given: bool, over: &AtomicBool) -> BTreeMap<String, String> {
    let mut seen = BTreeMap::new();
    let mut look = |place: &str, process: u32, file: &str| {
        let Ok(bytes) = fs::read(format!("/proc/{process}/{file}")) else { return };
        let text: &mut String = seen.entry(place.to_owned()).or_default();
        let new = String::from_utf8_lossy(&bytes);
        if !text.contains(&*new) {
            text.push_str(&new);
        }
    };
    while !over.load(Ordering::Acquire) {
        look("command line of fgtkey", id, "cmdline");
        if !given {
            look("environment of fgtkey", id, "environ");
        }
        for child in children(id) {
            // Between fork and exec a child is still a copy of its parent.
            if fs::read(format!("/proc/{child}/cmdline")).ok() != fs::read(format!("/proc/{id}/cmdline")).ok() {
                look("command line of a child", child, "cmdline");
                look("environment of a child", child, "environ");
            }
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    seen
}

/// All descendants of a process.
fn children(id: u32) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten();
    let lists = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    let own: Vec<u32> =
        lists.flat_map(|list| list.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<_>>()).collect();
    own.iter().flat_map(|child| children(*child)).chain(own.iter().copied()).collect()
}
