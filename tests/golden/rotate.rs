//! `rotate --dry-run` and `rotate --finish --dry-run`, for a device that nobody looked at: pasted behind a mint they move the
//! key to the second API user and take the first away, and the first of the two does what a rotation over SSH does.

use std::fs;
use std::path::PathBuf;

use fgtkey::fortios::facts::Facts;
use fgtkey::fortios::plan::{Consent, Plan};
use fgtkey::fortios::render::{Paging, Templates};
use fgtkey::fortios::retirement::Retirement;
use fgtkey::fortios::rotation::{Pair, Remembered, Rotation, Users};
use fgtkey::sim::Device;

use super::{Case, Paster, USER, Version, differs, folder, session};

const SECOND: &str = "terraform-b";

fn cases() -> impl Iterator<Item = Case> {
    let is_one = |case: &Case| case.preset.name == "fortigate-exporter" && case.version >= Version::new(7, 4, 0);
    Case::all().filter(is_one)
}

fn path(verb: &str, case: &Case) -> PathBuf {
    let name = case.path();
    folder().join(verb).join(name.file_name().unwrap())
}

pub fn paths() -> impl Iterator<Item = PathBuf> {
    cases().flat_map(|case| ["rotate", "rotate-finish"].map(|verb| path(verb, &case)))
}

fn pair_of_users() -> Pair {
    Pair::of(&USER.parse().unwrap()).unwrap()
}

fn rotation(case: &Case) -> String {
    let facts = Facts::assumed(case.version, case.vdom_mode());
    let plan = Plan::rotate_unseen(&case.request(), pair_of_users().other(USER), &facts).unwrap();
    Templates::embedded().unwrap().dry_run(&plan).unwrap().to_string()
}

fn finish(case: &Case) -> String {
    let facts = Facts::assumed(case.version, case.vdom_mode());
    let retirement = Retirement::unseen(&facts, &USER.parse().unwrap()).unwrap();
    Templates::embedded().unwrap().dry_retirement(&retirement).unwrap().to_string()
}

#[test]
fn each_dry_run_of_a_rotation_is_its_golden_file() {
    let texts = cases().flat_map(|case| {
        [("rotate", rotation(&case)), ("rotate-finish", finish(&case))].map(|(verb, text)| (path(verb, &case), text))
    });
    let told: Vec<String> = texts.filter_map(|(path, text)| differs(&path, &text)).collect();
    assert!(told.is_empty(), "{} differ; the first: {}", told.len(), told[0]);
}

/// Pastes, and nothing may be refused; the key that was printed last.
fn paste(device: &Device, text: &str) -> String {
    let mut paster = Paster::at(device);
    paster.paste_and_answer(text);
    assert_eq!(paster.refusals(), Vec::<&str>::new(), "{}", paster.seen);
    assert!(paster.shell.is_at_prompt(), "{}", paster.seen);
    let key = paster.seen.rsplit("New API key: ").next().unwrap();
    key.split_whitespace().next().unwrap().to_owned()
}

/// A rotation over SSH, from what the device shows.
fn rotate(case: &Case, device: &Device) {
    let templates = Templates::embedded().unwrap();
    let pair = pair_of_users();
    let names: Vec<&str> = pair.names().map(|name| name.as_str()).collect();
    let mut session = session(device);
    let survey = templates.rotation_survey(case.vdoms, Paging::Avoided, names).unwrap();
    let replies = session.run(&survey).unwrap();
    let mut users = Users::default();
    for (name, reply) in pair.names().zip(replies.iter().filter(|reply| reply.line.starts_with("show "))) {
        users.read(name, &reply.body).unwrap();
    }
    let turn = Rotation::next(&pair, &users, &Remembered::default(), None).unwrap();
    let facts = Facts::assumed(case.version, case.vdom_mode());
    let plan = Plan::rotate(&facts, &turn, None, Consent::default()).unwrap();
    session.run(&templates.edits(plan.vdoms, &plan.edits).unwrap()).unwrap();
    session.run(&templates.generate_key(plan.vdoms, &plan.key).unwrap()).unwrap();
}

#[test]
fn what_is_pasted_moves_the_key_as_a_rotation_does_and_takes_the_first_user_away() {
    for case in cases() {
        let read = |verb| fs::read_to_string(path(verb, &case)).unwrap();
        let (device, other) = (case.device(), case.device());
        let old = paste(&device, &case.dry_run());
        paste(&other, &case.dry_run());
        let new = paste(&device, &read("rotate"));
        rotate(&case, &other);
        assert_eq!(device.config_text(), other.config_text());
        assert!(device.key_is_live(USER, &old) && device.key_is_live(SECOND, &new), "both work at first");
        paste(&device, &read("rotate-finish"));
        assert_eq!(device.api_users(), [SECOND]);
        assert!(device.key_is_live(SECOND, &new) && device.user_of_key(&old).is_none());
    }
}
