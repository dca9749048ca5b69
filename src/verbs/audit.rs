//! `fgtkey audit`: log in, read the tables that decide about API access, change nothing, say what is weak.

use std::collections::BTreeMap;

use crate::fortios::audit::tables::{self, Tables};
use crate::fortios::audit::{self, Policy};
use crate::fortios::facts::Facts;
use crate::fortios::render::{Paging, Templates};
use crate::fortios::script::Script;
use crate::fortios::show::Entry;
use crate::fortios::status::Status;
use crate::fortios::version::Version;
use crate::session::Reply;
use crate::session::fault::FaultKind;

use super::console::{Console, Line};
use super::event::{Event, Observer};
use super::failure::{Failure, MintError};
use super::survey::{self, SurveyError};

/// The release in which the algorithms of SSH got a place of their own. Source: release notes of FortiOS 7.4.4, 968305.
const SSH_CONFIG: Version = Version::new(7, 4, 4);

/// An audit of one device.
pub struct Audit {
    /// The device.
    pub line: Line,
    /// The templates.
    pub templates: Templates,
    /// What is held to be right.
    pub policy: Policy,
}

/// What was found.
#[derive(Debug)]
pub struct Audited {
    /// The operator's name for the device.
    pub device: String,
    /// The address that was connected to.
    pub address: String,
    /// What `get system status` says.
    pub status: Status,
    /// The API users and what is weak.
    pub audit: audit::Audit,
    /// What the device did not let us read: nothing is concluded from it.
    pub unread: Vec<Unread>,
}

/// Something that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// The command.
    pub command: String,
    /// The device's refusal; `None`: it printed nothing.
    pub refusal: Option<String>,
}

impl Audit {
    /// Logs in and reads; sends nothing but reads.
    ///
    /// # Errors
    /// When there is no connection, no login, or no FortiGate whose API users can be read as a whole; nothing was changed.
    pub async fn run(&self, observer: &mut (dyn Observer + Send)) -> Result<Audited, Box<Failure>> {
        let mut console = self.line.open(observer).await.map_err(MintError::from)?;
        survey::tell_way(&console, &self.line, observer);
        let address = console.connected(&self.line).address;
        let read = self.read(&mut console, observer).await;
        console.close().await;
        let (status, tables, unread) = read?;
        let audit = audit::Audit::of(&tables, &self.policy);
        Ok(Audited { device: self.line.endpoint.name.clone(), address, status, audit, unread })
    }

    async fn read(
        &self,
        console: &mut Console,
        observer: &mut (dyn Observer + Send),
    ) -> Result<(Status, Tables, Vec<Unread>), MintError> {
        let status = survey::status(console, &self.line, &self.templates, observer).await?;
        let found = survey::found(&status, &Facts::of_status(&status));
        observer.on(&self.line.endpoint.name, Event::Found(found));
        let (replies, paging) = self.replies(console, status.vdom_mode.has_vdoms(), observer).await?;
        let mut read = Read::of(&status, &replies)?;
        let agreed = console.route.algorithms.iter();
        read.tables.agreed = agreed.flat_map(|agreed| agreed.names().map(str::to_owned)).collect();
        if read.tables.global.is_empty() {
            self.global(console, &mut read, observer).await?;
        }
        if read.wants_interfaces(&self.policy) {
            self.interfaces(console, &mut read, paging, observer).await?;
        }
        Ok((status, read.tables, read.unread))
    }

    /// All of it in one flight, through a pipe that is not paged; table by table where the shell takes no pipe.
    async fn replies(
        &self,
        console: &mut Console,
        vdoms: bool,
        observer: &mut (dyn Observer + Send),
    ) -> Result<(Vec<Reply>, Paging), MintError> {
        let piped = self.templates.audit(vdoms, Paging::Avoided)?;
        if let Some(replies) = self.flight(console, &piped, observer).await?
            && survey::is_whole(&replies)
            && !replies.iter().any(|reply| is_show(reply) && reply.refused.is_some())
        {
            return Ok((replies, Paging::Avoided));
        }
        let replies = console.run(&self.line, &self.templates.audit(vdoms, Paging::Answered)?, observer).await?;
        Ok((replies, Paging::Answered))
    }

    /// The answers; `None` when they came paged in spite of the pipe, or were too long to be kept.
    async fn flight(
        &self,
        console: &mut Console,
        script: &Script,
        observer: &mut (dyn Observer + Send),
    ) -> Result<Option<Vec<Reply>>, MintError> {
        match console.run(&self.line, script, observer).await {
            Err(fault) if fault.kind == FaultKind::Overrun => {
                console.recover(&self.line, observer).await?;
                Ok(None)
            }
            replies => Ok(Some(replies?)),
        }
    }

