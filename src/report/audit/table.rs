//! The table of a terminal.

use anstyle::{AnsiColor, Style};

use super::super::grid;
use super::super::text::printable;
use super::view::{Counts, DeviceView, FindingView, NotRead, UserView};
use crate::fortios::audit::severity::Severity;

/// What a table is printed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terminal {
    /// Its width, in characters.
    pub width: usize,
    /// Whether it takes colour.
    pub colored: bool,
}

/// Below this width the users stand one under the other.
const NARROW: usize = 72;

/// The columns in front of a finding's sentence: `critical  FGT001  `.
const BEFORE: usize = 18;

const HEAD: Style = Style::new().bold();
const QUIET: Style = Style::new().dimmed();

/// The users, then the findings with what mends them, then what could not be read.
pub fn to_table(view: &DeviceView, terminal: Terminal) -> String {
    let mut out = String::new();
    for line in head(view, terminal).into_iter().chain(users(view, terminal)).chain(findings(view, terminal)) {
        out.push_str(&line);
        out.push('\n');
    }
    out
}

fn paint(terminal: Terminal, style: Style, text: &str) -> String {
    if terminal.colored { format!("{style}{text}{style:#}") } else { text.to_owned() }
}

fn style(severity: Severity) -> Style {
    match severity {
        Severity::Critical => AnsiColor::Red.on_default().bold().invert(),
        Severity::High => AnsiColor::Red.on_default().bold(),
        Severity::Medium => AnsiColor::Yellow.on_default(),
        Severity::Low => AnsiColor::Cyan.on_default(),
        Severity::Info => QUIET,
    }
}

fn head(view: &DeviceView, terminal: Terminal) -> Vec<String> {
    let DeviceView { device, model, serial, fortios, .. } = view;
    let name = printable(device);
    let known = if view.fortios_known { "" } else { " (newer than fgtkey knows)" };
    let text = format!("{name}  {}", printable(&format!("{model} {serial}, FortiOS {fortios}{known}")));
    let mut lines = indented(&text, 0, terminal);
    if let Some(first) = lines.first_mut() {
        *first = first.replacen(&name, &paint(terminal, HEAD, &name), 1);
    }
    let found = format!("{}, {}", counted(view.users.len(), "API user"), findings_words(view.counts));
    lines.extend(indented(&found, 0, terminal));
    lines
}

fn counted(count: usize, what: &str) -> String {
    match count {
        0 => format!("no {what}"),
        1 => format!("1 {what}"),
        several => format!("{several} {what}s"),
    }
}

/// `3 findings: 1 critical, 2 high`.
fn findings_words(counts: Counts) -> String {
    if counts.total() == 0 {
        return "nothing found".into();
    }
    let each = Severity::WORST_FIRST.into_iter().filter(|severity| counts.get(*severity) > 0);
    let each: Vec<String> = each.map(|severity| format!("{} {severity}", counts.get(severity))).collect();
    format!("{}: {}", counted(counts.total(), "finding"), each.join(", "))
}

fn users(view: &DeviceView, terminal: Terminal) -> Vec<String> {
    if view.users.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![String::new()];
    if terminal.width < NARROW {
        view.users.iter().for_each(|user| lines.extend(stacked(user, terminal)));
        return lines;
    }
    let names = ["API USER", "KEY", "PROFILE", "MAY", "FROM", "VDOMS"].map(|name| vec![name.to_owned()]).to_vec();
    let rows: Vec<_> = std::iter::once(names).chain(view.users.iter().map(cells)).collect();
    for (at, row) in grid::rows(&rows, terminal.width).into_iter().enumerate() {
        let quiet = |line: String| if at == 0 { paint(terminal, QUIET, &line) } else { line };
        lines.extend(row.into_iter().map(quiet));
    }
    lines
}

