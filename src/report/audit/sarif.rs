//! SARIF 2.1.0 (OASIS standard), for the programs that gather findings of many tools.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::super::text::printable;
use super::view::{DeviceView, FindingView, Unaudited};
use crate::fortios::audit::rule::Rule;
use crate::fortios::audit::severity::Severity;

/// The schema that the log claims to fulfil.
const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// One log with one run, whatever the number of devices.
pub fn to_sarif(views: &[DeviceView], unaudited: &[Unaudited]) -> String {
    let results: Vec<Value> =
        views.iter().flat_map(|view| view.findings.iter().map(|finding| result(view, finding))).collect();
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "fgtkey",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": Rule::ALL.map(rule),
            }},
            "invocations": [{
                "executionSuccessful": unaudited.is_empty(),
                "toolExecutionNotifications": notifications(views, unaudited),
            }],
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    format!("{log:#}\n")
}

fn rule(rule: Rule) -> Value {
    let about = rule.about();
    json!({
        "id": about.id,
        "name": pascal(about.name),
        "shortDescription": { "text": about.title },
        "fullDescription": { "text": about.why },
        "help": { "text": about.why },
        "defaultConfiguration": { "level": level(about.severity) },
        "properties": {
            "severity": about.severity,
            "security-severity": score(about.severity),
            "tags": ["security", "fortios", "api"],
        },
    })
}

fn result(view: &DeviceView, finding: &FindingView) -> Value {
    let object = object(finding);
    let message = match &finding.mend {
        Some(mend) => format!("{}: {}\n\n{mend}", view.device, finding.sentence),
        None => format!("{}: {}", view.device, finding.sentence),
    };
    json!({
        "ruleId": finding.id,
        "ruleIndex": Rule::ALL.iter().position(|rule| rule.about().id == finding.id),
        "level": level(finding.severity),
        "message": { "text": message },
        "locations": [{
            "physicalLocation": { "artifactLocation": { "uri": uri(view, &object) } },
            "logicalLocations": [{
                "name": finding.user.as_deref().unwrap_or(&view.device),
                "fullyQualifiedName": format!("{}/{}", view.device, object.join("/")),
                "kind": "object",
            }],
        }],
        "partialFingerprints": { "fgtkeyFinding/v1": fingerprint(view, finding) },
        "properties": {
            "severity": finding.severity,
            "device": view.device,
            "serial": view.serial,
            "fortios": view.fortios,
            "user": finding.user,
            "mend": finding.mend,
        },
    })
}

/// What a finding is about, in FortiOS's words.
fn object(finding: &FindingView) -> Vec<String> {
    match &finding.user {
        Some(user) => vec!["system".into(), "api-user".into(), user.clone()],
        None => vec!["system".into()],
    }
}

/// No file, but the place of the object: SARIF's viewers group by it.
fn uri(view: &DeviceView, object: &[String]) -> String {
    let parts = std::iter::once(&view.device).chain(object);
    let parts: Vec<String> = parts.map(|part| utf8_percent_encode(part, NON_ALPHANUMERIC).to_string()).collect();
    format!("fortios:{}", parts.join("/"))
}

/// The same for the same finding in the next audit: the device by its serial number, the object, the rule, what is there.
fn fingerprint(view: &DeviceView, finding: &FindingView) -> String {
    let user = finding.user.as_deref().unwrap_or_default();
    let parts = [view.serial.as_str(), user, finding.id, &finding.sentence];
    let digest = ring::digest::digest(&ring::digest::SHA256, parts.join("\n").as_bytes());
    digest.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn notifications(views: &[DeviceView], unaudited: &[Unaudited]) -> Vec<Value> {
    let failed = unaudited.iter().map(|failed| notification("error", &failed.device, &failed.reason));
    let unread = views.iter().flat_map(|view| {
        view.not_read
            .iter()
            .map(|unread| notification("warning", &view.device, &format!("`{}`: {}", unread.command, unread.reason)))
    });
    failed.chain(unread).collect()
}

fn notification(level: &str, device: &str, text: &str) -> Value {
    json!({ "level": level, "message": { "text": format!("{device}: {}", printable(text)) } })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// In the scale of CVSS, as GitHub's code scanning reads it.
fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "3.0",
        Severity::Info => "0.0",
    }
}

/// `NoTrustedHost` out of `no-trusted-host`: the standard asks for a name that reads as an identifier.
fn pascal(name: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>()).unwrap_or_default()
    };
    name.split('-').map(word).collect()
}
