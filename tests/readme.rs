//! The commands of the README are stories too: every ```console block is run, and its output compared.

use std::path::Path;

use trycmd::TestCases;

#[test]
fn the_readme_shows_what_happens() {
    if !Path::new("README.md").exists() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let home_path = home.path().display().to_string();
    let cases = TestCases::new();
    cases.env("HOME", &home_path).env("XDG_STATE_HOME", format!("{home_path}/state")).env("NO_COLOR", "1");
    cases.register_bin("fgtkey", Path::new(env!("CARGO_BIN_EXE_fgtkey")));
    cases.case("README.md");
    cases.run();
}