fn cells(user: &UserView) -> Vec<Vec<String>> {
    let key = if user.has_key { "yes" } else { "none" };
    let cells = [vec![user.name.clone()], vec![key.into()], vec![profile(user)], may(user), from(user), vdoms(user)];
    cells.map(|texts| texts.iter().map(|text| printable(text)).collect()).to_vec()
}

fn profile(user: &UserView) -> String {
    user.profile.clone().unwrap_or_else(|| "none".into())
}

/// As one text, so that it wraps; what limits a key beside its profile stands behind it.
fn may(user: &UserView) -> Vec<String> {
    let limits = [
        user.schedule.as_ref().map(|schedule| format!("schedule {schedule}")),
        user.cors_allow_origin.as_ref().map(|origin| format!("CORS {origin}")),
        user.peer_auth.then(|| format!("peer group {}", user.peer_group.as_deref().unwrap_or("none"))),
    ];
    let limits = limits.into_iter().flatten().collect::<Vec<_>>().join(", ");
    [user.may_words().join(", "), limits].into_iter().filter(|text| !text.is_empty()).collect()
}

fn from(user: &UserView) -> Vec<String> {
    user.where_words()
}

fn vdoms(user: &UserView) -> Vec<String> {
    if user.global_scope {
        return vec!["all".into()];
    }
    if user.vdoms.is_empty() { vec!["-".into()] } else { vec![user.vdoms.join(" ")] }
}

fn stacked(user: &UserView, terminal: Terminal) -> Vec<String> {
    let key = if user.has_key { "" } else { ", no key" };
    let name = indented(&printable(&user.name), 0, terminal);
    let name = name.into_iter().map(|line| paint(terminal, HEAD, &line));
    let rest = [
        format!("profile {}{key}", profile(user)),
        format!("may {}", may(user).join("; ")),
        format!("from {}", from(user).join(", ")),
        format!("VDOMs {}", vdoms(user).join(" ")),
    ];
    let rest = rest.iter().flat_map(|text| indented(&printable(text), 2, terminal));
    name.chain(rest).collect()
}

fn indented(text: &str, by: usize, terminal: Terminal) -> Vec<String> {
    let lines = grid::wrapped(text, terminal.width.saturating_sub(by).max(20));
    lines.into_iter().map(|line| format!("{:by$}{line}", "")).collect()
}

fn findings(view: &DeviceView, terminal: Terminal) -> Vec<String> {
    let found = view.findings.iter().flat_map(|finding| finding_lines(finding, terminal));
    let unread = view.not_read.iter().flat_map(|unread| unread_lines(unread, terminal));
    let gap = (!view.not_read.is_empty()).then(String::new);
    found.chain(gap).chain(unread).collect()
}

fn unread_lines(unread: &NotRead, terminal: Terminal) -> Vec<String> {
    const LABEL: &str = "not read";
    let text = printable(&format!("{LABEL}  `{}` {}", unread.command, unread.reason));
    let mut lines = indented(&text, 0, terminal);
    if let Some(first) = lines.first_mut() {
        *first = first.replacen(LABEL, &paint(terminal, style(Severity::Medium), LABEL), 1);
    }
    lines
}

fn finding_lines(finding: &FindingView, terminal: Terminal) -> Vec<String> {
    let label = paint(terminal, style(finding.severity), &format!("{:8}", finding.severity.word()));
    let by = if terminal.width < NARROW { 4 } else { BEFORE };
    let mut sentence = indented(&printable(&finding.sentence), by, terminal);
    let mut lines = vec![String::new()];
    let first = if by == BEFORE { sentence.remove(0).trim_start().to_owned() } else { String::new() };
    lines.push(format!("{label}  {}  {first}", finding.id).trim_end().to_owned());
    lines.extend(sentence);
    let mend = finding.mend.iter().flat_map(|mend| mend.lines());
    lines.extend(mend.map(|line| paint(terminal, QUIET, &format!("{:by$}{}", "", printable(line)))));
    lines
}
