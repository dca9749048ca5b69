//! Cases and their causes, as tables.

use super::*;
use crate::fortios::admin_session::{AdminSession, OwnSession};
use crate::fortios::facts::Facts;
use crate::fortios::objects::Profile;
use crate::fortios::status::Status;
use crate::fortios::version::Version;

const SERIAL: &str = "FG100FTK00000000";

/// What is known in a case: an API user with a key whose trusted host is the address that we come from.
struct Case {
    status: Status,
    facts: Facts,
    user: Option<User>,
    profile: Option<Profile>,
    generated_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
    asked: Option<&'static str>,
}

fn case() -> Case {
    let lines = format!(
        "Version: FortiGate-100F v7.4.8,build2795,250523 (GA.M)\nSerial-Number: {SERIAL}\nHostname: fw1\n\
         Virtual domain configuration: disable\nCurrent HA mode: standalone"
    );
    let status = Status::parse(&lines.lines().map(str::to_owned).collect::<Vec<_>>()).unwrap();
    let mut facts = Facts::of_status(&status);
    facts.session = OwnSession::Found(AdminSession::example());
    let mut user = User { name: "tf".into(), has_key: true, ..User::default() };
    user.settings.insert("accprofile".into(), vec!["tf-profile".into()]);
    user.trusted_hosts.insert(3, "192.0.2.0/24".parse().unwrap());
    let (generated_at, expires_at, asked) = (None, None, None);
    Case { status, facts, user: Some(user), profile: None, generated_at, expires_at, asked }
}

impl Case {
    fn with(mut self, change: impl FnOnce(&mut Case)) -> Case {
        change(&mut self);
        self
    }

    fn setting(self, name: &str, values: &[&str]) -> Case {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        self.with(|case| drop(case.user.as_mut().unwrap().settings.insert(name.to_owned(), values)))
    }

    fn hosts(self, hosts: &[&str]) -> Case {
        let rows = (1..).zip(hosts.iter().map(|host| host.parse().unwrap())).collect();
        self.with(|case| case.user.as_mut().unwrap().trusted_hosts = rows)
    }

    fn member(self, ha: &str, role: HaRole) -> Case {
        self.with(|case| (case.status.ha, case.facts.ha_role) = (ha.into(), role))
    }

    fn vdoms(self, vdoms: &[&str]) -> Case {
        let mode = crate::fortios::status::VdomMode::Multiple;
        self.with(|case| case.status.vdom_mode = mode).setting("vdom", vdoms)
    }

