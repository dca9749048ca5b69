//! Who the device is, and what it has of what the request names.

use crate::fortios::admin_session::AdminSession;
use crate::fortios::central_management::CentralManagement;
use crate::fortios::cluster;
use crate::fortios::facts::Facts;
use crate::fortios::https::Https;
use crate::fortios::render::{Paging, RenderError, Templates};
use crate::fortios::request::Request;
use crate::fortios::rights::{Lack, Rights};
use crate::fortios::script::Script;
use crate::fortios::show::ShowError;
use crate::fortios::status::{CfgSave, HaRole, Status, StatusError};
use crate::session::Reply;
use crate::session::fault::{Fault, FaultKind, Step};

use super::console::{Console, Line};
use super::event::{Event, Found, Observer, Warning};
use super::failure::MintError;

/// The read of who manages the device, which nothing else depends on.
const CENTRAL_MANAGEMENT: &str = "show system central-management";

/// What a survey found.
pub struct Surveyed {
    /// The device.
    pub status: Status,
    /// What a plan needs to know of it.
    pub facts: Facts,
    /// How its reads are kept whole.
    pub paging: Paging,
    /// What our administrator may do.
    pub rights: Rights,
    /// What it says of its HTTPS administration; `None`: nothing.
    pub https: Option<Https>,
    /// Whether a FortiManager manages it.
    pub central_management: CentralManagement,
}

impl Surveyed {
    /// Whether our administrator may create API users, as far as can be told.
    ///
    /// # Errors
    /// [`SurveyError::Rights`] when not.
    pub fn check_rights(&self) -> Result<(), SurveyError> {
        match &self.rights {
            Rights::Lacking { profile, lack } => {
                Err(SurveyError::Rights { profile: profile.clone(), lack: lack.clone() })
            }
            _ => Ok(()),
        }
    }
}

/// Why a device could not be surveyed. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum SurveyError {
    /// The session failed.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// A template cannot be used.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// It is not a FortiGate that can be worked with.
    #[error(transparent)]
    Status(#[from] StatusError),
    /// It did not print whole configuration.
    #[error("`{line}` was not answered as a whole: {error}")]
    Show {
        /// The command.
        line: String,
        /// What is missing.
        error: ShowError,
    },
    /// The administrator may not enter the scope in which API users are.
    #[error("the administrator {user} may not enter `config global`, where the API users are: {refusal}")]
    NoGlobal {
        /// Who logged in.
        user: String,
        /// The device's words.
        refusal: String,
    },
    /// Another device answered than the operator wants.
    #[error("this is the device {found}, and {expected} was to be worked on")]
    OtherDevice {
        /// The serial number that the operator gave.
        expected: String,
        /// The one that the device has.
        found: String,
    },
    /// The administrator may not create API users.
    #[error("your access profile {profile} may not create API users: {lack}")]
    Rights {
        /// The profile.
        profile: String,
        /// What it lacks.
        lack: Lack,
    },
    /// The administrator, who is no super_admin, may not read what has to be known.
    #[error("your access profile {profile} does not let fgtkey see what the device has")]
    Blind {
        /// The profile.
        profile: String,
        /// What the device did.
        #[source]
        cause: Box<SurveyError>,
    },
    /// There is no such API user.
    #[error("the device has no API user {0}")]
    NoUser(String),
    /// It printed nothing where it should print an entry, or that there is none.
    #[error("`{line}` was answered with neither the configuration nor that it is not there")]
    Nothing {
        /// The command.
        line: String,
    },
    /// It refused to print what has to be known.
    #[error("`{line}` was refused: {refusal}")]
    Refused {
        /// The command.
        line: String,
        /// The device's words.
        refusal: String,
    },
}

/// Logs in, tells the way, and surveys.
///
/// # Errors
/// [`MintError`]; nothing was changed.
pub(super) async fn log_in(
    line: &Line,
    templates: &Templates,
    names: Names<'_>,
    observer: &mut (dyn Observer + Send),
) -> Result<(Console, Surveyed), MintError> {
    let mut console = line.open(observer).await?;
    tell_way(&console, line, observer);
    let surveyed = survey(&mut console, line, templates, names, observer).await?;
    tell(&surveyed.status, &surveyed.facts, line, observer);
    tell_managed(&surveyed.central_management, line, observer);
    surveyed.check_rights()?;
    Ok((console, surveyed))
}

