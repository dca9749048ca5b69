//! ssh_config is read as OpenSSH reads it: one file a situation in `tests/ssh_config`, compared with what stands in the
//! file beside it and with `ssh -G`.
//!
//! A situation begins with `# ssh ARGUMENTS`, the command that is meant (`\_` is a blank within an argument), and may go
//! on with `# fgtkey refuses` where `ssh` does not. `@DIR@` is the folder of the situations, from which they include.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "the harness of a test may fail it")]

#[path = "ssh_config/openssh.rs"]
mod openssh;
#[path = "ssh_config/situation.rs"]
mod situation;
#[path = "ssh_config/told.rs"]
mod told;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use fgtkey::ssh::config::{ConfigError, ConfigFile, ConfigSources, HostConfig, Jump, Local, Overrides, SshConfig};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use situation::{Desk, Situation};

/// A person who is the same on every machine, except that the files must be theirs.
fn netops() -> Local {
    Local {
        user: "netops".to_owned(),
        home: "/home/netops".into(),
        host_name: "desk.example.net".to_owned(),
        variable: |name| (name == "SITE").then(|| "berlin".to_owned()),
        ..Local::current()
    }
}

/// `SNAPSHOTS=overwrite` renews the files of what is expected.
#[test]
fn every_situation_is_read_as_the_file_beside_it_says() {
    let desk = Desk::new();
    for situation in &desk.situations {
        let told = desk.told(&told::result(&situation.look_up(netops())));
        let expected = Path::new(situation::FOLDER).join(&situation.name).with_extension("expect");
        snapbox::assert_data_eq!(told, snapbox::Data::read_from(&expected, None).raw());
    }
    assert!(desk.situations.len() >= 60, "only {} situations", desk.situations.len());
}

#[test]
fn every_situation_is_read_as_ssh_reads_it() {
    let desk = Desk::new();
    let Some(ssh) = openssh::Ssh::find() else {
        eprintln!("SKIPPED: there is no `ssh` to compare with");
        return;
    };
    let wrong: Vec<String> = desk.situations.iter().filter_map(|situation| difference(&ssh, situation)).collect();
    assert!(wrong.is_empty(), "{} situations differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// Lines that do something together.
const LINES: &[&str] = &[
    "Host fw1",
    "Host fw* !fw1",
    "Host *",
    "Host fw2 !fw3",
    "Match host fw1",
    "Match host 192.0.2.1",
    "Match originalhost fw* user admin",
    "Match user late,root",
    "Match final",
    "Match !host fw2",
    "Match final host 192.0.2.1",
    "Match all",
    "Match canonical",
    "HostName 192.0.2.1",
    "HostName %h.example.net",
    "HostKeyAlias one",
    "Port 2201",
    "Port=\"2202\"",
    "User late",
    "IdentityFile /keys/%n",
    "IdentityFile none",
    "IdentityFile ~/keys/%h",
    "CertificateFile /keys/cert",
    "UserKnownHostsFile /known/%h /known/%k",
    "UserKnownHostsFile none",
    "GlobalKnownHostsFile /known/a '/known/b c'",
    "ProxyJump a@hop:22,two",
    "ProxyJump none",
    "ProxyCommand none",
    "IdentityAgent ~/agent",
    "IdentityAgent none",
    "ConnectTimeout none",
    "ConnectTimeout 1m",
    "Ciphers +aes128-cbc",
    "Ciphers aes256-ctr",
    "StrictHostKeyChecking accept-new",
    "IgnoreUnknown unheard*",
    "UnheardOf thing",
    "BatchMode yes",
    "ForwardAgent yes",
    "# comment",
    "",
];

#[test]
fn lines_in_any_order_are_read_as_ssh_reads_them() {
    let Some(ssh) = openssh::Ssh::find() else {
        eprintln!("SKIPPED: there is no `ssh` to compare with");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let lines = proptest::collection::vec(proptest::sample::select(LINES), 0..14);
    let config = ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() };
    TestRunner::new(config)
        .run(&lines, |lines| {
            let situation = Situation::written(&lines.join("\n"), folder.path().join("config"));
            prop_assert_eq!(difference(&ssh, &situation), None);
            Ok(())
        })
        .unwrap();
}

proptest! {
    #[test]
    fn no_file_makes_a_panic(text in "(Host|Match|host|ProxyJump|%|\\$\\{|\"|=|,|\n| |\\PC){0,40}") {
        let folder = tempfile::tempdir().unwrap();
        let _ = Situation::written(&text, folder.path().join("config")).look_up(netops());
    }
}

fn difference(ssh: &openssh::Ssh, situation: &Situation) -> Option<String> {
    let ours = situation.look_up(ssh.local());
    if situation.is_refused_by_us {
        let accepted = situation.needs_dns || ssh.query(situation).is_ok();
        return (ours.is_ok() || !accepted).then(|| format!("{}: not refused by us alone", situation.name));
    }
    match (ours, ssh.query(situation)) {
        (Ok(ours), Ok(theirs)) => {
            let lines = ssh.differences(&ours, &theirs);
            (!lines.is_empty()).then(|| format!("{}:\n{}", situation.name, lines.join("\n")))
        }
        (Err(_), Err(_)) => None,
        (Ok(_), Err(words)) => Some(format!("{}: only ssh refuses: {words}", situation.name)),
        (Err(error), Ok(_)) => Some(format!("{}: only we refuse: {error}", situation.name)),
    }
}

/// A home with the person's file, and perhaps others.
fn home(files: &[(&str, &str, u32)]) -> (tempfile::TempDir, Local) {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join(".ssh")).unwrap();
    for (name, text, mode) in files {
        let file = home.path().join(".ssh").join(name);
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(*mode)).unwrap();
    }
    let local = Local { home: home.path().to_owned(), ..netops() };
    (home, local)
}

