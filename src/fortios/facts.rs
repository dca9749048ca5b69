//! What is known of one device when it is decided what to do: read from it, or assumed for a dry run.

use super::admin_session::{AdminSession, OwnSession};
use super::objects::{Objects, Profile, User};
use super::show::{self, ShowError};
use super::status::{CfgSave, HaRole, Status, VdomMode};
use super::version::Version;

/// The facts that a plan rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The release.
    pub version: Version,
    /// The VDOM mode.
    pub vdom_mode: VdomMode,
    /// The part in a cluster.
    pub ha_role: HaRole,
    /// Whether the device is in FIPS-CC mode.
    pub fips: bool,
    /// When changes are written to flash; `None`: the device did not tell.
    pub cfg_save: Option<CfgSave>,
    /// Our own session there.
    pub session: OwnSession,
    /// The profile and the user that the request names, as they are.
    pub objects: Objects,
    /// Who else uses the profile, once that was asked: `api-user NAME`, `admin NAME`.
    pub profile_users: Vec<String>,
}

impl Facts {
    /// The facts of a device that has neither the profile nor the user: a dry run's.
    pub fn assumed(version: Version, vdom_mode: VdomMode) -> Facts {
        Facts {
            version,
            vdom_mode,
            ha_role: HaRole::Standalone,
            fips: false,
            cfg_save: None,
            session: OwnSession::Unclear(Vec::new()),
            objects: Objects::default(),
            profile_users: Vec::new(),
        }
    }

    /// The facts of a device, from what it printed for `get system status`; the rest is filled in as it is read.
    pub fn of_status(status: &Status) -> Facts {
        let assumed = Facts::assumed(status.version, status.vdom_mode);
        Facts { ha_role: status.ha_role, fips: status.fips, ..assumed }
    }

    /// Takes the profile out of what `show system accprofile NAME` printed.
    ///
    /// # Errors
    /// When what was printed is not whole.
    pub fn read_profile(&mut self, name: &str, printed: &[String]) -> Result<(), ShowError> {
        let blocks = show::parse(printed.iter().map(String::as_str))?;
        let entry = blocks.iter().find_map(|block| block.entry(name));
        self.objects.profile = entry.map(|entry| Profile::from_show(entry, self.version));
        Ok(())
    }

    /// Takes the user out of what `show system api-user NAME` printed.
    ///
    /// # Errors
    /// When what was printed is not whole.
    pub fn read_user(&mut self, name: &str, printed: &[String]) -> Result<(), ShowError> {
        self.objects.user = User::find(name, printed)?;
        Ok(())
    }

    /// Takes our own session out of what `get system admin status` (about the own session) and `get system admin list`
    /// (about all) printed.
    pub fn read_session(&mut self, status: &[String], list: &[String], user: &str, local_port: Option<u16>) {
        self.session = match AdminSession::parse_status(status).filter(|session| session.source.is_some()) {
            Some(own) => OwnSession::Found(own),
            None => OwnSession::find(AdminSession::parse_list(list), user, local_port),
        };
    }

    /// Takes out of a whole table, as `show system api-user` or `show system admin` printed it, who uses the profile.
    ///
    /// # Errors
    /// When what was printed is not whole.
    pub fn read_profile_users(
        &mut self,
        kind: &str,
        profile: &str,
        but: &str,
        printed: &[String],
    ) -> Result<(), ShowError> {
        let blocks = show::parse(printed.iter().map(String::as_str))?;
        let entries = blocks.iter().flat_map(|block| &block.entries);
        let users = entries.filter(|entry| entry.value("accprofile") == Some(profile) && entry.name != but);
        self.profile_users.extend(users.map(|entry| format!("{kind} {}", entry.name)));
        Ok(())
    }
}