    /// The settings of the device, whole, for a shell that takes no `| grep`.
    async fn global(
        &self,
        console: &mut Console,
        read: &mut Read,
        observer: &mut (dyn Observer + Send),
    ) -> Result<(), MintError> {
        let replies = console.run(&self.line, &self.templates.global(read.tables.vdoms)?, observer).await?;
        read.tables.global = read.settings(&replies, "get system global");
        Ok(())
    }

    /// The interfaces are the one table that can be too large to be read; then that is said.
    async fn interfaces(
        &self,
        console: &mut Console,
        read: &mut Read,
        paging: Paging,
        observer: &mut (dyn Observer + Send),
    ) -> Result<(), MintError> {
        let script = self.templates.audit_interfaces(read.tables.vdoms, paging)?;
        match self.flight(console, &script, observer).await? {
            Some(replies) => read.tables.interfaces = read.optional(&replies, "system interface")?,
            None => read.unread.push(Unread { command: "show system interface".into(), refusal: None }),
        }
        Ok(())
    }
}

/// What the session told.
struct Read {
    tables: Tables,
    unread: Vec<Unread>,
}

impl Read {
    fn of(status: &Status, replies: &[Reply]) -> Result<Read, SurveyError> {
        let tables = Tables {
            version: status.version,
            vdoms: status.vdom_mode.has_vdoms(),
            users: users(replies)?,
            profiles: None,
            administrators: None,
            interfaces: None,
            global: settings_of(replies, "get system global"),
            ssh: settings_of(replies, "get system ssh-config"),
            agreed: Vec::new(),
        };
        let mut read = Read { tables, unread: Vec::new() };
        read.tables.profiles = read.optional(replies, "system accprofile")?;
        read.tables.administrators = read.optional(replies, "system admin")?;
        if status.version >= SSH_CONFIG && read.tables.ssh.is_empty() {
            read.cannot_read(replies, "get system ssh-config");
        }
        Ok(read)
    }

    /// A table that an audit can do without.
    fn optional(&mut self, replies: &[Reply], path: &str) -> Result<Option<Vec<Entry>>, SurveyError> {
        let command = format!("show {path}");
        let table = match shown(replies, &command) {
            Some(reply) => entries(path, reply)?,
            None => None,
        };
        if table.is_none() {
            self.cannot_read(replies, &command);
        }
        Ok(table)
    }

    fn settings(&mut self, replies: &[Reply], command: &str) -> BTreeMap<String, String> {
        let settings = settings_of(replies, command);
        if settings.is_empty() {
            self.cannot_read(replies, command);
        }
        settings
    }

    fn cannot_read(&mut self, replies: &[Reply], command: &str) {
        let refusal = survey::printed(replies, command).and_then(|reply| reply.refused.as_ref());
        self.unread.push(Unread { command: command.to_owned(), refusal: refusal.map(ToString::to_string) });
    }

    /// The interfaces bear on nothing as long as every administrator has a trusted host.
    fn wants_interfaces(&self, policy: &Policy) -> bool {
        policy.gui_closed || self.tables.open_administrators().next().is_some()
    }
}

/// The API users: without them there is no audit, and a table that was not printed is never taken for an empty one.
fn users(replies: &[Reply]) -> Result<Vec<Entry>, SurveyError> {
    const PATH: &str = "system api-user";
    let line = format!("show {PATH}");
    let nothing = || SurveyError::Nothing { line: line.clone() };
    let reply = survey::printed(replies, &line).ok_or_else(nothing)?;
    if let Some(refusal) = &reply.refused {
        return Err(SurveyError::Refused { line, refusal: refusal.to_string() });
    }
    entries(PATH, reply)?.ok_or_else(nothing)
}

fn entries(path: &str, reply: &Reply) -> Result<Option<Vec<Entry>>, SurveyError> {
    tables::entries(path, &reply.body).map_err(|error| SurveyError::Show { line: reply.line.clone(), error })
}

fn shown<'a>(replies: &'a [Reply], command: &str) -> Option<&'a Reply> {
    survey::printed(replies, command).filter(|reply| reply.refused.is_none())
}

fn is_show(reply: &Reply) -> bool {
    reply.line.starts_with("show ")
}

/// The settings in all answers to a command, whatever it was piped through.
fn settings_of(replies: &[Reply], command: &str) -> BTreeMap<String, String> {
    let answers = replies.iter().filter(|reply| reply.line.starts_with(command) && reply.refused.is_none());
    answers.flat_map(|reply| tables::columns(&reply.body)).collect()
}
