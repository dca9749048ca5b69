//! The files under `examples/`, and what the README says of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::desk::{Desk, is_there, text};

/// A file of the repository.
pub fn repository(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

/// A file under `examples/`.
pub fn example(file: &str) -> String {
    fs::read_to_string(repository("examples").join(file)).unwrap()
}

/// Something in YAML, as JSON.
pub fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap()
}

#[test]
fn the_readme_names_every_recipe() {
    let readme = fs::read_to_string(repository("README.md")).unwrap();
    for entry in fs::read_dir(repository("examples")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(readme.contains(&format!("examples/{name}")), "the README does not name examples/{name}");
    }
}

#[test]
fn scripts_and_the_lines_that_pipelines_run_are_shell() {
    let github = yaml(&example("github/firewall.yml"));
    let gitlab = yaml(&example("gitlab/.gitlab-ci.yml"));
    let steps = github["jobs"]["apply"]["steps"].as_array().unwrap().iter().filter_map(|step| step["run"].as_str());
    let lines = gitlab["firewall"]["script"].as_array().unwrap().iter().filter_map(|line| line.as_str());
    let scripts = ["prometheus/fortigate-key", "vault/setup.sh"].map(example);
    let kubernetes = yaml(&example("kubernetes/job.yaml"));
    let pod = kubernetes["spec"]["template"]["spec"]["containers"][0]["args"][0].as_str();
    let all: Vec<String> = steps.chain(lines).chain(pod).map(str::to_owned).chain(scripts).collect();
    assert_eq!(all.len(), 6);
    for script in all {
        let checked = Command::new("sh").args(["-n", "-c", &script]).output().unwrap();
        assert!(checked.status.success(), "{script}: {}", text(&checked.stderr));
    }
}

#[test]
fn a_password_reaches_a_pipeline_as_a_secret_and_stands_in_no_line() {
    let github = yaml(&example("github/firewall.yml"));
    let step = &github["jobs"]["apply"]["steps"][1];
    assert_eq!(step["env"]["FGTKEY_PASSWORD"], "${{ secrets.FGTKEY_PASSWORD }}");
    for script in [step["run"].as_str().unwrap(), &example("gitlab/.gitlab-ci.yml")] {
        let lines = script.lines().filter(|line| !line.trim_start().starts_with('#'));
        assert!(lines.clone().all(|line| !line.to_lowercase().contains("password")), "{script}");
    }
}

#[test]
fn requests_are_what_a_mint_takes() {
    let desk = Desk::new();
    let file = repository("examples/request.yaml");
    // The address is the device's to tell: a dry run is told one.
    let ran = desk
        .command("fgtkey")
        .args(["mint", "--dry-run", "--trusted-host", "192.0.2.10/32", "-r"])
        .arg(file)
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", text(&ran.stderr));
    assert!(text(&ran.stdout).contains("execute api-user generate-key terraform"), "{}", text(&ran.stdout));
}

#[test]
fn systemd_takes_the_units() {
    if !is_there("systemd-analyze", "--version") {
        return;
    }
    let desk = Desk::new();
    let ours = env!("CARGO_BIN_EXE_fgtkey");
    let mut units = BTreeMap::new();
    for kind in ["service", "timer"] {
        let unit = example(&format!("systemd/fgtkey-rotate@.{kind}"));
        units.insert(kind, unit.replace("/usr/local/bin/fgtkey", ours).replace("man:fgtkey(1)", "https://example.net"));
    }
    for (kind, unit) in &units {
        desk.write(&format!("units/fgtkey-rotate@.{kind}"), unit);
    }
    for kind in units.keys() {
        let unit = desk.path(&format!("units/fgtkey-rotate@.{kind}"));
        let verified = Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&unit).output().unwrap();
        let told = text(&verified.stderr);
        assert!(verified.status.success() && !told.contains("fgtkey-rotate"), "{told}");
    }
}
