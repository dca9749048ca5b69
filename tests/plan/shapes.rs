//! A fleet, every device of which prints the same objects in its own way.

use std::fmt::Write;

use fgtkey::fortios::difference::Difference;
use fgtkey::fortios::facts::Facts;
use fgtkey::fortios::objects::Objects;
use fgtkey::fortios::plan::{Consent, Plan};
use fgtkey::fortios::request::{Request, RequestFlags};
use fgtkey::fortios::show::{self, Block, Entry, Setting};
use fgtkey::fortios::status::VdomMode;
use fgtkey::sim::{self, DeviceSpec};

use super::desk::{Desk, spec, told, type_in};

/// How configuration is printed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shape {
    /// Every word in quotes; else those that need them.
    quoted: bool,
    /// What has no order of its own the other way round: attributes, children, blocks before attributes.
    turned: bool,
    /// Another hash of the same key.
    salted: bool,
    /// What is not set is said not to be, as `show full-configuration` does.
    unset: bool,
    /// No indentation, and lines that end as they come over the wire.
    bare: bool,
    /// What `diagnose debug cli` and a session of somebody else print in between.
    noisy: bool,
}

/// One way each, and all of them at once.
pub const SHAPES: [Shape; 8] = {
    const PLAIN: Shape = Shape { quoted: false, turned: false, salted: false, unset: false, bare: false, noisy: false };
    [
        PLAIN,
        Shape { quoted: true, ..PLAIN },
        Shape { turned: true, ..PLAIN },
        Shape { salted: true, ..PLAIN },
        Shape { unset: true, ..PLAIN },
        Shape { bare: true, ..PLAIN },
        Shape { noisy: true, ..PLAIN },
        Shape { quoted: true, turned: true, salted: true, unset: true, bare: true, noisy: true },
    ]
};

impl Shape {
    /// The same configuration in this shape.
    pub fn print(self, text: &str) -> String {
        let mut printed = String::new();
        for block in show::parse(text.lines()).unwrap() {
            self.block(&block, 0, &mut printed);
        }
        printed
    }

    fn line(self, depth: usize, line: &str, to: &mut String) {
        let (indent, end) = if self.bare { (0, "\r\n") } else { (depth * 4, "\n") };
        write!(to, "{:indent$}{line}{end}", "").unwrap();
        if self.noisy && line.starts_with("set ") {
            to.push_str("0: config system api-user\ncmd_clean_context 0, abort=0\n\n");
        }
    }

    fn block(self, block: &Block, depth: usize, to: &mut String) {
        self.line(depth, &format!("config {}", block.path.join(" ")), to);
        self.settings(&block.settings, depth + 1, to);
        for entry in &block.entries {
            self.line(depth + 1, &format!("edit {}", self.word(&entry.name)), to);
            self.entry(block, entry, depth + 2, to);
            self.line(depth + 1, "next", to);
        }
        self.line(depth, "end", to);
    }

    fn entry(self, table: &Block, entry: &Entry, depth: usize, to: &mut String) {
        let blocks = |to: &mut String| entry.blocks.iter().for_each(|block| self.block(block, depth, to));
        if self.turned {
            blocks(to);
        }
        let absent = ["peer-group", "schedule", "cors-allow-origin", "comments"];
        let absent = absent.into_iter().filter(|name| entry.values(name).is_empty());
        if self.unset && table.path == ["system", "api-user"] {
            absent.for_each(|name| self.line(depth, &format!("unset {name}"), to));
        }
        self.settings(&entry.settings, depth, to);
        if !self.turned {
            blocks(to);
        }
    }

    fn settings(self, settings: &[Setting], depth: usize, to: &mut String) {
        let mut settings: Vec<&Setting> = settings.iter().collect();
        if self.turned {
            settings.reverse();
        }
        for setting in settings {
            let values: Vec<String> = match setting.values.as_slice() {
                [enc, hash] if enc == "ENC" => {
                    let salt = if self.salted { "SH2another" } else { "" };
                    vec!["ENC".into(), format!("{salt}{hash}")]
                }
                values => values.iter().map(|value| self.word(value)).collect(),
            };
            self.line(depth, &format!("set {} {}", setting.name, values.join(" ")), to);
        }
    }

