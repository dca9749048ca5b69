//! Tables as devices of the field printed them: `captures/NAME.txt` has its source and the release in the first lines, then
//! what was printed; `NAME.expect` what an audit makes of it. `SNAPSHOTS=overwrite` renews the latter.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use fgtkey::fortios::audit::tables::{Tables, columns, entries};
use fgtkey::fortios::audit::{Audit, Policy};
use fgtkey::fortios::show::ShowError;

fn tables(text: &str) -> Result<Tables, ShowError> {
    let header = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let printed: Vec<String> = text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect();
    Ok(Tables {
        version: header("# fortios:").unwrap().parse().unwrap(),
        vdoms: header("# vdoms:") == Some("yes"),
        users: entries("system api-user", &printed)?.unwrap_or_default(),
        profiles: entries("system accprofile", &printed)?,
        administrators: entries("system admin", &printed)?,
        interfaces: entries("system interface", &printed)?,
        global: columns(&printed),
        ssh: BTreeMap::new(),
        agreed: Vec::new(),
    })
}

fn told(text: &str) -> String {
    let tables = match tables(text) {
        Ok(tables) => tables,
        Err(error) => return format!("error: {error}\n"),
    };
    let audit = Audit::of(&tables, &Policy { gui_closed: true, ..Policy::default() });
    let mut told = String::new();
    for account in &audit.accounts {
        let hosts: Vec<String> = account.hosts.iter().map(ToString::to_string).collect();
        let may = account.summary().join(", ");
        let key = if account.has_key { "key" } else { "no key" };
        writeln!(told, "user {}: {:?}, may {may}; from {}; {key}", account.name, account.state, hosts.join(" "))
            .unwrap();
    }
    for finding in &audit.findings {
        writeln!(told, "{} {}: {}", finding.severity(), finding.rule.about().id, finding.sentence).unwrap();
    }
    told
}

#[test]
fn captured_tables_are_judged_as_written_beside_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/audit/captures");
    let files = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let mut captures: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|end| end == "txt")).collect();
    captures.sort();
    assert!(!captures.is_empty());
    for capture in captures {
        let told = told(&fs::read_to_string(&capture).unwrap());
        let expected = capture.with_extension("expect");
        snapbox::assert_data_eq!(told, snapbox::Data::read_from(&expected, None).raw());
    }
}