fn load(file: ConfigFile, options: &[&str], local: &Local) -> Result<SshConfig, ConfigError> {
    let options = options.iter().map(|text| (*text).to_owned()).collect();
    SshConfig::load(&ConfigSources { file, options, local: local.clone() })
}

fn usual(files: &[(&str, &str, u32)]) -> SshConfig {
    let (_home, local) = home(files);
    load(ConfigFile::Usual, &[], &local).unwrap()
}

fn route(config: &SshConfig, name: &str, overrides: &Overrides) -> Vec<String> {
    let told = |host: &HostConfig| format!("{}@{}:{}", host.user, host.host, host.port);
    config.route(name, overrides).unwrap().iter().map(told).collect()
}

#[test]
fn includes_of_a_person_lie_in_their_ssh_folder() {
    let config = usual(&[("config", "Include more\n", 0o600), ("more", "Host fw1\n  Port 2222\n", 0o600)]);
    let host = config.for_host("fw1", &Overrides::default()).unwrap();
    assert_eq!(host.port, 2222);
    assert!(host.settings.port.unwrap().origin.to_string().ends_with("/.ssh/more line 2"));
}

#[test]
fn a_file_that_others_may_write_to_is_refused() {
    for mode in [0o620, 0o602] {
        let (_home, local) = home(&[("config", "", mode)]);
        let error = load(ConfigFile::Usual, &[], &local).unwrap_err();
        assert!(matches!(error, ConfigError::Permissions { .. }), "{mode:o}: {error}");
        assert!(error.hint().unwrap().starts_with("chmod go-w"));
        let named = ConfigFile::from(local.home.join(".ssh/config"));
        assert!(load(named, &[], &local).is_ok(), "a file that was named is the person's choice");
    }
}

#[test]
fn an_included_file_that_others_may_write_to_is_refused() {
    let (_home, local) = home(&[("config", "Host other\n  Include more\n", 0o600), ("more", "", 0o660)]);
    assert!(matches!(load(ConfigFile::Usual, &[], &local), Err(ConfigError::Permissions { .. })));
}

#[test]
fn a_file_of_another_user_is_refused() {
    let (_home, local) = home(&[("config", "", 0o600)]);
    let is_root = local.uid == 0;
    let stranger = Local { uid: local.uid + 1, ..local };
    // What root owns is everybody's to trust.
    assert_eq!(load(ConfigFile::Usual, &[], &stranger).is_ok(), is_root);
}

#[test]
fn the_usual_files_may_be_missing_but_a_named_one_must_exist() {
    let nobody = Local { home: "/nonexistent".into(), ..netops() };
    assert!(load(ConfigFile::Usual, &[], &nobody).is_ok());
    let error = load(ConfigFile::from(Path::new("/nonexistent/config").to_owned()), &[], &nobody).unwrap_err();
    assert_eq!(error.to_string(), "/nonexistent/config cannot be read");
    assert!(error.hint().unwrap().contains("--ssh-config none"));
}

#[test]
fn no_file_is_read_for_none_and_options_hold_all_the_same() {
    let (_home, local) = home(&[("config", "Port broken\n", 0o600)]);
    let config = load(ConfigFile::from(Path::new("none").to_owned()), &["Port=2222"], &local).unwrap();
    assert_eq!(config.for_host("fw1", &Overrides::default()).unwrap().port, 2222);
}

