//! The forms of an audit: none lets a device's words act, each is what its readers expect.

use fgtkey::fortios::audit::tables::{Tables, columns, entries};
use fgtkey::fortios::audit::{Audit, Known, Policy};
use fgtkey::fortios::status::Status;
use fgtkey::report::audit::{Terminal, Unaudited, to_html, to_json, to_sarif, to_table};
use fgtkey::verbs::audit::{Audited, Unread};
use serde_json::Value;

use super::scene::{audited, on, view};

/// A text that does harm wherever it is not escaped.
const HARM: &str = "</script><img src=x onerror=alert(1)> {{ 1 }} \u{1b}[31m \u{202e}";

/// An audit of a device all of whose words are hostile.
pub fn hostile() -> Audited {
    let lines = |text: String| text.split('\n').map(str::to_owned).collect::<Vec<_>>();
    let status = format!("Version: FortiGate-100F v7.4.8,build2795\nSerial-Number: {HARM}\nHostname: {HARM}");
    let status = Status::parse(&lines(status)).unwrap();
    let users = format!(
        "config system api-user\nedit \"{HARM}\"\nset comments \"{HARM}\"\nset accprofile \"{HARM}\"\nset vdom \"{HARM}\"\n\
         set schedule \"{HARM}\"\nset cors-allow-origin \"*{HARM}\"\nset peer-auth enable\nset peer-group \"{HARM}\"\n\
         config trusthost\nedit 1\nset ipv4-trusthost \"{HARM}\"\nnext\nend\nnext\nend"
    );
    let profiles = format!(
        "config system accprofile\nedit \"{HARM}\"\nset oddgrp custom\nconfig oddgrp-permission\nset \"{HARM}\" \"{HARM}\"\nend\nnext\nend"
    );
    let admins = format!("config system admin\nedit \"{HARM}\"\nset accprofile \"{HARM}\"\nnext\nend");
    let interfaces = format!("config system interface\nedit \"{HARM}\"\nset allowaccess https\nnext\nend");
    let tables = Tables {
        version: status.version,
        vdoms: true,
        users: entries("system api-user", &lines(users)).unwrap().unwrap(),
        profiles: entries("system accprofile", &lines(profiles)).unwrap(),
        administrators: entries("system admin", &lines(admins)).unwrap(),
        interfaces: entries("system interface", &lines(interfaces)).unwrap(),
        global: columns(&lines(format!("ssh-mac-algo: md5{HARM}"))),
        ssh: columns(&[]),
        agreed: vec![format!("ssh-rsa{HARM}")],
    };
    let policy = Policy { known: Some(Known::default()), ..Policy::default() };
    Audited {
        device: HARM.into(),
        address: HARM.into(),
        audit: Audit::of(&tables, &policy),
        status,
        unread: vec![Unread { command: "show system admin".into(), refusal: Some(HARM.into()) }],
    }
}

pub fn page(audited: &[Audited]) -> String {
    let views: Vec<_> = audited.iter().map(view).collect();
    let failed = [Unaudited { device: HARM.into(), reason: HARM.into() }];
    let unaudited = if audited.len() > 1 { &failed[..] } else { &[] };
    to_html(&views, unaudited, "2026-11-24T12:00:00Z".parse().unwrap()).unwrap()
}

#[test]
fn nothing_that_a_device_says_becomes_part_of_the_page() {
    let page = page(&[hostile(), hostile()]);
    assert!(page.contains("&lt;img src=x onerror=alert(1)&gt;"));
    assert_eq!(page.matches("<img").count(), 0);
    assert_eq!(page.matches("<script").count(), 1, "our own");
    assert_eq!(page.matches("</script>").count(), 1);
    assert!(!page.contains('\u{1b}') && !page.contains('\u{202e}'), "what reorders or controls is spelled out");
    assert!(!page.contains("style=\"") && !page.contains(" onclick"), "its own policy would not let them work");
}

#[test]
fn the_page_loads_nothing_and_its_policy_forbids_the_rest() {
    let page = page(&[hostile()]);
    for outside in ["http://", "https://", "src=\"", "@import", "url(", "<link", "<iframe"] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(page.contains("default-src &#x27;none&#x27;"), "{}", &page[..600]);
}