    fn word(self, word: &str) -> String {
        let plain = !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_.:/".contains(c));
        if plain && !self.quoted { word.to_owned() } else { format!("\"{word}\"") }
    }
}

/// Something of everything that a request can ask for.
fn request() -> RequestFlags {
    RequestFlags {
        api_user: Some("tf".into()),
        comments: Some("Terraform, NET-1234".into()),
        grants: ["sysgrp=read", "fwgrp.address=read-write", "fwgrp.policy=read", "loggrp=read"].map(Into::into).into(),
        trusted_hosts: ["10.20.100.99", "10.20.0.0/24", "2001:db8:20::/64"].map(Into::into).into(),
        cors_origin: Some("https://netbox.example.net".into()),
        schedule: Some("always".into()),
        ..RequestFlags::default()
    }
}

/// What a device prints of both objects.
fn printed(desk: &Desk, vdoms: bool, command: &str) -> [String; 2] {
    let scope = if vdoms { "config global\n" } else { "" };
    ["accprofile", "api-user"].map(|table| {
        let said = type_in(&mut desk.console(), &format!("{scope}{command} system {table} tf"));
        let from = said.find(&format!("config system {table}")).unwrap_or_else(|| panic!("{said}"));
        let block = &said[from..];
        block[..block.find("\nend").unwrap() + "\nend".len()].to_owned() + "\n"
    })
}

/// What a plan finds to change on a device that prints this.
fn differences(facts: &Facts, [profile, user]: &[String; 2]) -> Vec<String> {
    let mut facts = facts.clone();
    let lines = |text: &String| text.lines().map(str::to_owned).collect::<Vec<_>>();
    facts.read_profile("tf", &lines(profile)).unwrap();
    facts.read_user("tf", &lines(user)).unwrap();
    let request = Request::from_parts(None, request()).unwrap();
    let plan = Plan::mint(&request, &facts, Consent { replace_key: true, ..Consent::default() }).unwrap();
    let wanted: Objects = plan.wanted.clone();
    let told: Vec<String> =
        Difference::between(&facts.objects, &wanted, facts.version).iter().map(ToString::to_string).collect();
    assert_eq!(told.is_empty(), plan.edits.is_empty(), "what is told is what is sent: {told:?} {:?}", plan.edits);
    told
}

#[tokio::test]
async fn a_plan_over_an_unchanged_fleet_is_silent_in_every_shape_and_one_changed_host_is_one_line() {
    let mut compared = 0;
    for version in ["6.0.4", "6.2.6", "6.4.14", "7.0.12", "7.2.8", "7.4.8", "7.6.4", "8.0.0"] {
        for (mode, simulated) in
            [(VdomMode::Disable, sim::VdomMode::Disable), (VdomMode::Multiple, sim::VdomMode::Multiple)]
        {
            let spec = DeviceSpec { version: version.parse().unwrap(), vdom_mode: simulated, ..spec("") };
            let mut desk = Desk::at(spec).await;
            desk.mint(&request()).await.unwrap_or_else(|failure| panic!("{version}: {}", told(&failure)));
            let facts = Facts::assumed(version.parse().unwrap(), mode);
            let [short, full] =
                ["show", "show full-configuration"].map(|command| printed(&desk, mode.has_vdoms(), command));
            assert!(full.concat().lines().count() > short.concat().lines().count() + 5, "{version}: {full:?}");
            for (command, shown) in [("show", short), ("show full-configuration", full)] {
                for shape in SHAPES {
                    let told = |text: &[String; 2]| differences(&facts, &text.clone().map(|text| shape.print(&text)));
                    assert_eq!(told(&shown), [""; 0], "{version} {command} {shape:?}");
                    let changed = shown.clone().map(|text| text.replace("10.20.100.99", "10.20.100.98"));
                    let expected = "system api-user tf: trusthost 10.20.100.98/32 -> 10.20.100.99/32";
                    assert_eq!(told(&changed), [expected], "{version} {command} {shape:?}");
                    compared += 1;
                }
            }
        }
    }
    assert_eq!(compared, 8 * 2 * 2 * SHAPES.len());
}
