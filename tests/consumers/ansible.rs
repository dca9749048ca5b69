//! Ansible's own `uri` against the simulated device's HTTPS, with the key out of host variables.

use std::path::PathBuf;

use crate::desk::{Desk, is_there, text};
use crate::files::example;
use crate::simulator::Simulator;

/// A program beside the interpreter that has the libraries, or on the `PATH`.
pub fn beside_python(name: &str) -> String {
    let python = std::env::var_os("FGTKEY_PEERS_PYTHON").map(PathBuf::from);
    let beside = python.and_then(|python| Some(python.parent()?.join(name))).filter(|path| path.exists());
    beside.map_or_else(|| name.to_owned(), |path| path.display().to_string())
}

#[test]
fn a_playbook_asks_the_api_with_the_key_of_its_host_variables() {
    let playbook = beside_python("ansible-playbook");
    if !is_there(&playbook, "--version") {
        return;
    }
    let desk = Desk::new();
    let simulator = Simulator::start(&desk);
    desk.write("request.yaml", &example("request.yaml"));
    desk.write("play.yaml", &example("ansible/without-collection.yaml"));
    let to = ["--to", "ansible:host_vars/fw1.yaml", "--to", "file:key"];
    std::fs::create_dir(desk.path("host_vars")).unwrap();
    let minted = desk.command("fgtkey").args(["mint", "fw1", "-r", "request.yaml"]).args(to).output().unwrap();
    assert!(minted.status.success(), "{}", text(&minted.stderr));
    let port = simulator.https.rsplit(':').next().unwrap();
    let ran = desk
        .command(&playbook)
        .args(["-i", "fw1,", "play.yaml", "-e", &format!("fortios_port={port}")])
        // The name is one of ssh_config, which Ansible's module does not read.
        .args(["-e", "ansible_host=127.0.0.1", "-e", &format!("fortios_ca={}", desk.path("ca.pem").display())])
        .env("LC_ALL", "C.UTF-8")
        .output()
        .unwrap();
    let told = text(&ran.stdout);
    assert!(ran.status.success(), "{told}{}", text(&ran.stderr));
    assert!(told.contains("\"msg\": \"v7.4.8\""), "{told}");
    assert!(!told.contains(desk.read("key").trim()), "the key is in what Ansible prints: {told}");
}
