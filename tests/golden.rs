//! What a dry run prints, one file for each preset, release line and VDOM mode: `VERB/PRESET@VERSION[+vdom].cli` under
//! `tests/golden/`, renewed with `SNAPSHOTS=overwrite`.
//!
//! Each file is also pasted into a simulated FortiGate of that release and mode, which must refuse none of it and must
//! end up with the same objects as after a mint.

// What tests share may panic as they do; clippy's own exception covers only what stands inside a `#[test]`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::expect_used)]

#[path = "pair/pair.rs"]
#[allow(dead_code)]
mod pair;
#[path = "golden/rotate.rs"]
mod rotate;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use fgtkey::fortios::facts::Facts;
use fgtkey::fortios::plan::{Consent, Plan};
use fgtkey::fortios::preset::Preset;
use fgtkey::fortios::render::{Paging, Templates};
use fgtkey::fortios::request::{Request, RequestFlags};
use fgtkey::fortios::status::VdomMode;
use fgtkey::fortios::transaction::Transaction;
use fgtkey::fortios::version::Version;
use fgtkey::secret::Secret;
use fgtkey::session::{Manners, Options};
use fgtkey::sim::{self, Device, DeviceSpec, Login, Shell, Then};
use fgtkey::verbs::mint::Mint;
use pair::{Chunks, Pair, SimShell};
use snapbox::{Assert, Data};

/// The API user of every golden file.
const USER: &str = "terraform";

/// One golden file.
struct Case {
    preset: &'static Preset,
    version: Version,
    vdoms: bool,
}

impl Case {
    fn all() -> impl Iterator<Item = Case> {
        let modes = |preset, version| [false, true].map(|vdoms| Case { preset, version, vdoms });
        let versions = move |preset| Version::lines().flat_map(move |version| modes(preset, version));
        Preset::all().iter().flat_map(versions)
    }

    fn path(&self) -> PathBuf {
        let mode = if self.vdoms { "+vdom" } else { "" };
        folder().join(format!("mint/{}@{}.{}{mode}.cli", self.preset.name, self.version.major, self.version.minor))
    }

    /// A host, a network and a network of IPv6.
    fn request(&self) -> Request {
        let flags = RequestFlags {
            api_user: Some(USER.into()),
            preset: Some(self.preset.name.clone()),
            trusted_hosts: vec!["10.20.100.99".into(), "192.0.2.0/24".into(), "2001:db8:20::/64".into()],
            // Two presets are the whole of super_admin, and say so.
            allow_weak: true,
            ..RequestFlags::default()
        };
        Request::from_parts(None, flags).unwrap()
    }

    fn vdom_mode(&self) -> VdomMode {
        if self.vdoms { VdomMode::Multiple } else { VdomMode::Disable }
    }

    fn dry_run(&self) -> String {
        let templates = Templates::embedded().unwrap();
        let (_, script) =
            Mint::dry_run(&self.request(), self.version, self.vdom_mode(), Transaction::Off, &templates).unwrap();
        script.to_string()
    }

    /// A device that has nothing of it yet.
    fn device(&self) -> Device {
        let vdom_mode = if self.vdoms { sim::VdomMode::Multiple } else { sim::VdomMode::Disable };
        Device::new(DeviceSpec { version: self.version, vdom_mode, seed: Some(7), ..DeviceSpec::default() }).unwrap()
    }

    /// The objects after the same has been minted: pushed and read back, then the key generated.
    fn minted(&self) -> String {
        let mut facts = Facts::assumed(self.version, self.vdom_mode());
        facts.objects.profile = None;
        let request = self.request();
        let plan = Plan::mint(&request, &facts, Consent::default()).unwrap();
        let templates = Templates::embedded().unwrap();
        let device = self.device();
        let mut pair = session(&device);
        pair.run(&templates.push(&plan, Paging::Answered, request.profile.name().as_str()).unwrap()).unwrap();
        pair.run(&templates.generate_key(plan.vdoms, &plan.key).unwrap()).unwrap();
        device.config_text()
    }
}

