//! `fgtkey sim`: what the command line says, to devices that listen.

use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use super::fault::Fault;
use super::fleet::{Fleet, SimError};
use super::mix;
use super::rate::Rate;
use super::spec::{Admin, CfgSave, DeviceSpec, Ha, Password, VdomMode};
use super::traps::Trap;
use crate::fortios::version::Version;

/// The simulated devices that are wanted.
#[derive(Debug, Clone)]
pub struct SimOptions {
    /// The release of every device, where [`SimOptions::releases`] says nothing else.
    pub version: Version,
    /// `--mixed`: the devices differ as those of a fleet do, in model, release, VDOMs and role in a cluster.
    pub mixed: bool,
    /// `--fortios`, repeatable: the releases of the devices in turn. None: [`SimOptions::version`], or in a mixed fleet the
    /// newest surveyed release of each line.
    pub releases: Vec<Version>,
    /// `--vdom-mode`.
    pub vdom_mode: VdomMode,
    /// `--vdom`, repeatable: the VDOMs, the management VDOM first; none is `root`.
    pub vdoms: Vec<String>,
    /// `--ha`.
    pub ha: Ha,
    /// `--fips`.
    pub fips: bool,
    /// `--cfg-save`.
    pub cfg_save: CfgSave,
    /// `--hostname`: of several devices the last number counts up.
    pub hostname: String,
    /// `--admin`.
    pub admin: String,
    /// `--password`: of a simulated device, so it may stand on the command line.
    pub password: Password,
    /// `--public-key`, repeatable: in OpenSSH's one-line form.
    pub public_keys: Vec<String>,
    /// `--listen`: of several devices the port counts up, unless it is 0.
    pub listen: SocketAddr,
    /// `--https`: where HTTPS administration listens; of several devices the port counts up, unless it is 0. `None`: not
    /// at all.
    pub https: Option<SocketAddr>,
    /// `--devices`.
    pub devices: u16,
    /// `--fault`, repeatable.
    pub faults: Vec<Fault>,
    /// `--fault-rate`, repeatable: what goes wrong on some of the devices.
    pub rates: Vec<Rate>,
    /// `--seed`: host keys, API keys, and which devices the rates fall on are the same again.
    pub seed: Option<u64>,
    /// `--round-trip`: how long a packet to a device and its answer are under way.
    pub round_trip: Duration,
    /// `--trap`, repeatable.
    pub traps: Vec<Trap>,
    /// `--think`, repeatable.
    pub think: Vec<Think>,
}

impl Default for SimOptions {
    /// One unsuspicious device on free ports of loopback, with HTTPS.
    fn default() -> Self {
        let spec = DeviceSpec::default();
        SimOptions {
            version: spec.version,
            mixed: false,
            releases: Vec::new(),
            vdom_mode: spec.vdom_mode,
            vdoms: Vec::new(),
            ha: spec.ha,
            fips: spec.fips,
            cfg_save: spec.cfg_save,
            hostname: spec.hostname,
            admin: "admin".into(),
            password: Password::new("admin"),
            public_keys: Vec::new(),
            listen: ([127, 0, 0, 1], 0).into(),
            https: Some(([127, 0, 0, 1], 0).into()),
            devices: 1,
            faults: Vec::new(),
            rates: Vec::new(),
            seed: None,
            round_trip: Duration::ZERO,
            traps: Vec::new(),
            think: Vec::new(),
        }
    }
}

/// How long a command takes: `200ms` for every one, `execute api-user=2s` for lines that start so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Think {
    /// What the line starts with; empty for all.
    pub line: String,
    /// How long it takes.
    pub time: Duration,
}

/// A text that says no think time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a think time such as 200ms, 2s or `execute api-user=2s`")]
pub struct ThinkError(String);

impl FromStr for Think {
    type Err = ThinkError;

    fn from_str(text: &str) -> Result<Self, ThinkError> {
        let (line, time) = text.rsplit_once('=').unwrap_or(("", text));
        let time = duration(time).map_err(|_| ThinkError(text.into()))?;
        Ok(Think { line: line.trim().into(), time })
    }
}

