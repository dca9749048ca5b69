//! What all forms of an audit are made of.

use serde::Serialize;

use crate::fortios::audit::account::{Account, ProfileState};
use crate::fortios::audit::effective::GroupAccess;
use crate::fortios::audit::finding::Finding;
use crate::fortios::audit::mend::PLACEHOLDERS;
use crate::fortios::audit::severity::Severity;
use crate::fortios::render::Templates;
use crate::verbs::audit::{Audited, Unread};

/// One device, as `-o json` prints it: stable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeviceView {
    /// The operator's name for it.
    pub device: String,
    /// The address that was connected to.
    pub address: String,
    /// Its own name.
    pub hostname: String,
    /// Its serial number.
    pub serial: String,
    /// `FortiGate-100F`.
    pub model: String,
    /// `7.4.8`.
    pub fortios: String,
    /// Whether fgtkey knows that release; otherwise it is judged as the newest that it knows.
    pub fortios_known: bool,
    /// `disable`, `multiple`, `split-task`.
    pub vdom_mode: &'static str,
    /// `standalone`, or the mode and the role.
    pub ha: String,
    /// How many findings of each severity.
    pub counts: Counts,
    /// The API users, in the device's order.
    pub users: Vec<UserView>,
    /// The findings, the worst first.
    pub findings: Vec<FindingView>,
    /// What the device did not let us read; nothing is concluded from it.
    pub not_read: Vec<NotRead>,
}

/// How many findings of each severity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Of severity critical.
    pub critical: usize,
    /// High.
    pub high: usize,
    /// Medium.
    pub medium: usize,
    /// Low.
    pub low: usize,
    /// Info.
    pub info: usize,
}

/// One API user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UserView {
    /// Its name.
    pub name: String,
    /// Its comment.
    pub comments: Option<String>,
    /// Its profile.
    pub profile: Option<String>,
    /// `on-device`, `built-in`, `missing` or `unread`.
    pub profile_state: &'static str,
    /// What it may do, in the fewest words.
    pub may: Vec<String>,
    /// What it may do, every group and child; empty where that is not known.
    pub permissions: Vec<GroupAccess>,
    /// Whether its profile is of scope `global`: every VDOM.
    pub global_scope: bool,
    /// Its VDOMs.
    pub vdoms: Vec<String>,
    /// Where it may come from; empty: from everywhere.
    pub trusted_hosts: Vec<String>,
    /// Its schedule.
    pub schedule: Option<String>,
    /// The web origin that may use the key.
    pub cors_allow_origin: Option<String>,
    /// Whether a client certificate is asked for.
    pub peer_auth: bool,
    /// Whose.
    pub peer_group: Option<String>,
    /// Whether it has a key.
    pub has_key: bool,
    /// The administrators with the same profile.
    pub shared_with: Vec<String>,
    /// Whether a request asks for it; null: no request was given.
    pub requested: Option<bool>,
    /// The ids of its findings.
    pub findings: Vec<&'static str>,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FindingView {
    /// `FGT004`.
    pub id: &'static str,
    /// `no-trusted-host`.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The API user; null: the device itself.
    pub user: Option<String>,
    /// What is wrong, in a few words.
    pub title: &'static str,
    /// What is there, in a sentence.
    pub sentence: String,
    /// Why that matters.
    pub why: &'static str,
    /// The CLI that mends it, one command a line; null: none does.
    pub mend: Option<String>,
    /// The words in it that the operator has to replace.
    pub replace: Vec<&'static str>,
}

/// Something that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotRead {
    /// The command.
    pub command: String,
    /// Why.
    pub reason: String,
}

/// A device that could not be audited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unaudited {
    /// The operator's name for it.
    pub device: String,
    /// Why.
    pub reason: String,
}

impl Counts {
    fn of(findings: &[Finding]) -> Counts {
        let of = |severity| findings.iter().filter(|finding| finding.severity() == severity).count();
        Counts {
            critical: of(Severity::Critical),
            high: of(Severity::High),
            medium: of(Severity::Medium),
            low: of(Severity::Low),
            info: of(Severity::Info),
        }
    }

    /// How many of that severity.
    pub fn get(self, severity: Severity) -> usize {
        match severity {
            Severity::Critical => self.critical,
            Severity::High => self.high,
            Severity::Medium => self.medium,
            Severity::Low => self.low,
            Severity::Info => self.info,
        }
    }

