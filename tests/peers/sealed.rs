//! What age, Ansible and PyYAML make of what we wrote, and we of what they wrote.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::peer::{fgtkey, is_there, text, works};

/// A directory to work in, which is also the home of what runs there.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Desk {
        Desk(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn run(&self, program: impl AsRef<OsStr>, arguments: &[&str]) -> Output {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.0.path()).env("HOME", self.0.path());
        command.env("ANSIBLE_LOCALHOST_WARNING", "False").env("ANSIBLE_NOCOLOR", "1").env("LC_ALL", "C.UTF-8");
        command.output().unwrap()
    }

    /// What a program prints, which has to succeed.
    fn printed(&self, program: impl AsRef<OsStr>, arguments: &[&str]) -> String {
        let output = self.run(program, arguments);
        assert!(output.status.success(), "{arguments:?}: {}{}", text(&output.stdout), text(&output.stderr));
        text(&output.stdout)
    }

    /// Mints a key at a simulated device for `destinations`, and says what it is.
    fn mint(&self, destinations: &[&str]) -> String {
        let mut command = fgtkey();
        command.args(["mint", "--sim", "--to", "file:bare"]).current_dir(self.0.path()).env("HOME", self.0.path());
        for destination in destinations {
            command.args(["--to", destination]);
        }
        let minted = command.env_remove("XDG_STATE_HOME").env_remove("ANSIBLE_VAULT_PASSWORD_FILE").output().unwrap();
        assert!(minted.status.success(), "{}", text(&minted.stderr));
        self.read("bare").trim_end().to_owned()
    }
}

/// A program beside the Python that has the peers' libraries.
fn beside_python(program: &str) -> Option<PathBuf> {
    let python = std::env::var_os("FGTKEY_PEERS_PYTHON").map(PathBuf::from);
    let program = python.as_deref().and_then(Path::parent).map(|bin| bin.join(program));
    let found = program.as_ref().is_some_and(|program| works(Command::new(program).arg("--version")));
    if is_there("ansible-core", found) { program } else { None }
}

fn age_is_there() -> bool {
    is_there("age", works(Command::new("age").arg("--version")))
}

#[test]
fn age_opens_what_was_sealed_to_its_own_identity() {
    if !age_is_there() {
        return;
    }
    let desk = Desk::new();
    desk.printed("age-keygen", &["-o", "identity"]);
    desk.write("recipients", &desk.printed("age-keygen", &["-y", "identity"]));
    let key =
        desk.mint(&["age:fw1.age,recipients-file=recipients", "age:armored,recipients-file=recipients,armor=yes"]);
    for file in ["fw1.age", "armored"] {
        assert_eq!(desk.printed("age", &["-d", "-i", "identity", file]), format!("{key}\n"), "{file}");
    }
}

#[test]
fn age_opens_what_was_sealed_to_ssh_keys() {
    if !age_is_there() {
        return;
    }
    let desk = Desk::new();
    for (kind, bits) in [("ed25519", "256"), ("rsa", "2048")] {
        desk.printed("ssh-keygen", &["-q", "-t", kind, "-b", bits, "-N", "", "-C", "somebody, somewhere", "-f", kind]);
        let recipient = desk.read(&format!("{kind}.pub"));
        let key = desk.mint(&[&format!("age:{kind}.age,content=json,recipient={}", recipient.trim_end())]);
        let json: serde_json::Value =
            serde_json::from_str(&desk.printed("age", &["-d", "-i", kind, &format!("{kind}.age")])).unwrap();
        assert_eq!((json["key"].as_str(), json["api_user"].as_str()), (Some(&*key), Some("terraform")), "{kind}");
    }
}

/// What Ansible says of a variable of the host `fw1`.
fn variable(desk: &Desk, ansible: &Path, name: &str, more: &[&str]) -> String {
    let message = format!("msg={{{{ {name} }}}}");
    let asked = ["-i", "inventory", "fw1", "-c", "local", "-m", "debug", "-a", &message];
    desk.printed(ansible, &[&asked, more].concat())
}

