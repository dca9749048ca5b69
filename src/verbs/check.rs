//! `fgtkey check`: log in, change nothing, say what was found and whether a mint would work.

use crate::fortios::central_management::CentralManagement;
use crate::fortios::facts::Facts;
use crate::fortios::plan::PlanError;
use crate::fortios::render::Templates;
use crate::fortios::rights::{Lack, Rights};
use crate::fortios::status::{CfgSave, HaRole, Status};
use crate::ssh::{Agreed, Method, Passed};

use super::console::{ASKS_SINCE, Console, Line, trust};
use super::event::{Connected, Event, Observer, Trust, Warning};
use super::failure::{Failure, MintError};
use super::survey;

/// A check of one device.
pub struct Check {
    /// The device.
    pub line: Line,
    /// The templates.
    pub templates: Templates,
}

/// What was found.
#[derive(Debug)]
pub struct Checked {
    /// The operator's name for the device.
    pub device: String,
    /// The way there.
    pub way: Way,
    /// What `get system status` says.
    pub status: Status,
    /// What else is known; the objects of a request are not read.
    pub facts: Facts,
    /// Who logged in.
    pub administrator: String,
    /// What that administrator may do.
    pub rights: Rights,
    /// Whether a FortiManager manages the device.
    pub central_management: CentralManagement,
}

/// How the device was reached.
#[derive(Debug)]
pub struct Way {
    /// The jump hosts, the nearest first.
    pub hops: Vec<Hop>,
    /// The address, and the host key with the reason why it is trusted.
    pub connected: Connected,
    /// The type of the host key: `ssh-ed25519`.
    pub host_key_type: String,
    /// The algorithms of the connection.
    pub algorithms: Option<Agreed>,
    /// What was accepted at the login, in its order.
    pub methods: Vec<Method>,
}

/// A jump host on the way.
#[derive(Debug)]
pub struct Hop {
    /// As the operator named it.
    pub name: String,
    /// The fingerprint of its host key, `SHA256:…`.
    pub host_key: String,
    /// Why that is trusted.
    pub trust: Trust,
}

/// Why a mint would be refused here, whatever it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// The device is of a kind on which nothing must be done.
    Device(PlanError),
    /// The administrator may not create API users.
    Rights {
        /// The profile.
        profile: String,
        /// What it lacks.
        lack: Lack,
    },
}

/// What a mint here has to be told, or its operator should know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caution {
    /// The device asks for the administrator's password again when the change is saved, and the login needed none.
    AsksPassword,
    /// Changes put the device out of sync with its FortiManager, which may delete them.
    FortiManager,
    /// The release is newer than every surveyed one.
    NewerThanKnown,
    /// Changes are not saved by themselves: `--save`.
    NeedsSave,
    /// It cannot be told whether the administrator may create API users.
    RightsUnknown,
    /// `--trusted-host auto` cannot be had.
    SourceUnknown,
}

impl Check {
    /// Logs in and reads; sends nothing but reads.
    ///
    /// # Errors
    /// When there is no connection, no login, or no FortiGate that can be read; nothing was changed.
    pub async fn run(&self, observer: &mut (dyn Observer + Send)) -> Result<Checked, Box<Failure>> {
        let mut console = self.line.open(observer).await.map_err(MintError::from)?;
        for warning in &console.route.warnings {
            observer.on(&self.line.endpoint.name, Event::Warning(Warning::Said(warning.clone())));
        }
        let found = self.read(&mut console, observer).await;
        let way = self.way(&console);
        console.close().await;
        let Read { status, facts, rights, central_management } = found?;
        let endpoint = &self.line.endpoint;
        Ok(Checked {
            device: endpoint.name.clone(),
            way,
            status,
            facts,
            administrator: endpoint.user.clone(),
            rights,
            central_management,
        })
    }

    async fn read(&self, console: &mut Console, observer: &mut (dyn Observer + Send)) -> Result<Read, MintError> {
        let status = survey::status(console, &self.line, &self.templates, observer).await?;
        let vdoms = status.vdom_mode.has_vdoms();
        let replies = console.run(&self.line, &self.templates.check(vdoms)?, observer).await;
        let replies = replies.map_err(|fault| survey::of_scope(fault, &self.line))?;
        let mut facts = Facts::of_status(&status);
        if console.prompt_says_secondary() {
            facts.ha_role = HaRole::Secondary;
        }
        facts.cfg_save = survey::cfg_save(&replies);
        if facts.cfg_save.is_none() {
            let replies = console.run(&self.line, &self.templates.global(vdoms)?, observer).await?;
            facts.cfg_save = survey::cfg_save(&replies);
        }
        survey::read_session(&mut facts, &replies, &self.line, console);
        let rights = survey::rights(console, &self.line, &self.templates, &facts, observer).await?;
        let central_management = survey::central_management(&replies);
        Ok(Read { status, facts, rights, central_management })
    }

    fn way(&self, console: &Console) -> Way {
        let route = &console.route;
        Way {
            hops: route.jumps.iter().map(Hop::of).collect(),
            connected: console.connected(&self.line),
            host_key_type: route.host_key_type.clone(),
            algorithms: route.algorithms.clone(),
            methods: route.factors.iter().chain([&route.method]).cloned().collect(),
        }
    }
}

/// What the session told.
struct Read {
    status: Status,
    facts: Facts,
    rights: Rights,
    central_management: CentralManagement,
}

impl Hop {
    fn of(passed: &Passed) -> Hop {
        Hop { name: passed.name.clone(), host_key: passed.host_key.to_string(), trust: trust(&passed.judgement) }
    }
}

impl Checked {
    /// Why a mint would be refused; empty: it would work, as far as can be told.
    pub fn obstacles(&self) -> Vec<Obstacle> {
        let secondary = (self.facts.ha_role == HaRole::Secondary).then_some(Obstacle::Device(PlanError::HaSecondary));
        let fips = self.facts.fips.then_some(Obstacle::Device(PlanError::Fips));
        let rights = match &self.rights {
            Rights::Lacking { profile, lack } => {
                Some(Obstacle::Rights { profile: profile.clone(), lack: lack.clone() })
            }
            _ => None,
        };
        [secondary, fips, rights].into_iter().flatten().collect()
    }

    /// What the next mint has to be told, or its operator should know.
    pub fn cautions(&self) -> Vec<Caution> {
        let asks = self.status.version >= ASKS_SINCE && !self.knows_password();
        let cautions = [
            (self.status.version.is_newer_than_known(), Caution::NewerThanKnown),
            (self.rights.may_create().is_none(), Caution::RightsUnknown),
            (self.needs_save(), Caution::NeedsSave),
            (asks, Caution::AsksPassword),
            (!self.source_is_known(), Caution::SourceUnknown),
            (matches!(self.central_management, CentralManagement::Managed { .. }), Caution::FortiManager),
        ];
        cautions.into_iter().filter_map(|(holds, caution)| holds.then_some(caution)).collect()
    }

    /// Whether a mint needs `--save`.
    pub fn needs_save(&self) -> bool {
        self.facts.cfg_save.is_some_and(|mode| mode != CfgSave::Automatic)
    }

    /// Whether the device told from which address it sees us come: `--trusted-host auto` works.
    pub fn source_is_known(&self) -> bool {
        self.facts.session.found().is_some_and(|own| own.source.is_some())
    }

    fn knows_password(&self) -> bool {
        self.way.methods.iter().any(|method| matches!(method, Method::Password | Method::KeyboardInteractive))
    }
}
