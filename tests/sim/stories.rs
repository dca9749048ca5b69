//! Whole sessions with the simulated FortiGate, as captured ones went: `tests/devices/sim/*.txt`.
//!
//! A story has headers (what the device is, where the session comes from), an empty line, and the screen. What follows a
//! prompt or a question of the device is what the person types. `[..]` stands for anything, `[space]` for that key.

use std::path::Path;

use crate::terminal::Terminal;
use fgtkey::fortios::version::Version;
use fgtkey::sim::{Device, DeviceSpec, Trap};

struct Story {
    name: String,
    spec: DeviceSpec,
    screen: Vec<String>,
}

impl Story {
    fn read(path: &Path) -> Story {
        let text = std::fs::read_to_string(path).unwrap();
        let (headers, screen) = text.split_once("\n\n").unwrap();
        let mut spec = DeviceSpec { seed: Some(1), ..DeviceSpec::default() };
        for header in headers.lines() {
            let (name, value) = header.split_once(": ").unwrap();
            set(&mut spec, name, value);
        }
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        Story { name, spec, screen: screen.lines().map(str::to_owned).collect() }
    }

    fn plays(&self) {
        let device = Device::new(self.spec.clone()).unwrap();
        let mut terminal = Terminal::on(&device);
        let mut answered = 0;
        loop {
            let screen = shown(&terminal.screen());
            let asked = screen.matches('\n').count();
            let waiting = screen.lines().nth(asked).unwrap_or_default();
            let Some(line) = self.screen.get(asked) else { break };
            // Editors strip the space at the end of the last prompt.
            let typed = line.strip_prefix(waiting.trim_end()).unwrap_or_else(|| self.differs(&screen));
            let typed = typed.strip_prefix(' ').unwrap_or(typed);
            if asked + 1 == self.screen.len() && typed.is_empty() {
                break;
            }
            terminal.types(&keys(waiting, typed));
            answered += 1;
            assert!(answered <= self.screen.len(), "{}: the story does not end:\n{screen}", self.name);
        }
        let screen = shown(&terminal.screen());
        let same = |(seen, told): (&str, &String)| matches(seen.trim_end(), told.trim_end());
        if screen.lines().count() != self.screen.len() || !screen.lines().zip(&self.screen).all(same) {
            self.differs(&screen);
        }
    }

    fn differs(&self, screen: &str) -> ! {
        let pairs = screen.lines().zip(&self.screen);
        let first = pairs.enumerate().find(|(_, (seen, told))| !matches(seen.trim_end(), told.trim_end()));
        panic!("{}: the screen differs at {first:?}:\n{screen}", self.name);
    }
}

/// What the keys do that answer a device which shows `waiting`.
fn keys(waiting: &str, typed: &str) -> String {
    match waiting {
        "--More-- " => " ".to_owned(),
        question if question.ends_with("(y/n)") => typed.to_owned(),
        // A password is shown as stars.
        question if question.ends_with("assword: ") => "admin\n".to_owned(),
        _ => format!("{typed}\n"),
    }
}

/// The screen in lines; where the pager's mark was overwritten, a new one begins.
fn shown(screen: &str) -> String {
    screen.replace("--More-- \r         \r", "--More-- [space]\n").replace('\r', "")
}

fn set(spec: &mut DeviceSpec, name: &str, value: &str) {
    match name {
        "from" => (),
        "hostname" => spec.hostname = value.into(),
        "fortios" => {
            let numbers: Vec<u16> = value.split('.').map(|number| number.parse().unwrap()).collect();
            spec.version = Version::new(numbers[0], numbers[1], numbers[2]);
        }
        "vdom-mode" => spec.vdom_mode = value.parse().unwrap(),
        "vdoms" => spec.vdoms = value.split(' ').map(str::to_owned).collect(),
        "ha" => spec.ha = value.parse().unwrap(),
        "trap" => value.parse::<Trap>().unwrap().apply(spec),
        "accprofile" => spec.admins[0].accprofile = value.into(),
        "config" => spec.config.push_str(&format!("{value}\n")),
        "limit" => {
            let (table, size) = value.rsplit_once(' ').unwrap();
            spec.limits.insert(table.into(), size.parse().unwrap());
        }
        unknown => panic!("a story has no header `{unknown}`"),
    }
}

/// Whether `seen` is what the story tells, `[..]` standing for anything.
fn matches(seen: &str, told: &str) -> bool {
    let mut parts = told.split("[..]");
    let Some(mut rest) = parts.next().and_then(|first| seen.strip_prefix(first)) else { return false };
    let mut open = false;
    for part in parts {
        let Some(at) = rest.find(part.trim()) else { return false };
        rest = &rest[at + part.trim().len()..];
        open = part.is_empty();
    }
    rest.is_empty() || open
}

#[test]
fn every_captured_session_goes_the_same_way() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/devices/sim");
    let mut stories: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    stories.sort();
    assert!(stories.len() >= 20);
    for path in stories {
        Story::read(&path).plays();
    }
}
