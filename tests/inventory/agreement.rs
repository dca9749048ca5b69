//! Ansible and fgtkey read the same of the same files, and pick the same devices.
//!
//! Ansible's own command lines are run by the Python that `FGTKEY_PEERS_PYTHON` names, as `.ci/run` sets it up; without it
//! the tests are skipped, loudly, and fail with `FGTKEY_REQUIRE_PEERS=1`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::run::{ansible_inventories, folder, inventory, limits, text, with_sources};

/// What one of Ansible's command lines came to.
struct Answer {
    status: i64,
    stdout: String,
    stderr: String,
}

/// The answers to all of `lines`; none without Ansible.
fn ansible(lines: &[Vec<String>]) -> Option<Vec<Answer>> {
    let python = std::env::var_os("FGTKEY_PEERS_PYTHON");
    let required = std::env::var_os("FGTKEY_REQUIRE_PEERS").is_some();
    assert!(python.is_some() || !required, "ansible-core: not there, and FGTKEY_REQUIRE_PEERS is set");
    let Some(python) = python else {
        eprintln!("SKIPPED: ansible-core: not there");
        return None;
    };
    // Ansible also reads variables in the folder it is started in.
    let elsewhere = tempfile::tempdir().unwrap();
    let mut command = Command::new(python);
    command.arg(folder().join("command_lines.py")).current_dir(elsewhere.path()).env("HOME", elsewhere.path());
    std::fs::write(elsewhere.path().join("ansible.cfg"), "[defaults]\n").unwrap();
    command.env("ANSIBLE_NOCOLOR", "1").env("LC_ALL", "C.UTF-8").env_remove("ANSIBLE_CONFIG");
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(serde_json::to_string(lines).unwrap().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let answers: Vec<(i64, String, String)> = serde_json::from_slice(&output.stdout).unwrap();
    Some(answers.into_iter().map(|(status, stdout, stderr)| Answer { status, stdout, stderr }).collect())
}

/// What is said of a device: address, port, user, key, groups.
type Facts = (String, Option<String>, Option<String>, Option<String>, BTreeSet<String>);

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn of_ansible(list: &Value) -> BTreeMap<String, Facts> {
    let group_names: Vec<&String> = list.as_object().unwrap().keys().filter(|name| *name != "_meta").collect();
    let words = |group: &str, key: &str| -> Vec<String> {
        let words = list[group][key].as_array().cloned().unwrap_or_default();
        words.iter().map(|word| word.as_str().unwrap().to_owned()).collect()
    };
    let mut devices: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for top in &group_names {
        let (mut below, mut seen) = (vec![(*top).clone()], BTreeSet::new());
        while let Some(group) = below.pop() {
            if seen.insert(group.clone()) {
                below.extend(words(&group, "children"));
                for host in words(&group, "hosts") {
                    devices.entry(host).or_default().insert((*top).clone());
                }
            }
        }
    }
    let facts = |(device, mut groups): (String, BTreeSet<String>)| {
        let vars = &list["_meta"]["hostvars"][&device];
        let either = |new: &str, old: &str| plain(&vars[new]).or_else(|| plain(&vars[old]));
        groups.retain(|group| !["all", "ungrouped"].contains(&group.as_str()));
        let address = either("ansible_host", "ansible_ssh_host").unwrap_or_else(|| device.clone());
        let key = either("ansible_ssh_private_key_file", "ansible_private_key_file");
        let key = key.map(|key| key.replacen("~/", "/home/me/", 1));
        let port = either("ansible_port", "ansible_ssh_port");
        (device, (address, port, either("ansible_user", "ansible_ssh_user"), key, groups))
    };
    devices.into_iter().map(facts).collect()
}

fn ours(lines: &str) -> BTreeMap<String, Facts> {
    let facts = |line: &str| {
        let device: Value = serde_json::from_str(line).unwrap();
        let groups = device["groups"].as_array().unwrap().iter().map(|group| group.as_str().unwrap().to_owned());
        let text = |key: &str| plain(&device[key]);
        let address = text("address").unwrap();
        let facts = (address, text("port"), text("user"), plain(&device["identity"][0]), groups.collect());
        (text("name").unwrap(), facts)
    };
    lines.lines().map(facts).collect()
}

fn shown(folder: &Path, arguments: &[String], input: &str) -> BTreeMap<String, Facts> {
    let output = inventory(folder, arguments, input);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    ours(&text(&output.stdout))
}

#[test]
fn ansible_reads_the_same_of_the_same_inventories() {
    let inventories = ansible_inventories();
    let lines: Vec<_> =
        inventories.values().map(|files| with_sources(&["ansible-inventory", "--list"], "-i", files)).collect();
    let Some(answers) = ansible(&lines) else { return };
    for ((name, files), answer) in inventories.iter().zip(answers) {
        assert_eq!(answer.status, 0, "{name}: {}", answer.stderr);
        let expected = of_ansible(&serde_json::from_str(&answer.stdout).unwrap());
        let read = shown(&folder(), &with_sources(&["-o", "json"], "--inventory", files), "");
        assert_eq!(read, expected, "{name}");
        let listed = shown(&folder(), &with_sources(&["--inventory", "-", "-o", "json"], "", &[]), &answer.stdout);
        assert_eq!(listed, expected, "{name}, as ansible-inventory prints it");
    }
}

#[test]
fn ansible_picks_the_same_devices() {
    let (inventories, cases) = (ansible_inventories(), limits());
    let line = |(name, limit): &(String, String)| {
        with_sources(&["ansible", "all", "--list-hosts", "-l", limit], "-i", &inventories[name])
    };
    let Some(answers) = ansible(&cases.iter().map(line).collect::<Vec<_>>()) else { return };
    for ((name, limit), answer) in cases.iter().zip(answers) {
        let arguments = with_sources(&["-o", "json", "-l", limit], "--inventory", &inventories[name]);
        let picked = inventory(&folder(), &arguments, "");
        let expected: BTreeSet<String> = answer.stdout.lines().skip(1).map(|host| host.trim().to_owned()).collect();
        let names: BTreeSet<String> = ours(&text(&picked.stdout)).into_keys().collect();
        assert_eq!(names, expected, "{name} {limit}: {}{}", text(&picked.stderr), answer.stderr);
        assert_eq!(picked.status.success(), !expected.is_empty(), "{name} {limit}: {}", text(&picked.stderr));
    }
}
