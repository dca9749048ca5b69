//! The recipes, run: each with the program that it is for, or with one in its place that looks at what it is given.

use serde_json::{Value, json};

use crate::desk::{Desk, KEY, PASSWORD, fed, text};
use crate::files::{example, repository, yaml};
use crate::simulator::Simulator;

/// The blocks of shell in a section of the README.
fn readme_blocks(section: &str) -> Vec<String> {
    let readme = std::fs::read_to_string(repository("README.md")).unwrap();
    let section = readme.split("\n## ").find(|text| text.starts_with(section)).unwrap();
    section.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

/// The lines of a comment that are commands.
fn commands_in(comment: &str) -> String {
    comment.lines().filter_map(|line| line.strip_prefix("#   ")).map(|line| format!("{line}\n")).collect()
}

#[test]
fn terraform_finds_host_and_key_in_its_environment() {
    let desk = Desk::new();
    let _simulator = Simulator::start(&desk);
    desk.write("request.yaml", &example("request.yaml"));
    desk.stand_in("terraform", "echo \"$* $FORTIOS_ACCESS_HOSTNAME $FORTIOS_ACCESS_TOKEN\"");
    let ran = desk.shell(&commands_in(&example("terraform/main.tf")));
    assert!(ran.status.success(), "{}", text(&ran.stderr));
    let stored = desk.read("fw1.env");
    let values: Vec<&str> = stored.lines().filter_map(|line| line.split_once('=')).map(|(_, value)| value).collect();
    assert_eq!(text(&ran.stdout), format!("plan {}\n", values.join(" ")));
}

/// What stands between `name = ` and its end in HCL, for the two shapes that the example has.
fn hcl<'a>(text: &'a str, name: &str, close: char) -> &'a str {
    let begin = text.find(name).unwrap() + name.len();
    let rest = text[begin..].trim_start_matches([' ', '=']);
    &rest[..=rest.find(close).unwrap()]
}

#[test]
fn the_external_data_source_speaks_terraforms_protocol() {
    let desk = Desk::new();
    let source = example("terraform/external.tf.example");
    let program: Vec<String> = serde_json::from_str(hcl(&source, "program", ']')).unwrap();
    let query = hcl(&source, "query", '}').replace("from =", "\"from\":");
    let ran = fed(desk.command(&program[0]).args(&program[1..]), &query);
    assert!(ran.status.success(), "{}", text(&ran.stderr));
    let result: Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(result, json!({ "hostname": "192.0.2.1", "token": KEY, "api_user": "", "generated_at": "" }));
    for name in ["hostname", "token"] {
        assert!(source.contains(&format!("data.external.fw1.result.{name}")), "{source}");
    }
}

#[test]
fn what_terraform_cannot_have_is_an_error_on_stderr_and_status_1() {
    let desk = Desk::new();
    let queries = [
        "",
        "[]",
        r#"{"from":"file:missing"}"#,
        r#"{"from":"stdout"}"#,
        r#"{"from":"nowhere"}"#,
        r#"{"device":"fw1"}"#,
        r#"{"from":"file:key","user":"x"}"#,
        r#"{"from":"file:{{ device.name }}"}"#,
        r#"{"from":"file:key","device":"a b"}"#,
    ];
    for query in queries {
        let ran = fed(desk.command("fgtkey").args(["get", "--terraform"]), query);
        assert_eq!(ran.status.code(), Some(1), "{query}: {}", text(&ran.stderr));
        assert!(ran.stdout.is_empty() && text(&ran.stderr).starts_with("fgtkey: error: "), "{}", text(&ran.stderr));
    }
}

