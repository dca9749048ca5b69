//! One HTML page: the numbers, the findings, the users.

use jiff::Timestamp;
use minijinja::value::Serde;
use minijinja::{Value, context};

use super::super::html::{Kind, PageError};
use super::view::{DeviceView, FindingView, Unaudited, UserView};
use crate::fortios::audit::severity::Severity;

const KIND: Kind = Kind {
    body: include_str!("../../../templates/audit/page.html"),
    style: include_str!("../../../templates/audit/page.css"),
    script: include_str!("../../../templates/audit/page.js"),
};

/// The page about these devices, as of `at`.
///
/// # Errors
/// None in practice: a test holds that the embedded template renders.
pub fn to_html(views: &[DeviceView], unaudited: &[Unaudited], at: Timestamp) -> Result<String, PageError> {
    let counts: Vec<Value> = Severity::WORST_FIRST.map(|severity| count(views, severity)).to_vec();
    let total: usize = views.iter().map(|view| view.counts.total()).sum();
    let devices = if views.len() == 1 { "device" } else { "devices" };
    let values = context! {
        at => at.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        stamp => at.strftime("%Y-%m-%dT%H:%MZ").to_string(),
        version => env!("CARGO_PKG_VERSION"),
        counts,
        users => views.iter().map(|view| view.users.len()).sum::<usize>(),
        total,
        findings => findings(views),
        devices => views.iter().map(device).collect::<Vec<_>>(),
        unaudited => Value::from(Serde(unaudited)),
    };
    KIND.page(format!("API access: {total} findings on {} {devices}", views.len()), values)
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