#[test]
fn ansible_reads_plain_and_encrypted_host_variables() {
    let Some(ansible) = beside_python("ansible") else { return };
    for (password, before, more) in [
        (false, None, &[][..]),
        (false, Some("---\nvdom: root # ours\n"), &[]),
        (true, None, &["--vault-password-file", "pw"]),
        (true, Some("---\nvdom: root # ours\n"), &["--vault-password-file", "pw"]),
    ] {
        let desk = Desk::new();
        desk.write("pw", "secret\n");
        desk.write("inventory", "fw1\n");
        fs::create_dir(desk.path("host_vars")).unwrap();
        if let Some(before) = before {
            desk.write("host_vars/fw1.yml", before);
        }
        let option = if password { ",vault-password-file=pw" } else { "" };
        let key = desk.mint(&[&format!("ansible:host_vars/fw1.yml{option}")]);
        assert_eq!(desk.read("host_vars/fw1.yml").contains(&key), !password);
        for name in ["fortios_access_token", "ansible_httpapi_session_key.access_token"] {
            let said = variable(&desk, &ansible, name, more);
            assert!(said.contains(&format!("\"msg\": \"{key}\"")), "{name}: {said}");
        }
        if before.is_some() {
            assert!(variable(&desk, &ansible, "vdom", more).contains("\"msg\": \"root\""));
        }
    }
}

#[test]
fn ansible_vault_opens_our_file_and_we_edit_its_own() {
    let Some(vault) = beside_python("ansible-vault") else { return };
    let desk = Desk::new();
    desk.write("pw", "p ä ss\n");
    let key = desk.mint(&["ansible:new.yml,vault-id=prod@pw"]);
    assert!(desk.printed(&vault, &["view", "--vault-id", "prod@pw", "new.yml"]).contains(&key));
    for (file, identity) in [("old.yml", "pw"), ("labelled.yml", "prod@pw")] {
        desk.write(file, "# ours\nvdom: root\nfortios_access_token: old\n");
        desk.printed(&vault, &["encrypt", "--vault-id", identity, file]);
        let header = desk.read(file).lines().next().unwrap().to_owned();
        let key = desk.mint(&[&format!("ansible:{file},vault-password-file=pw")]);
        let plain = desk.printed(&vault, &["view", "--vault-id", identity, file]);
        assert!(plain.starts_with(&format!("# ours\nvdom: root\nfortios_access_token: \"{key}\"\n")), "{plain}");
        assert_eq!(desk.read(file).lines().next().unwrap(), header, "the format and its label stay");
    }
}

#[test]
fn pyyaml_reads_every_value_as_it_was_and_the_manifest_as_a_secret() {
    let Some(python) = beside_python("python") else { return };
    let desk = Desk::new();
    let others = "---\na: &x [1, 'two', {b: \"c\n  d\"}]\ntext: |+\n  fortios_access_token: no\n\nfolded: >-\n  x\n  y\n\
                  '1': yes\nalias: *x\ndate: 2026-01-01\nlist:\n- a\n-   b: 1\n    c: 2\n\"é\": null\n";
    desk.write("host.yml", others);
    let key = desk.mint(&["ansible:host.yml", "k8s:secret.yml,namespace=network"]);
    let program =
        "import json, sys, yaml\nprint(json.dumps([yaml.safe_load(open(f)) for f in sys.argv[1:]], default=str))";
    desk.write("before.yml", others);
    let read = desk.printed(&python, &["-c", program, "before.yml", "host.yml", "secret.yml"]);
    let [before, mut host, secret]: [serde_json::Value; 3] = serde_json::from_str(&read).unwrap();
    let ours = ["ansible_host", "fortios_access_token", "ansible_httpapi_session_key", "ansible_httpapi_port"]
        .map(|name| host.as_object_mut().unwrap().remove(name));
    assert_eq!(host, before);
    assert_eq!(ours[1], Some(key.clone().into()));
    assert_eq!(secret["stringData"]["FORTIOS_ACCESS_TOKEN"], key);
    assert_eq!(
        (&secret["apiVersion"], &secret["kind"], &secret["type"]),
        (&"v1".into(), &"Secret".into(), &"Opaque".into())
    );
    assert_eq!(secret["metadata"]["namespace"], "network");
}