/// A text that is no duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time such as 200ms or 2s")]
pub struct DurationError(String);

/// `200ms` or `2s`.
///
/// # Errors
///
/// When it is neither.
pub fn duration(text: &str) -> Result<Duration, DurationError> {
    let at = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(at);
    match (number.parse(), unit) {
        (Ok(number), "ms") => Ok(Duration::from_millis(number)),
        (Ok(number), "s") => Ok(Duration::from_secs(number)),
        _ => Err(DurationError(text.into())),
    }
}

impl SimOptions {
    /// The devices as data, the first one first.
    pub fn specs(&self) -> Vec<DeviceSpec> {
        let releases = self.taking_turns();
        (0..self.devices.max(1)).map(|number| self.spec(number.into(), &releases)).collect()
    }

    fn taking_turns(&self) -> Vec<Version> {
        match self.releases.as_slice() {
            [] if self.mixed => Version::lines().collect(),
            [] => vec![self.version],
            some => some.to_vec(),
        }
    }

    fn spec(&self, number: usize, releases: &[Version]) -> DeviceSpec {
        let plain = DeviceSpec::default();
        let spec = DeviceSpec {
            hostname: counted(&self.hostname, number),
            serial: counted(&plain.serial, number),
            version: releases.get(number % releases.len().max(1)).copied().unwrap_or(self.version),
            vdom_mode: self.vdom_mode,
            vdoms: if self.vdoms.is_empty() { plain.vdoms.clone() } else { self.vdoms.clone() },
            ha: self.ha,
            fips: self.fips,
            cfg_save: self.cfg_save,
            admins: vec![self.admin()],
            faults: self.faults.clone(),
            think: self.think.iter().map(|think| (think.line.clone(), think.time)).collect(),
            seed: self.seed,
            ..plain
        };
        let mut spec = if self.mixed { mix::mixed(spec, number) } else { spec };
        self.traps.iter().for_each(|trap| trap.apply(&mut spec));
        spec
    }

    fn admin(&self) -> Admin {
        Admin {
            name: self.admin.clone(),
            password: Some(self.password.clone()),
            public_keys: self.public_keys.clone(),
            ..Admin::default()
        }
    }

    /// Starts the devices and their servers; needs a Tokio runtime.
    ///
    /// # Errors
    ///
    /// When an address cannot be bound; those devices that listen already stop again.
    pub async fn run(&self) -> Result<Fleet, SimError> {
        Fleet::start(self).await
    }
}

/// Counts the number at the end of a name up: `fw1` to `fw2`; `fw` to `fw-2`; leading zeros stay.
fn counted(name: &str, by: usize) -> String {
    if by == 0 {
        return name.to_owned();
    }
    let stem = name.trim_end_matches(|character: char| character.is_ascii_digit());
    let digits = name.get(stem.len()..).unwrap_or_default();
    match digits.parse::<usize>() {
        Ok(number) => format!("{stem}{:0width$}", number + by, width = digits.len()),
        Err(_) => format!("{name}-{}", by + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn think_times_are_for_every_command_or_for_some() {
        let think = |line: &str, time| Ok(Think { line: line.into(), time });
        assert_eq!("200ms".parse(), think("", Duration::from_millis(200)));
        assert_eq!("execute api-user=2s".parse(), think("execute api-user", Duration::from_secs(2)));
        assert_eq!("2".parse::<Think>(), Err(ThinkError("2".into())));
        assert_eq!("2h".parse::<Think>(), Err(ThinkError("2h".into())));
    }

    #[test]
    fn several_devices_have_names_and_serial_numbers_of_their_own() {
        let options = SimOptions { devices: 3, ..SimOptions::default() };
        let named: Vec<_> = options.specs().into_iter().map(|spec| (spec.hostname, spec.serial)).collect();
        let expected = [("fw1", "FG100FTK00000000"), ("fw2", "FG100FTK00000001"), ("fw3", "FG100FTK00000002")];
        assert_eq!(named, expected.map(|(name, serial)| (name.to_owned(), serial.to_owned())));
        assert_eq!(counted("edge", 1), "edge-2");
        assert_eq!(counted("fw09", 1), "fw10");
    }
}