#[test]
fn the_key_file_of_the_exporter_has_every_firewall() {
    let desk = Desk::new();
    for (name, host) in [("fw1", "192.0.2.1"), ("fw2", "'[2001:db8::2]'")] {
        let lines = format!("FORTIOS_ACCESS_HOSTNAME={host}\nFORTIOS_ACCESS_TOKEN={KEY}\n");
        desk.write(&format!("keys/{name}.env"), &lines);
    }
    let script = repository("examples/prometheus/fortigate-key");
    let ran = desk.command("sh").arg(script).args(["keys/fw1.env", "keys/fw2.env"]).output().unwrap();
    assert!(ran.status.success(), "{}", text(&ran.stderr));
    // The form of its `-auth-file`: https://github.com/prometheus-community/fortigate_exporter
    let expected = json!({ "https://192.0.2.1": { "token": KEY }, "https://[2001:db8::2]": { "token": KEY } });
    assert_eq!(yaml(&text(&ran.stdout)), expected);
    let missing = desk.command("sh").arg(repository("examples/prometheus/fortigate-key")).arg("none.env").output();
    assert!(!missing.unwrap().status.success(), "a firewall without a key must not be passed over");
}

#[test]
fn aws_gets_the_record_on_its_stdin_and_no_argument_has_the_key() {
    let desk = Desk::new();
    let _simulator = Simulator::start(&desk);
    desk.stand_in("aws", "echo \"$*\" > arguments; cat /dev/stdin > secret");
    desk.write("request.yaml", &example("aws/request.yaml"));
    let ran = desk.shell("fgtkey mint fw1 -r request.yaml");
    assert!(ran.status.success(), "{}", text(&ran.stderr));
    let wanted = "secretsmanager put-secret-value --secret-id fortigate/fw1 --secret-string file:///dev/stdin\n";
    assert_eq!(desk.read("arguments"), wanted);
    let record: Value = serde_json::from_str(&desk.read("secret")).unwrap();
    assert_eq!(record["api_user"], "terraform");
    assert_eq!(record["key"].as_str().map(str::len), Some(30), "{record}");
}

#[test]
fn the_commands_of_the_readme_do_what_it_says() {
    let desk = Desk::new();
    let _simulator = Simulator::start(&desk);
    desk.write("request.yaml", &example("request.yaml"));
    desk.stand_in("terraform", "test -n \"$FORTIOS_ACCESS_TOKEN\" && test -n \"$FORTIOS_ACCESS_HOSTNAME\"");
    let blocks = readme_blocks("Recipes");
    assert!(!blocks.is_empty());
    for block in blocks {
        let ran = desk.shell(&block);
        assert!(ran.status.success(), "{block}: {}", text(&ran.stderr));
    }
}

/// What the unit starts, with its paths put where this desk has them.
fn unit_command(desk: &Desk) -> String {
    let unit = example("systemd/fgtkey-rotate@.service");
    let command = unit.lines().find_map(|line| line.strip_prefix("ExecStart=/usr/local/bin/")).unwrap().to_owned();
    let config = desk.path(".ssh/config").display().to_string();
    let command = command.replace("%i", "fw1").replace("/etc/fgtkey/ssh_config", &config);
    command
        .replace("${CREDENTIALS_DIRECTORY}/fgtkey-password", "password")
        .replace("/etc/fgtkey/fw1.yaml", "request.yaml")
}

#[test]
fn the_timer_leaves_a_young_key_alone_and_replaces_an_old_one() {
    let desk = Desk::new();
    let _simulator = Simulator::start(&desk);
    desk.write("request.yaml", &format!("{}deliver:\n  - dotenv: fw1.env\n", example("request.yaml")));
    desk.write("password", PASSWORD);
    let minted = desk.shell("fgtkey mint fw1 -r request.yaml");
    assert!(minted.status.success(), "{}", text(&minted.stderr));
    let key = || desk.read("fw1.env");
    let first = key();
    let command = unit_command(&desk);
    assert!(command.contains("--if-older-than 30d"), "{command}");
    let young = desk.shell(&command);
    assert!(young.status.success(), "{}", text(&young.stderr));
    assert_eq!(key(), first, "{}", text(&young.stderr));
    let old = desk.shell(&format!("{} --grace 0s", command.replace("30d", "0s")));
    assert!(old.status.success(), "{}", text(&old.stderr));
    assert!(key() != first && text(&old.stderr).contains("terraform-b created"), "{}", text(&old.stderr));
}