#[test]
fn what_was_asked_for_comes_before_everything() {
    let (_home, local) = home(&[("config", "User a\nPort 1\nProxyJump hop\nIdentityFile /keys/b\n", 0o600)]);
    let config = load(ConfigFile::Usual, &["Port=2", "User=b"], &local).unwrap();
    let asked = Overrides {
        user: Some("100%".to_owned()),
        port: Some(3),
        identity_files: vec!["/keys/a".into()],
        jumps: Some(Jump::list("none").unwrap()),
    };
    let host = config.for_host("fw1", &asked).unwrap();
    assert_eq!((host.user.as_str(), host.port, host.jumps()), ("100%", 3, &[][..]));
    let files: Vec<_> = host.settings.identity_files.unwrap().into_iter().map(|file| file.value).collect();
    assert_eq!(files, [Path::new("/keys/a"), Path::new("/keys/b")]);
}

#[test]
fn a_route_looks_up_every_host_on_the_way() {
    let config = usual(&[(
        "config",
        "Host fw*\n  User admin\n  ProxyJump inner\nHost inner\n  HostName 192.0.2.9\n  Port 2222\n  ProxyJump outer\n",
        0o600,
    )]);
    assert_eq!(
        route(&config, "fw1", &Overrides::default()),
        ["netops@outer:22", "netops@192.0.2.9:2222", "admin@fw1:22"]
    );
    let asked = Overrides { jumps: Some(Jump::list("a@one,two:23").unwrap()), ..Overrides::default() };
    assert_eq!(route(&config, "fw1", &asked), ["a@one:22", "netops@two:23", "admin@fw1:22"]);
}

#[test]
fn options_are_not_for_the_hosts_on_the_way() {
    let (_home, local) = home(&[("config", "", 0o600)]);
    let config = load(ConfigFile::Usual, &["User=admin", "ProxyJump=hop"], &local).unwrap();
    assert_eq!(route(&config, "fw1", &Overrides::default()), ["netops@hop:22", "admin@fw1:22"]);
}

#[test]
fn a_circle_of_jump_hosts_is_an_error() {
    let config = usual(&[("config", "Host a\n  ProxyJump b\nHost b\n  ProxyJump a\n", 0o600)]);
    let error = config.route("a", &Overrides::default()).unwrap_err();
    assert_eq!(error.to_string(), "a is reached through itself");
}

#[test]
fn an_error_names_the_line_and_what_to_do() {
    let texts = [
        ("ProxyCommand nc %h %p", "ProxyCommand holds for fw1 and is not supported", "use ProxyJump"),
        ("Prot 22", "`Prot` is not a keyword of ssh_config", "did you mean Port?"),
        ("UseKeychainX yes", "`UseKeychainX` is not a keyword of ssh_config", "`IgnoreUnknown UseKeychainX`"),
        ("RefuseConnection \"use fw2\"", "refuses connections to fw1: use fw2", ""),
        ("Include fw/%h", "the file that it names depends on the device (`fw/%h`), which is not supported", "-"),
    ];
    for (line, words, hint) in texts {
        let (_home, local) = home(&[("config", &format!("\nHost fw1\n  {line}\n"), 0o600)]);
        let config = load(ConfigFile::Usual, &[], &local).unwrap();
        let error = config.for_host("fw1", &Overrides::default()).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("/.ssh/config line 3") && text.contains(words), "{text}");
        assert!(error.hint().unwrap_or_default().contains(hint), "{:?}", error.hint());
    }
}

#[test]
fn a_setting_that_depends_on_a_command_names_both_lines() {
    let config = usual(&[("config", "Match exec \"on-vpn\"\n  ForwardAgent yes\n  ProxyJump hop\n", 0o600)]);
    let error = config.for_host("fw1", &Overrides::default()).unwrap_err().to_string();
    assert!(error.contains("line 3: whether ProxyJump holds for fw1 depends on `Match exec`"), "{error}");
    assert!(error.contains("/.ssh/config line 1)"), "{error}");
    let asked = Overrides { jumps: Some(Vec::new()), ..Overrides::default() };
    assert!(config.for_host("fw1", &asked).is_ok(), "nothing depends on it any more");
}

#[test]
fn newer_keywords_and_criteria_are_read_too() {
    let config = usual(&[(
        "config",
        "Host fw1\n  Tag berlin\nMatch tagged berlin sessiontype shell command \"\"\n  User %u-%h\n  Port 2222\n\
         Match version OpenSSH_10* host other\n  Port 1\nObscureKeystrokeTiming no\n",
        0o600,
    )]);
    let host = config.for_host("fw1", &Overrides::default()).unwrap();
    assert_eq!((host.user.as_str(), host.port), ("netops-fw1", 2222));
}