    fn known(&self) -> Known<'_> {
        Known {
            status: &self.status,
            facts: &self.facts,
            user: self.user.as_ref(),
            profile: self.profile.as_ref(),
            generated_at: self.generated_at,
            expires_at: self.expires_at,
            https: None,
        }
    }

    fn diagnosis(&self, answer: &Answer) -> Option<Cause> {
        diagnose(answer, &self.known(), self.asked, at("2026-06-01T00:00:00Z"))
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn answer(status: u16) -> Answer {
    Answer { status, serial: Some(SERIAL.into()), is_api: true, ..Answer::default() }
}

#[test]
fn each_refusal_has_its_likely_cause() {
    let cases: [(&str, u16, Case, &str); 21] = [
        ("another key by now", 401, case(), "key-void"),
        ("no key at all", 401, case().with(|case| case.user.as_mut().unwrap().has_key = false), "key-void"),
        ("a user that nobody named", 401, case().with(|case| case.user = None), "key-void"),
        ("from elsewhere", 401, case().hosts(&["10.0.0.0/8"]), "trusted-host"),
        ("from elsewhere, told by 403", 403, case().hosts(&["10.0.0.0/8"]), "trusted-host"),
        (
            "no telling from where",
            401,
            case().with(|case| case.facts.session = OwnSession::Unclear(Vec::new())),
            "trusted-host",
        ),
        (
            "a key of ours, HTTPS from elsewhere",
            401,
            case().with(|case| case.generated_at = Some(at("2026-06-01T00:00:00Z"))),
            "trusted-host",
        ),
        (
            "a key of ours, from anywhere",
            401,
            case().hosts(&[]).with(|case| case.generated_at = Some(at("2026-06-01T00:00:00Z"))),
            "key-void",
        ),
        ("its time is over", 401, case().with(|case| case.expires_at = Some(at("2026-05-31T00:00:00Z"))), "key-age"),
        (
            "its time is not over",
            401,
            case().with(|case| case.expires_at = Some(at("2026-06-02T00:00:00Z"))),
            "key-void",
        ),
        ("a secondary", 401, case().member("a-p, secondary", HaRole::Secondary), "ha-role"),
        ("a primary whose peer answers", 401, case().member("a-p, primary", HaRole::Primary), "ha-role"),
        (
            "members that know all keys",
            401,
            case().member("a-p, primary", HaRole::Primary).with(|case| case.status.version = Version::new(7, 6, 1)),
            "key-void",
        ),
        (
            "a client certificate",
            401,
            case().setting("peer-auth", &["enable"]).setting("peer-group", &["pki"]),
            "peer-auth",
        ),
        ("out of hours", 401, case().setting("schedule", &["office"]), "schedule"),
        ("a VDOM that it lacks", 403, case().vdoms(&["edge"]).with(|case| case.asked = Some("edge")), "vdom"),
        ("a user with VDOMs that nobody named", 403, case().vdoms(&[]).with(|case| case.user = None), "vdom"),
        ("a profile that permits nothing", 403, case().with(|case| case.profile = Some(Profile::default())), "profile"),
        ("a profile that permits too little", 403, case().hosts(&[]), "profile"),
        ("HTTPS from elsewhere, told by 403", 403, case(), "trusted-host"),
        ("too many attempts", 429, case(), "rate-limited"),
    ];
    for (name, status, case, cause) in cases {
        assert_eq!(case.diagnosis(&answer(status)).unwrap().word(), cause, "{name}");
    }
}

#[test]
fn only_the_api_of_this_very_device_proves_a_key() {
    let html = Answer { status: 200, ..Answer::default() };
    let other = Answer { serial: Some("FG100FTK99999999".into()), ..answer(200) };
    let unnamed = Answer { serial: None, ..answer(200) };
    let page = Answer { status: 302, location: Some("/login".into()), ..Answer::default() };
    let member = case().member("a-a, primary", HaRole::Primary);
    for (case, answer, cause) in [
        (case(), answer(200), None),
        (case(), unnamed, None),
        (case(), html, Some("not-fortigate")),
        (case(), other.clone(), Some("other-device")),
        (member, other, Some("ha-role")),
        (case(), page, Some("login-page")),
        (case(), answer(404), Some("not-fortigate")),
        (case(), answer(418), Some("not-fortigate")),
        (case(), answer(503), Some("failing")),
    ] {
        let diagnosis = case.diagnosis(&answer);
        assert_eq!(diagnosis.as_ref().map(Cause::word), cause, "{answer:?}");
    }
}

#[test]
fn a_vdom_is_asked_in_only_when_the_user_lacks_root() {
    for (case, vdom) in [
        (case(), None),
        (case().vdoms(&["root", "edge"]), None),
        (case().vdoms(&["edge", "dmz"]), Some("edge")),
        (case().vdoms(&[]), None),
        (case().vdoms(&["edge"]).with(|case| case.user = None), None),
    ] {
        assert_eq!(vdom_to_ask_in(&case.known()).as_deref(), vdom);
    }
}

#[test]
fn the_mending_adds_and_takes_nothing_away() {
    let user = case().hosts(&["10.0.0.0/8", "10.9.0.0/16"]).user.unwrap();
    let cause = Cause::TrustedHost { seen: Some("2001:db8::1".parse().unwrap()), hosts: user.hosts() };
    let Some(Edit::User(edit)) = mending(&cause, &user) else { panic!("no edit") };
    assert_eq!(
        (edit.hosts.len(), edit.hosts[0].id, edit.hosts[0].set.values.as_slice()),
        (1, 3, &["2001:db8::1/128".to_owned()][..])
    );
    assert!(edit.delete_hosts.is_empty() && edit.set.is_empty() && edit.unset.is_empty());

    let cause = Cause::Vdom { asked: "root".into(), vdoms: Some(vec!["edge".into()]) };
    let user = case().vdoms(&["edge"]).user.unwrap();
    let Some(Edit::User(edit)) = mending(&cause, &user) else { panic!("no edit") };
    assert_eq!(edit.set[0].values, ["edge", "root"]);
    assert_eq!(mending(&Cause::RateLimited, &user), None);
}
