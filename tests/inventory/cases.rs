//! One folder a situation: its files are read in the order of their names, or as `args` says, and `told` is what the
//! program says then. `SNAPSHOTS=overwrite` renews them.

use std::path::Path;

use snapbox::{Assert, Data};

use crate::run::{folder, inventory, listed, name, text};

/// The files of a case that are no inventories.
const OURS: [&str; 4] = ["args", "input", "told", "retry"];

#[test]
fn every_case_is_told_as_it_says() {
    for case in listed(&folder().join("cases")) {
        let told = told(&case);
        Assert::new().action_env("SNAPSHOTS").eq(told, Data::read_from(&case.join("told"), None));
    }
}

fn told(case: &Path) -> String {
    let read = |file: &str| std::fs::read_to_string(case.join(file)).unwrap_or_default();
    let args = read("args");
    let mut arguments: Vec<String> = args.split_whitespace().map(str::to_owned).collect();
    if !args.contains("--inventory") && !case.ends_with("no-inventory") {
        let sources = listed(case).into_iter().filter(|path| path.is_file()).map(|path| name(&path));
        arguments.extend(
            sources.filter(|file| !OURS.contains(&file.as_str())).flat_map(|file| ["--inventory".into(), file]),
        );
    }
    if !args.contains("-o") && !case.ends_with("wide-table") {
        arguments.extend(["-o".into(), "json".into()]);
    }
    let output = inventory(case, &arguments, &read("input"));
    format!("{}{}status {}\n", text(&output.stdout), text(&output.stderr), output.status.code().unwrap())
}

#[test]
fn what_is_printed_is_an_inventory_that_prints_the_same() {
    for case in listed(&folder().join("ansible")) {
        let sources = listed(&case).into_iter().filter(|path| path.is_file());
        let mut arguments: Vec<String> = sources.flat_map(|path| ["--inventory".into(), name(&path)]).collect();
        arguments.extend(["-o".into(), "json".into()]);
        let first = inventory(&case, &arguments, "");
        assert!(first.status.success(), "{}: {}", case.display(), text(&first.stderr));
        let again = ["--inventory", "-", "-o", "json"].map(str::to_owned);
        let second = inventory(&case, &again, &text(&first.stdout));
        assert_eq!(text(&second.stdout), text(&first.stdout), "{}: {}", case.display(), text(&second.stderr));
    }
}