/// How the device was reached, and what was odd about it.
pub(super) fn tell_way(console: &Console, line: &Line, observer: &mut (dyn Observer + Send)) {
    let device = &line.endpoint.name;
    observer.on(device, Event::Connected(console.connected(line)));
    for warning in &console.route.warnings {
        observer.on(device, Event::Warning(Warning::Said(warning.clone())));
    }
}

/// Reads everything that a plan rests on: in one flight where the device takes a pipe and has no VDOMs, which is known
/// only afterwards; otherwise the status first, then the rest where it belongs.
///
/// # Errors
/// [`SurveyError`]; nothing was changed.
pub async fn survey(
    console: &mut Console,
    line: &Line,
    templates: &Templates,
    names: Names<'_>,
    observer: &mut (dyn Observer + Send),
) -> Result<Surveyed, SurveyError> {
    let script = templates.status_and_survey(names.profile, names.user)?;
    let flight = match console.run(line, &script, observer).await {
        Err(fault) if fault.kind == FaultKind::Overrun => {
            // Paged in spite of the pipe: one by one, then.
            console.recover(line, observer).await?;
            Vec::new()
        }
        flight => flight?,
    };
    let (status, paging) = match flight.first().filter(|reply| reply.refused.is_none()) {
        Some(reply) => (introduced(console, line, &reply.body)?, Paging::Avoided),
        None => (self::status(console, line, templates, observer).await?, Paging::Answered),
    };
    let vdoms = status.vdom_mode.has_vdoms();
    let replies = match paging {
        Paging::Avoided if !vdoms && has_objects(&flight) => flight,
        _ => {
            let script = templates.survey(vdoms, paging, names.profile, names.user)?;
            console.run(line, &script, observer).await.map_err(|fault| of_scope(fault, line))?
        }
    };
    let mut facts = Facts::of_status(&status);
    if console.prompt_says_secondary() {
        facts.ha_role = HaRole::Secondary;
    }
    read_session(&mut facts, &replies, line, console);
    read_objects(&mut facts, names, &replies).map_err(|error| of_rights(error, &facts))?;
    let mut globals = globals(&replies);
    facts.cfg_save = cfg_save(&replies);
    if facts.cfg_save.is_none() {
        let whole = console.run(line, &templates.global(vdoms)?, observer).await?;
        facts.cfg_save = cfg_save(&whole);
        globals.extend(self::globals(&whole));
    }
    let rights = rights(console, line, templates, &facts, observer).await?;
    let central_management = central_management(&replies);
    Ok(Surveyed { status, facts, paging, rights, https: Https::of(&globals), central_management })
}

/// Whether a FortiManager manages the device, of the answers to `show system central-management` and `get system admin list`.
pub(super) fn central_management(replies: &[Reply]) -> CentralManagement {
    let sessions = AdminSession::parse_list(answer(replies, "get system admin list"));
    CentralManagement::of(answer(replies, CENTRAL_MANAGEMENT), &sessions)
}

/// What a read printed; nothing when it was refused.
pub(super) fn answer<'a>(replies: &'a [Reply], command: &str) -> &'a [String] {
    let reply = printed(replies, command).filter(|reply| reply.refused.is_none());
    reply.map(|reply| reply.body.as_slice()).unwrap_or_default()
}

/// The own profile; its content is read only when its name does not say everything.
///
/// # Errors
/// When the session fails; a profile that the device does not show is none.
pub(super) async fn rights(
    console: &mut Console,
    line: &Line,
    templates: &Templates,
    facts: &Facts,
    observer: &mut (dyn Observer + Send),
) -> Result<Rights, SurveyError> {
    let profile = facts.session.found().and_then(|own| own.profile.as_deref());
    // A name that cannot be typed leaves the content unread: it is the device's word, not the operator's.
    let script = profile
        .filter(|profile| Rights::needs_content(profile))
        .and_then(|profile| templates.own_profile(facts.vdom_mode.has_vdoms(), profile).ok());
    let replies = match script {
        None => Vec::new(),
        Some(script) => console.run(line, &script, observer).await?,
    };
    let shown = printed(&replies, "show system accprofile").filter(|reply| reply.refused.is_none());
    let shown = shown.map(|reply| reply.body.as_slice()).unwrap_or_default();
    Ok(Rights::of(profile, shown, facts.version))
}

