//! One folder a situation: its files are read in the order of their names, or as `args` says, and `told` is what the
//! program says then. `SNAPSHOTS=overwrite` renews them.

use std::path::Path;

use snapbox::{Assert, Data};

use crate::run::{ansible_inventories, folder, inventory, limits, listed, name, text, with_sources};

/// The files of a case that are no inventories.
const OURS: [&str; 5] = ["args", "environment", "input", "told", "retry"];

#[test]
fn every_case_is_told_as_it_says() {
    for case in listed(&folder().join("cases")) {
        let told = told(&case);
        Assert::new()
            .action_env("SNAPSHOTS")
            .normalize_paths(false)
            .eq(told, Data::read_from(&case.join("told"), None));
    }
}

fn told(case: &Path) -> String {
    let read = |file: &str| std::fs::read_to_string(case.join(file)).unwrap_or_default();
    let args = read("args");
    let mut arguments: Vec<String> = args.split_whitespace().map(str::to_owned).collect();
    if !args.contains("--inventory") && !case.join("environment").exists() {
        let sources = listed(case).into_iter().filter(|path| path.is_file()).map(|path| name(&path));
        arguments.extend(
            sources.filter(|file| !OURS.contains(&file.as_str())).flat_map(|file| ["--inventory".into(), file]),
        );
    }
    if !args.contains("--color") && !args.contains("-o") {
        arguments.extend(["-o".into(), "json".into()]);
    }
    let output = inventory(case, &arguments, &read("input"));
    format!("{}{}status {}\n", text(&output.stdout), text(&output.stderr), output.status.code().unwrap())
}

/// Whether `told` is what stands in a file.
fn as_in(file: &str, told: String) {
    let expected = Data::read_from(&folder().join(file), None);
    Assert::new().action_env("SNAPSHOTS").normalize_paths(false).eq(told, expected);
}

#[test]
fn inventories_of_ansible_are_read() {
    let mut told = String::new();
    for (name, files) in ansible_inventories() {
        let output = inventory(&folder(), &with_sources(&["-o", "json"], "--inventory", &files), "");
        told.push_str(&format!("# {name}\n{}{}", text(&output.stdout), text(&output.stderr)));
    }
    as_in("inventories.told", told);
}

#[test]
fn limits_pick_devices() {
    let (inventories, mut told) = (ansible_inventories(), String::new());
    for (name, limit) in limits() {
        let arguments = with_sources(&["-o", "json", "-l", &limit], "--inventory", &inventories[&name]);
        let output = inventory(&folder(), &arguments, "");
        let names = text(&output.stdout).lines().map(device).collect::<Vec<_>>().join(" ");
        let error = if output.status.success() { String::new() } else { text(&output.stderr) };
        let limit = limit.replace(folder().to_str().unwrap(), ".");
        told.push_str(&format!("# {name} {limit}\n{names}\n{error}"));
    }
    as_in("limits.told", told);
}

fn device(line: &str) -> String {
    let device: serde_json::Value = serde_json::from_str(line).unwrap();
    device["name"].as_str().unwrap().to_owned()
}

#[test]
fn what_is_printed_is_an_inventory_that_prints_the_same() {
    for (name, files) in ansible_inventories() {
        let first = inventory(&folder(), &with_sources(&["-o", "json"], "--inventory", &files), "");
        assert!(first.status.success(), "{name}: {}", text(&first.stderr));
        let again = with_sources(&["--inventory", "-", "-o", "json"], "", &[]);
        let second = inventory(&folder(), &again, &text(&first.stdout));
        assert_eq!(text(&second.stdout), text(&first.stdout), "{name}: {}", text(&second.stderr));
    }
}