    /// How many there are at all.
    pub fn total(self) -> usize {
        Severity::WORST_FIRST.into_iter().map(|severity| self.get(severity)).sum()
    }
}

impl DeviceView {
    /// What was found on a device; the CLI is written by `templates`.
    pub fn of(audited: &Audited, templates: &Templates) -> DeviceView {
        let Audited { device, address, status, audit, unread } = audited;
        let vdoms = status.vdom_mode.has_vdoms();
        let users = audit.accounts.iter().map(|account| {
            let findings = audit.findings_of(&account.name).map(|finding| finding.rule.about().id);
            UserView::of(account, findings.collect())
        });
        DeviceView {
            device: device.clone(),
            address: address.clone(),
            hostname: status.hostname.clone(),
            serial: status.serial.clone(),
            model: status.model.clone(),
            fortios: status.version.to_string(),
            fortios_known: !status.version.is_newer_than_known(),
            vdom_mode: status.vdom_mode.word(),
            ha: status.ha.clone(),
            counts: Counts::of(&audit.findings),
            users: users.collect(),
            findings: audit.findings.iter().map(|finding| FindingView::of(finding, vdoms, templates)).collect(),
            not_read: unread.iter().map(NotRead::of).collect(),
        }
    }
}

impl UserView {
    fn of(account: &Account, findings: Vec<&'static str>) -> UserView {
        UserView {
            name: account.name.clone(),
            comments: account.comments.clone(),
            profile: account.profile.clone(),
            profile_state: state(account.state),
            may: account.summary(),
            permissions: account.permissions.clone(),
            global_scope: account.global_scope,
            vdoms: account.vdoms.clone(),
            trusted_hosts: account.hosts.iter().map(ToString::to_string).collect(),
            schedule: account.schedule.clone(),
            cors_allow_origin: account.cors_allow_origin.clone(),
            peer_auth: account.peer_auth,
            peer_group: account.peer_group.clone(),
            has_key: account.has_key,
            shared_with: account.shared_with.clone(),
            requested: account.requested,
            findings,
        }
    }

    /// What it may do, for people.
    pub(super) fn may_words(&self) -> Vec<String> {
        match self.profile_state {
            "unread" => vec!["not known".into()],
            "missing" => vec!["nothing is known".into()],
            _ if self.may.is_empty() => vec!["nothing".into()],
            _ => self.may.clone(),
        }
    }

    /// Where it may come from, for people.
    pub(super) fn where_words(&self) -> Vec<String> {
        if self.trusted_hosts.is_empty() { vec!["anywhere".into()] } else { self.trusted_hosts.clone() }
    }
}

fn state(state: ProfileState) -> &'static str {
    match state {
        ProfileState::OnDevice => "on-device",
        ProfileState::BuiltIn => "built-in",
        ProfileState::Missing => "missing",
        ProfileState::Unread => "unread",
    }
}

impl FindingView {
    fn of(finding: &Finding, vdoms: bool, templates: &Templates) -> FindingView {
        let about = finding.rule.about();
        // A name that cannot be typed (it would need a `?`) leaves the finding without its lines.
        let mend = finding.mend.as_ref().and_then(|mend| templates.mend(vdoms, mend).ok());
        let mend = mend.map(|script| script.to_string());
        let stands_in = |word: &&str| mend.as_deref().is_some_and(|mend| mend.contains(*word));
        FindingView {
            id: about.id,
            rule: about.name,
            severity: about.severity,
            user: finding.user.clone(),
            title: about.title,
            sentence: finding.sentence.clone(),
            why: about.why,
            replace: PLACEHOLDERS.into_iter().filter(stands_in).collect(),
            mend,
        }
    }
}

impl NotRead {
    fn of(unread: &Unread) -> NotRead {
        let reason = match &unread.refusal {
            Some(refusal) => format!("refused: {refusal}"),
            None => "it was not answered as a whole".to_owned(),
        };
        NotRead { command: unread.command.clone(), reason }
    }
}

/// One JSON object on one line.
pub fn to_json(view: &DeviceView) -> String {
    // Strings, numbers and lists always have a JSON form.
    serde_json::to_string(view).map(|line| line + "\n").unwrap_or_default()
}