/// A refusal of `config global` is no matter of spelling: an administrator of a VDOM may not go there.
pub(super) fn of_scope(fault: Fault, line: &Line) -> SurveyError {
    match &fault {
        Fault { kind: FaultKind::Refused(refusal), at: Step::Line(at), .. } if at == "config global" => {
            SurveyError::NoGlobal { user: line.endpoint.user.clone(), refusal: refusal.to_string() }
        }
        _ => SurveyError::Fault(fault),
    }
}

/// What was refused, or not answered at all, to somebody whose profile is known is a matter of that profile.
fn of_rights(error: SurveyError, facts: &Facts) -> SurveyError {
    let own = facts.session.found().and_then(|own| own.profile.clone());
    match (own.filter(|profile| Rights::needs_content(profile)), error) {
        (Some(profile), error @ (SurveyError::Refused { .. } | SurveyError::Nothing { .. })) => {
            SurveyError::Blind { profile, cause: Box::new(error) }
        }
        (_, error) => error,
    }
}

/// Whether the objects that were asked for are there or are said not to be; the rest may stay unknown. A pipe that swallows
/// what it should pass on would make a user that has a key look like none.
fn has_objects(replies: &[Reply]) -> bool {
    let objects = replies.iter().filter(|reply| !reply.line.starts_with(CENTRAL_MANAGEMENT));
    is_whole(objects)
}

/// Whether every `show` was answered with configuration, or refused.
pub(super) fn is_whole<'a>(replies: impl IntoIterator<Item = &'a Reply>) -> bool {
    replies.into_iter().filter(|reply| reply.line.starts_with("show ")).all(is_shown)
}

fn is_shown(reply: &Reply) -> bool {
    reply.refused.is_some() || reply.body.iter().any(|line| line.trim_start().starts_with("config "))
}

/// What was printed of `get system global`.
fn globals(replies: &[Reply]) -> Vec<String> {
    let of_global = replies.iter().filter(|reply| reply.line.starts_with("get system global"));
    of_global.flat_map(|reply| reply.body.iter().cloned()).collect()
}

pub(super) fn cfg_save(replies: &[Reply]) -> Option<CfgSave> {
    printed(replies, "get system global").and_then(|reply| CfgSave::parse(&reply.body))
}

/// `get system status`, alone: it is the read that tells whether the session is paged.
///
/// # Errors
/// [`SurveyError`].
pub async fn status(
    console: &mut Console,
    line: &Line,
    templates: &Templates,
    observer: &mut (dyn Observer + Send),
) -> Result<Status, SurveyError> {
    let replies = console.run(line, &templates.status()?, observer).await?;
    let body = replies.iter().flat_map(|reply| reply.body.iter().cloned()).collect::<Vec<_>>();
    if let Some(refused) = replies.iter().find(|reply| reply.refused.is_some()) {
        let refusal = refused.refused.as_ref().map(ToString::to_string).unwrap_or_default();
        return Err(SurveyError::Refused { line: refused.line.clone(), refusal });
    }
    introduced(console, line, &body)
}

/// Who it is, if it is who it should be.
fn introduced(console: &mut Console, line: &Line, printed: &[String]) -> Result<Status, SurveyError> {
    let status = Status::parse(printed)?;
    if let Some(expected) = line.serial.as_ref().filter(|expected| **expected != status.serial) {
        return Err(SurveyError::OtherDevice { expected: expected.clone(), found: status.serial });
    }
    console.introduce(&status);
    Ok(status)
}

/// The names of the two objects.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    /// The profile.
    pub profile: &'a str,
    /// The API user.
    pub user: &'a str,
}

