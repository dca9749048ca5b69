//! `fgtkey preset`: what there is to ask for.

use std::fmt::Write;

use crate::fortios::permissions::{Access, Permissions};
use crate::fortios::preset::{Preset, Scope};
use crate::fortios::schema::Schema;
use crate::fortios::version::{NEWEST, Version};
use crate::report::{Exit, Reporter};

use super::args::PresetArgs;
use super::print;

pub(super) fn run(args: &PresetArgs, reporter: &mut Reporter) -> Exit {
    let version = match args.fortios.as_deref().map(Version::parse_target).transpose() {
        Ok(version) => version.unwrap_or(NEWEST),
        Err(error) => {
            reporter.bad_usage(&format!("--fortios: {error}"), error.hint().as_deref());
            return Exit::Usage;
        }
    };
    let text = match &args.name {
        _ if args.groups => groups(version),
        None => list(),
        Some(name) => match Preset::find(name) {
            Ok(preset) => show(preset, version),
            Err(error) => {
                reporter.bad_usage(&error.to_string(), error.hint().as_deref());
                return Exit::Usage;
            }
        },
    };
    print(text.as_bytes())
}

fn list() -> String {
    let width = Preset::all().iter().map(|preset| preset.name.len()).max().unwrap_or(0);
    Preset::all().iter().map(|preset| format!("{:width$}  {}\n", preset.name, preset.title)).collect()
}

fn show(preset: &Preset, version: Version) -> String {
    let mut text = format!("{}: {}\n", preset.name, preset.title);
    // Writing to a string cannot fail.
    let _ = writeln!(text, "source: {}", preset.source);
    if let Some(notes) = &preset.notes {
        let _ = writeln!(text, "notes: {}", notes.trim());
    }
    if let Some(profile) = &preset.accprofile {
        let _ = writeln!(text, "uses the built-in profile {profile}");
        return text;
    }
    if preset.scope == Scope::Global {
        text.push_str("scope: global, on a device with VDOMs\n");
    }
    let _ = writeln!(text, "permissions on FortiOS {version}:");
    let owned = preset.permissions(version).into_iter().map(|(group, access)| (group.to_owned(), access.clone()));
    for (group, access) in Permissions(owned.collect()).0 {
        text.push_str(&permission_lines(&group, &access));
    }
    for setting in preset.settings(version) {
        let _ = writeln!(text, "  {} {}", setting.name, setting.value);
    }
    text
}

fn permission_lines(group: &str, access: &Access) -> String {
    match access {
        Access::Whole(level) => format!("  {group}={level}\n"),
        Access::Custom(children) => {
            children.iter().map(|(child, level)| format!("  {group}.{child}={level}\n")).collect()
        }
    }
}

fn groups(version: Version) -> String {
    let schema = Schema::of(version);
    let mut text = String::new();
    for group in schema.groups() {
        let depends = if group.model_dependent { "  (some models only)" } else { "" };
        let _ = writeln!(text, "{}{depends}", group.name);
        for child in schema.children(group) {
            let depends = if child.model_dependent { "  (some models only)" } else { "" };
            let _ = writeln!(text, "{}.{}{depends}", group.name, child.name);
        }
    }
    text
}
