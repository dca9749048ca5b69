//! A fleet that nobody has changed shows no difference, however its devices print what they have.

use std::fs;
use std::path::Path;

use fgtkey::fortios::difference::Difference;
use fgtkey::fortios::edit::{Edit, ProfileEdit, UserEdit};
use fgtkey::fortios::objects::{Objects, Profile, User};
use fgtkey::fortios::render::Templates;
use fgtkey::fortios::show;
use fgtkey::fortios::version::Version;
use fgtkey::sim::{DeviceSpec, VdomMode};

use super::desk::{Desk, request, spec, type_in};
use super::shapes::SHAPES;

const V7_4: Version = Version::new(7, 4, 8);

fn objects(text: &str, name: &str) -> Objects {
    // A capture has prompts in front of its lines.
    let line = |line: &str| line.rsplit_once(" # ").map_or(line, |(_, typed)| typed).to_owned();
    let lines: Vec<String> = text.lines().map(line).collect();
    let blocks = show::parse(lines.iter().map(String::as_str)).unwrap_or_default();
    let of = |table: &str| {
        let table = blocks.iter().filter(|block| block.path == ["system", table]);
        table.flat_map(|block| &block.entries).find(|entry| entry.name == name).cloned()
    };
    Objects {
        profile: of("accprofile").map(|entry| Profile::from_show(&entry, V7_4)),
        user: of("api-user").map(|entry| User::from_show(&entry)),
    }
}

#[tokio::test]
async fn after_a_mint_a_plan_is_silent_with_vdoms_and_without_on_every_release_line() {
    for version in ["6.0.0", "6.4.14", "7.0.12", "7.4.8", "7.6.4", "8.0.0"] {
        for vdom_mode in [VdomMode::Disable, VdomMode::Multiple] {
            let version = version.parse().unwrap();
            let mut desk = Desk::at(DeviceSpec { version, vdom_mode, ..spec("") }).await;
            assert!(desk.differences(&request()).await.len() > 3);
            desk.mint(&request()).await.unwrap();
            assert_eq!(desk.differences(&request()).await, [""; 0], "{version}");
        }
    }
}

#[tokio::test]
async fn a_changed_trusted_host_is_one_line_and_so_is_a_grant_that_was_widened() {
    let mut desk = Desk::at(spec("")).await;
    desk.mint(&request()).await.unwrap();
    let change = "config system api-user\nedit tf\nconfig trusthost\nedit 1\nset ipv4-trusthost 10.0.0.9/32\nend\nend";
    type_in(&mut desk.console(), change);
    assert_eq!(desk.differences(&request()).await, ["system api-user tf: trusthost 10.0.0.9/32 -> 10.0.0.1/32"]);
    let change = "config system accprofile\nedit tf\nconfig fwgrp-permission\nset address read-write\nend\nend";
    type_in(&mut desk.console(), change);
    let differences = desk.differences(&request()).await;
    assert_eq!(differences[0], "system accprofile tf: fwgrp.address read-write -> read");
    assert_eq!(differences.len(), 2);
}

#[test]
fn a_public_capture_differs_from_itself_in_no_shape() {
    let templates = Templates::embedded().unwrap();
    let mut compared = 0;
    for path in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/devices")).unwrap() {
        let path = path.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "txt") {
            continue;
        }
        let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
        for name in text.lines().filter_map(|line| line.split("edit ").nth(1)).map(|name| name.trim().trim_matches('"'))
        {
            let captured = objects(&text, name);
            let profile =
                captured.profile.iter().filter_map(|to| ProfileEdit::between(None, to, V7_4)).map(Edit::Profile);
            let user = captured.user.iter().filter_map(|to| UserEdit::between(None, to)).map(Edit::User);
            let edits: Vec<Edit> = profile.chain(user).collect();
            let written =
                edits.iter().map(|edit| templates.edits(false, std::slice::from_ref(edit)).unwrap().to_string());
            // Written anew: unquoted where that is enough, without the hash of the key, `end` instead of `next` and `end`.
            let written = written.collect::<String>();
            for shape in SHAPES {
                let again = objects(&shape.print(&written), name);
                let differences = Difference::between(&captured, &again, V7_4);
                assert_eq!(differences, [], "{}: {name} {shape:?}", path.display());
            }
            compared += edits.len();
        }
    }
    assert!(compared >= 4, "{compared} objects in the captures");
}