/// A session at the base prompt that has the password.
fn session(device: &Device) -> Pair<SimShell> {
    let within = Duration::from_secs(30);
    let password = Some(Arc::new(Secret::new("admin")));
    let options = Options { password, password_proven: true, within, login_within: within };
    let mut pair = Pair::new(options, SimShell::log_in(device), Chunks::of(64));
    pair.drive().unwrap();
    let manners = pair.session.manners();
    pair.session.set_manners(Manners { asks_at_commit: true, ..manners });
    pair
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// A person at a terminal of 24 rows and 80 columns who pastes text.
struct Paster {
    shell: Shell,
    seen: String,
}

impl Paster {
    fn at(device: &Device) -> Paster {
        let (shell, greeting) = Shell::open(device, Login::default());
        Paster { shell, seen: String::from_utf8(greeting.bytes).unwrap() }
    }

    fn paste(&mut self, text: &str) {
        let mut output = self.shell.receive(text.as_bytes());
        self.seen.push_str(&String::from_utf8_lossy(&output.bytes));
        while let Then::Think(_) = output.then {
            output = self.shell.wake();
            self.seen.push_str(&String::from_utf8_lossy(&output.bytes));
        }
    }

    /// Line by line, and the password where the device asks for it, as releases from 7.6 on do when something is saved.
    fn paste_and_answer(&mut self, text: &str) {
        for line in text.split_inclusive('\n') {
            self.paste(line);
            if self.seen.ends_with("assword: ") {
                self.paste("admin\n");
            }
        }
    }

    fn refusals(&self) -> Vec<&str> {
        let words = ["fail", "error", "Unknown action", "not found", "Could not", "invalid", "ncomplete", "(y/n)"];
        self.seen.lines().filter(|line| words.iter().any(|word| line.contains(word))).collect()
    }
}

/// Compares one file, or renews it; what differs is told by its path.
fn differs(path: &Path, text: &str) -> Option<String> {
    let golden = Assert::new().action_env("SNAPSHOTS").normalize_paths(false);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let expected = Data::read_from(path, Some(snapbox::data::DataFormat::Text));
    let told = golden.try_eq(Some(&path.display()), Data::text(text), expected);
    told.err().map(|error| format!("{}\n{error}", path.display()))
}

fn files() -> BTreeSet<PathBuf> {
    let verbs = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    verbs.flat_map(|verb| fs::read_dir(verb).unwrap().map(|entry| entry.unwrap().path())).collect()
}

#[test]
fn each_dry_run_is_its_golden_file_and_no_file_is_left_over() {
    let told: Vec<String> = Case::all().filter_map(|case| differs(&case.path(), &case.dry_run())).collect();
    assert!(told.is_empty(), "{} differ; the first: {}", told.len(), told[0]);
    let wanted: BTreeSet<PathBuf> = Case::all().map(|case| case.path()).chain(rotate::paths()).collect();
    assert_eq!(files().difference(&wanted).collect::<Vec<_>>(), Vec::<&PathBuf>::new(), "nothing writes these");
}

#[test]
fn each_golden_file_pastes_without_a_refusal_and_makes_what_a_mint_makes() {
    for case in Case::all() {
        let path = case.path();
        let text = fs::read_to_string(&path).unwrap();
        let device = case.device();
        let mut paster = Paster::at(&device);
        match case.version < Version::new(7, 6, 0) {
            true => paster.paste(&text),
            false => paster.paste_and_answer(&text),
        }
        assert_eq!(paster.refusals(), Vec::<&str>::new(), "{}:\n{}", path.display(), paster.seen);
        assert!(paster.shell.is_at_prompt(), "{}:\n{}", path.display(), paster.seen);
        assert!(paster.seen.contains("New API key: "), "{}:\n{}", path.display(), paster.seen);
        assert!(device.api_user(USER).is_some_and(|user| user.trusted_hosts.len() == 3), "{}", path.display());
        assert_eq!(device.config_text(), case.minted(), "{}", path.display());
    }
}

#[test]
fn who_pastes_what_is_refused_sees_it() {
    for line in
        ["config system nonsense\n", "show system api-user nobody\n", "nonsense\n", "config system api-user\nset\n"]
    {
        let mut paster = Paster::at(&Case::all().next().unwrap().device());
        paster.paste(line);
        assert!(!paster.refusals().is_empty(), "{}", paster.seen);
    }
}

#[test]
fn every_template_is_embedded() {
    let told = Templates::replacing([("no.cli".to_owned(), "no.cli".to_owned(), String::new())]).unwrap_err();
    let hint = told.hint().unwrap();
    let files = fs::read_dir(folder().join("../../templates")).unwrap().map(|entry| entry.unwrap().path());
    let names =
        files.filter(|path| path.is_file()).map(|path| path.file_name().unwrap().to_string_lossy().into_owned());
    let missing: Vec<String> = names.filter(|name| !hint.contains(&format!(" {name}"))).collect();
    assert_eq!(missing, Vec::<String>::new());
}