#[tokio::test]
async fn the_table_fits_its_terminal_and_lets_nothing_act() {
    for audited in [audited(on("7.4.8")).await, hostile()] {
        for width in [40, 60, 72, 80, 100, 200] {
            let table = to_table(&view(&audited), Terminal { width, colored: false });
            assert!(!table.contains('\u{1b}') && !table.contains('\u{202e}'), "{table:?}");
            let mend = |line: &&str| line.starts_with("    ");
            for line in table.lines().filter(|line| !mend(line)) {
                assert!(line.chars().count() <= width, "{width}: {line}");
            }
        }
    }
    let colored = to_table(&view(&audited(on("7.4.8")).await), Terminal { width: 80, colored: true });
    assert!(colored.contains("\u{1b}["));
}

#[tokio::test]
async fn json_is_one_object_a_line_with_every_permission_and_finding() {
    let text = to_json(&view(&audited(on("7.4.8")).await));
    assert_eq!(text.lines().count(), 1);
    let object: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(object["device"], "fw1");
    assert_eq!(object["counts"]["critical"], 1);
    let good = &object["users"][0];
    assert_eq!((&good["name"], &good["may"][0]), (&"good".into(), &"fwgrp.address read".into()));
    assert_eq!(good["trusted_hosts"][0], "192.0.2.10/32");
    assert_eq!((&good["has_key"], &good["requested"]), (&Value::Bool(true), &Value::Null));
    let finding = &object["findings"][0];
    assert_eq!(
        (&finding["id"], &finding["severity"], &finding["user"]),
        (&"FGT001".into(), &"critical".into(), &"bad".into())
    );
    assert_eq!(finding["replace"][0], "NARROWER-PROFILE");
    assert!(!text.contains("ENC"), "a hash of a key is nobody's business");
}

/// What the schema of SARIF 2.1.0 asks of the parts that are used here.
fn assert_sarif(log: &Value) {
    let text = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    assert_eq!(log["version"], "2.1.0");
    assert!(text(&log["$schema"]));
    for run in log["runs"].as_array().unwrap() {
        let driver = &run["tool"]["driver"];
        assert!(text(&driver["name"]));
        let rules = driver["rules"].as_array().unwrap();
        for rule in rules {
            assert!(
                text(&rule["id"]) && text(&rule["shortDescription"]["text"]) && text(&rule["fullDescription"]["text"])
            );
            assert!(
                ["none", "note", "warning", "error"].contains(&rule["defaultConfiguration"]["level"].as_str().unwrap())
            );
        }
        for invocation in run["invocations"].as_array().unwrap() {
            assert!(invocation["executionSuccessful"].is_boolean());
            for notification in invocation["toolExecutionNotifications"].as_array().unwrap() {
                assert!(text(&notification["message"]["text"]));
            }
        }
        for result in run["results"].as_array().unwrap() {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(rules[index]["id"], result["ruleId"]);
            assert!(
                text(&result["message"]["text"])
                    && ["note", "warning", "error"].contains(&result["level"].as_str().unwrap())
            );
            let place = &result["locations"][0];
            let uri = place["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
            assert!(uri.bytes().all(|b| b.is_ascii_alphanumeric() || b":/%".contains(&b)), "{uri}");
            assert!(text(&place["logicalLocations"][0]["fullyQualifiedName"]));
            assert!(result["partialFingerprints"].as_object().unwrap().values().all(text));
        }
    }
}

#[tokio::test]
async fn sarif_has_what_its_schema_asks_for() {
    let audited = audited(on("7.4.8")).await;
    let failed = [Unaudited { device: "fw2".into(), reason: "no route".into() }];
    let log: Value = serde_json::from_str(&to_sarif(&[view(&audited), view(&hostile())], &failed)).unwrap();
    assert_sarif(&log);
    let run = &log["runs"][0];
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
    let expected = audited.audit.findings.len() + hostile().audit.findings.len();
    assert_eq!(run["results"].as_array().unwrap().len(), expected);
    let again: Value = serde_json::from_str(&to_sarif(&[view(&audited)], &[])).unwrap();
    let print = |log: &Value| log["runs"][0]["results"][0]["partialFingerprints"].clone();
    assert_eq!(print(&again), print(&log), "the same finding has the same fingerprint in the next run");
}
