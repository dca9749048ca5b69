//! What came of a mint, with the promises that hold for every one.

use std::path::PathBuf;
use std::sync::atomic::Ordering;

use fgtkey::deliver::Record;
use fgtkey::fortios::script::Script;
use fgtkey::sim::{Device, Login, Server, Shell, Then};
use fgtkey::verbs::Event;
use fgtkey::verbs::failure::{Failure, Left, MintError, Remains};

use super::scene::NAME;

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
    pub destination: PathBuf,
    pub directory: tempfile::TempDir,
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
            Left::Minted
            | Left::Elsewhere
            | Left::Escrowed(_)
            | Left::OldStays { .. }
            | Left::Overtaken
            | Left::Unsaved => Err(format!("{:?} although the key was delivered", failure.left)),
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
        let mut said = type_in(&self.device, &mend.to_string());
        // On a slow machine a fault is still to come, and the person meets it: the device hangs, so it is pasted once more.
        if !said.trim_end().ends_with('#') {
            said = type_in(&self.device, &mend.to_string());
        }
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
