//! The `ssh` of this machine, asked with `-G`.

use std::collections::BTreeMap;
use std::process::{Command, Output, Stdio};

use fgtkey::ssh::config::{AlgorithmList, HostConfig, Local};
use nix::unistd::{User, getuid};

use super::situation::Situation;
use super::told;

/// What `ssh -G` prints: a keyword may be on several lines.
type Printed = BTreeMap<String, Vec<String>>;

pub struct Ssh {
    defaults: Printed,
    local: Local,
}

impl Ssh {
    /// `None` if there is none.
    pub fn find() -> Option<Self> {
        Command::new("ssh").arg("-V").stderr(Stdio::null()).status().ok()?;
        // `ssh` asks the system for the home, whatever `$HOME` says.
        let home = User::from_uid(getuid()).ok()??.dir;
        let site = |name: &str| if name == "SITE" { Some("berlin".to_owned()) } else { std::env::var(name).ok() };
        let mut ssh = Ssh { defaults: Printed::new(), local: Local { home, variable: site, ..Local::current() } };
        ssh.defaults = ssh.run(&["-F", "none", "fw1"]).ok()?;
        Some(ssh)
    }

    /// The person for whom it reads.
    pub fn local(&self) -> Local {
        self.local.clone()
    }

    /// What it makes of a situation, or why it refuses it.
    pub fn query(&self, situation: &Situation) -> Result<Printed, String> {
        let file = situation.file.display().to_string();
        let mut arguments = vec!["-F", &file];
        arguments.extend(situation.arguments.iter().map(String::as_str));
        self.run(&arguments)
    }

    fn run(&self, arguments: &[&str]) -> Result<Printed, String> {
        let mut command = Command::new("ssh");
        command.env("HOME", &self.local.home).env("SITE", "berlin").env_remove("FGTKEY_UNSET");
        let Output { status, stdout, stderr } = command.arg("-G").args(arguments).output().unwrap();
        if !status.success() {
            return Err(String::from_utf8_lossy(&stderr).into_owned());
        }
        let mut printed = Printed::new();
        for line in String::from_utf8(stdout).unwrap().lines() {
            let (keyword, value) = line.split_once(' ').unwrap_or((line, ""));
            printed.entry(keyword.to_owned()).or_default().push(value.to_owned());
        }
        Ok(printed)
    }

    /// Where its values are not ours. What nobody says has its default, which is not ours to choose.
    pub fn differences(&self, ours: &HostConfig, theirs: &Printed) -> Vec<String> {
        let mut said = Printed::new();
        for (keyword, value) in told::settings(ours) {
            said.entry(keyword.to_owned()).or_default().push(value);
        }
        for (keyword, list) in told::algorithms(ours) {
            said.insert(keyword.to_owned(), vec![self.applied(keyword, list)]);
        }
        let expanded = |printed: Option<&Vec<String>>| -> Vec<String> {
            printed.into_iter().flatten().map(|value| self.expanded(value, ours)).collect()
        };
        let mut lines = Vec::new();
        for keyword in COMPARED {
            let default = || expanded(self.defaults.get(*keyword));
            let ours = normal(said.get(*keyword).cloned().unwrap_or_else(default));
            let theirs = normal(expanded(theirs.get(*keyword)));
            // Debian's has another default in batch mode.
            let is_default = *keyword == "serveraliveinterval" && !said.contains_key(*keyword);
            if ours != theirs && !is_default {
                lines.push(format!("    {keyword}: ours {ours:?}, ssh's {theirs:?}"));
            }
        }
        lines
    }

    /// The list in effect, as `ssh` would make it of what it supports.
    fn applied(&self, keyword: &str, list: &AlgorithmList) -> String {
        let query = match keyword {
            "ciphers" => "cipher",
            "macs" => "mac",
            "kexalgorithms" => "kex",
            "casignaturealgorithms" => "sig",
            _ => "HostKeyAlgorithms",
        };
        let all = Command::new("ssh").args(["-Q", query]).output().unwrap().stdout;
        let all = String::from_utf8(all).unwrap();
        let all: Vec<&str> = all.lines().collect();
        let defaults = self.defaults.get(keyword).and_then(|lines| lines.first()).unwrap();
        let defaults: Vec<&str> = defaults.split(',').collect();
        list.applied(&defaults, &all).join(",")
    }

    /// Of some keywords `-G` prints what is written; this replaces in its own way what the situations use.
    fn expanded(&self, value: &str, host: &HostConfig) -> String {
        let home = self.local.home.display().to_string();
        let value = value.strip_prefix("~/").map_or(value.to_owned(), |below| format!("{home}/{below}"));
        let tokens = [
            ("%%", "\0"),
            ("%h", &host.host),
            ("%n", &host.original),
            ("%p", &host.port.to_string()),
            ("%r", &host.user),
            ("%u", &self.local.user),
            ("%d", &home),
            ("${SITE}", "berlin"),
            ("\0", "%"),
        ];
        tokens.iter().fold(value, |value, (token, replacement)| value.replace(token, replacement))
    }
}

/// `ssh` says `true` where it means `yes`, tells two kinds of `yes`, and leaves `none` out in some places.
fn normal(values: Vec<String>) -> Vec<String> {
    let words = values.into_iter().map(|value| match value.as_str() {
        "true" | "host-bound" | "unbound" => "yes".to_owned(),
        "false" => "no".to_owned(),
        _ => value,
    });
    words.filter(|value| value != "none").collect()
}

const COMPARED: &[&str] = &[
    "addressfamily",
    "batchmode",
    "bindaddress",
    "casignaturealgorithms",
    "certificatefile",
    "ciphers",
    "connectionattempts",
    "connecttimeout",
    "globalknownhostsfile",
    "hashknownhosts",
    "hostkeyalgorithms",
    "hostkeyalias",
    "hostname",
    "identitiesonly",
    "identityagent",
    "identityfile",
    "kbdinteractiveauthentication",
    "kexalgorithms",
    "macs",
    "numberofpasswordprompts",
    "passwordauthentication",
    "port",
    "preferredauthentications",
    "proxyjump",
    "pubkeyacceptedalgorithms",
    "pubkeyauthentication",
    "requiredrsasize",
    "serveralivecountmax",
    "serveraliveinterval",
    "stricthostkeychecking",
    "user",
    "userknownhostsfile",
];
