//! One HTML page that needs nothing else: no network, no font, no other file.
//!
//! Everything that came from a device or an operator goes through the template's escaping; style and script are our own, and
//! the page's own policy (CSP) lets only these two run, by their hashes.

use jiff::Timestamp;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context};
use russh::keys::ssh_encoding::base64::{Base64, Encoding};

use super::super::text::printable;
use super::view::{DeviceView, FindingView, Unaudited, UserView};
use crate::fortios::audit::severity::Severity;

const PAGE: &str = include_str!("../../../templates/audit/page.html");
const STYLE: &str = include_str!("../../../templates/audit/page.css");
const SCRIPT: &str = include_str!("../../../templates/audit/page.js");

/// The page could not be made: a fault of the embedded template, which a test rules out.
#[derive(Debug, thiserror::Error)]
#[error("the page could not be written: {0}")]
pub struct PageError(#[from] minijinja::Error);

/// The page about these devices, as of `at`.
///
/// # Errors
/// None in practice: a test holds that the embedded template renders.
pub fn to_html(views: &[DeviceView], unaudited: &[Unaudited], at: Timestamp) -> Result<String, PageError> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_filter("printable", |text: String| printable(&text));
    let counts: Vec<Value> = Severity::WORST_FIRST.map(|severity| count(views, severity)).to_vec();
    let page = context! {
        policy => policy(),
        style => Value::from_safe_string(STYLE.to_owned()),
        script => Value::from_safe_string(SCRIPT.to_owned()),
        at => at.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        stamp => at.strftime("%Y-%m-%dT%H:%MZ").to_string(),
        version => env!("CARGO_PKG_VERSION"),
        counts,
        users => views.iter().map(|view| view.users.len()).sum::<usize>(),
        total => views.iter().map(|view| view.counts.total()).sum::<usize>(),
        findings => findings(views),
        devices => views.iter().map(device).collect::<Vec<_>>(),
        unaudited => Value::from(Serde(unaudited)),
    };
    Ok(environment.render_str(PAGE, page)?)
}

/// What the page may load and run: its own style and script.
fn policy() -> String {
    let hash = |text: &str| {
        let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
        format!("'sha256-{}'", Base64::encode_string(digest.as_ref()))
    };
    let (style, script) = (hash(STYLE), hash(SCRIPT));
    format!("default-src 'none'; style-src {style}; script-src {script}; base-uri 'none'; form-action 'none'")
}

fn count(views: &[DeviceView], severity: Severity) -> Value {
    let count: usize = views.iter().map(|view| view.counts.get(severity)).sum();
    context! { severity => severity.word(), count }
}

/// All findings of all devices, the worst first.
fn findings(views: &[DeviceView]) -> Vec<Value> {
    let mut all: Vec<(&DeviceView, &FindingView)> =
        views.iter().flat_map(|view| view.findings.iter().map(move |finding| (view, finding))).collect();
    all.sort_by_key(|(_, finding)| std::cmp::Reverse(finding.severity));
    let value = |(view, finding): (&DeviceView, &FindingView)| {
        let mend_lines: Vec<String> = finding.mend.iter().flat_map(|mend| mend.lines()).map(str::to_owned).collect();
        context! { device => view.device.clone(), mend_lines, ..Value::from(Serde(finding)) }
    };
    all.into_iter().map(value).collect()
}

fn device(view: &DeviceView) -> Value {
    let users: Vec<Value> = view.users.iter().map(|user| self::user(view, user)).collect();
    context! { users, ..Value::from(Serde(view)) }
}

/// A user with the words of the table beside what JSON says, and the worst of its findings.
fn user(view: &DeviceView, user: &UserView) -> Value {
    let of_user = view.findings.iter().filter(|finding| finding.user.as_ref() == Some(&user.name));
    let worst = of_user.map(|finding| finding.severity).max().map(Severity::word);
    context! {
        may_words => user.may_words(),
        from_words => user.where_words(),
        worst => worst.unwrap_or_default(),
        ..Value::from(Serde(user))
    }
}
