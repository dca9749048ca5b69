//! Command-line stories: one file a situation under `tests/cli/`, its name says which. `TRYCMD=overwrite` renews them.
//!
//! `[..]` stands for what changes from run to run. A folder `NAME.in` is where the story takes place, a folder `NAME.out` is
//! what that looks like afterwards.

use trycmd::TestCases;

#[test]
fn every_situation_is_told_as_its_story_says() {
    let home = tempfile::tempdir().unwrap();
    let home_path = home.path().display().to_string();
    let cases = TestCases::new();
    cases.env("HOME", &home_path).env("XDG_STATE_HOME", format!("{home_path}/state"));
    // What the person at the keyboard may have set must not show.
    cases.env("NO_COLOR", "1").env("FGTKEY_PASSWORD", "").env("COLUMNS", "100").env("FGTKEY_INVENTORY", "");
    cases.register_bin("fgtkey", std::path::Path::new(env!("CARGO_BIN_EXE_fgtkey")));
    cases.case("tests/cli/*.toml");
    cases.run();
}