impl<'a> Names<'a> {
    /// Those that a request has.
    pub fn of(request: &'a Request) -> Names<'a> {
        Names { profile: request.profile.name().as_str(), user: request.api_user.name.as_str() }
    }
}

/// Takes both objects out of the answers to their `show`.
///
/// # Errors
/// When one of them was not printed whole, or was refused for another reason than that it is not there.
pub fn read_objects(facts: &mut Facts, names: Names<'_>, replies: &[Reply]) -> Result<(), SurveyError> {
    if let Some(reply) = shown(replies, "show system accprofile")? {
        facts.read_profile(names.profile, &reply.body).map_err(|error| not_whole(reply, error))?;
    }
    if let Some(reply) = shown(replies, "show system api-user")? {
        facts.read_user(names.user, &reply.body).map_err(|error| not_whole(reply, error))?;
    }
    Ok(())
}

fn not_whole(reply: &Reply, error: ShowError) -> SurveyError {
    SurveyError::Show { line: reply.line.clone(), error }
}

/// Whether an answer to a `show` can be relied on: the entry, or that it is not there.
///
/// # Errors
/// When it was refused for another reason, or answered with nothing.
pub(super) fn check_shown(reply: &Reply) -> Result<(), SurveyError> {
    shown(std::slice::from_ref(reply), "").map(drop)
}

/// The answer to a `show`; an entry that is not there is an empty answer, every other refusal is an error.
fn shown<'a>(replies: &'a [Reply], command: &str) -> Result<Option<&'a Reply>, SurveyError> {
    let Some(reply) = printed(replies, command) else { return Ok(None) };
    match &reply.refused {
        Some(refusal) if !refusal.text.contains("not found in table") => {
            Err(SurveyError::Refused { line: reply.line.clone(), refusal: refusal.to_string() })
        }
        // No error text is no answer: an administrator without rights may get nothing at all.
        None if !is_shown(reply) => Err(SurveyError::Nothing { line: reply.line.clone() }),
        _ => Ok(Some(reply)),
    }
}

pub(super) fn printed<'a>(replies: &'a [Reply], command: &str) -> Option<&'a Reply> {
    replies.iter().find(|reply| reply.line.starts_with(command))
}

/// Takes our own session out of the answers to `get system admin status` and `get system admin list`.
pub(super) fn read_session(facts: &mut Facts, replies: &[Reply], line: &Line, console: &Console) {
    let (own, list) = (answer(replies, "get system admin status"), answer(replies, "get system admin list"));
    facts.read_session(own, list, &line.endpoint.user, console.route.local_port());
}

/// Reads who else uses the profile, before it is altered.
///
/// # Errors
/// [`SurveyError`].
pub async fn profile_users(
    console: &mut Console,
    line: &Line,
    script: &Script,
    names: Names<'_>,
    facts: &mut Facts,
    observer: &mut (dyn Observer + Send),
) -> Result<(), SurveyError> {
    let replies = console.run(line, script, observer).await?;
    facts.profile_users.clear();
    for (command, kind, but) in
        [("show system api-user", "the API user", names.user), ("show system admin", "the administrator", "")]
    {
        if let Some(reply) = shown(&replies, command)? {
            let read = facts.read_profile_users(kind, names.profile, but, &reply.body);
            read.map_err(|error| not_whole(reply, error))?;
        }
    }
    Ok(())
}

/// Who it is.
pub(super) fn tell(status: &Status, facts: &Facts, line: &Line, observer: &mut (dyn Observer + Send)) {
    let device = &line.endpoint.name;
    observer.on(device, Event::Found(found(status, facts)));
    tell_cluster(status, facts, line, observer);
}

/// What the operator should know of a cluster.
pub(super) fn tell_cluster(status: &Status, facts: &Facts, line: &Line, observer: &mut (dyn Observer + Send)) {
    if facts.ha_role == HaRole::Primary {
        let (ha, fortios) = (status.ha.clone(), status.version);
        let warning = Warning::HaMember { ha, fortios, keys_follow: cluster::synchronises_keys(fortios) };
        observer.on(&line.endpoint.name, Event::Warning(warning));
    }
}

/// What the operator should know of a device that is managed from elsewhere, before it is changed.
pub(super) fn tell_managed(found: &CentralManagement, line: &Line, observer: &mut (dyn Observer + Send)) {
    if let CentralManagement::Managed { fmg } = found {
        observer.on(&line.endpoint.name, Event::Warning(Warning::CentrallyManaged { fmg: fmg.clone() }));
    }
}

/// What is told of a device once it is known.
pub(super) fn found(status: &Status, facts: &Facts) -> Found {
    let own = facts.session.found();
    Found {
        model: status.model.clone(),
        serial: status.serial.clone(),
        fortios: status.version,
        vdoms: status.vdom_mode.has_vdoms(),
        ha: status.ha.clone(),
        profile: own.and_then(|own| own.profile.clone()),
        source: own.and_then(|own| own.source),
    }
}
