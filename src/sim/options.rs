//! `fgtkey sim`: what the command line says, to devices that listen.

use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use super::device::{BootError, Device};
use super::fault::Fault;
use super::https::Https;
use super::server::{Listen, ListenError, Server};
use super::spec::{Admin, CfgSave, DeviceSpec, Ha, Password, VdomMode};
use super::traps::Trap;
use crate::fortios::version::Version;

/// The simulated devices that are wanted.
#[derive(Debug, Clone)]
pub struct SimOptions {
    /// `--fortios`.
    pub version: Version,
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
        let time = duration(time).ok_or_else(|| ThinkError(text.into()))?;
        Ok(Think { line: line.trim().into(), time })
    }
}

fn duration(text: &str) -> Option<Duration> {
    let at = text.find(|character: char| !character.is_ascii_digit())?;
    let number: u64 = text.get(..at)?.parse().ok()?;
    match text.get(at..)? {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        _ => None,
    }
}

/// Why the simulated devices do not run.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// A device refuses its own configuration.
    #[error(transparent)]
    Boot(#[from] BootError),
    /// An address cannot be bound.
    #[error(transparent)]
    Listen(#[from] ListenError),
}

/// A device that listens.
pub struct Running {
    /// Its hostname.
    pub name: String,
    /// The device.
    pub device: Device,
    /// Its SSH server; dropping it stops it.
    pub server: Server,
    /// Its HTTPS administration, when it was asked for; dropping it stops it.
    pub https: Option<Https>,
}

impl SimOptions {
    /// The devices as data, the first one first.
    pub fn specs(&self) -> Vec<DeviceSpec> {
        (0..self.devices.max(1)).map(|number| self.spec(number)).collect()
    }

    fn spec(&self, number: u16) -> DeviceSpec {
        let plain = DeviceSpec::default();
        let mut spec = DeviceSpec {
            hostname: counted(&self.hostname, number),
            serial: counted(&plain.serial, number),
            version: self.version,
            vdom_mode: self.vdom_mode,
            vdoms: if self.vdoms.is_empty() { plain.vdoms.clone() } else { self.vdoms.clone() },
            ha: self.ha,
            fips: self.fips,
            cfg_save: self.cfg_save,
            admins: vec![self.admin()],
            faults: self.faults.clone(),
            think: self.think.iter().map(|think| (think.line.clone(), think.time)).collect(),
            ..plain
        };
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

    fn listen(&self, number: u16) -> Listen {
        Listen { addr: counted_up(self.listen, number), ..Listen::default() }
    }

    /// Starts the devices and their servers; needs a Tokio runtime.
    ///
    /// # Errors
    ///
    /// When an address cannot be bound; those devices that listen already stop again.
    pub async fn run(&self) -> Result<Vec<Running>, SimError> {
        let mut running = Vec::new();
        for (number, spec) in (0..).zip(self.specs()) {
            let name = spec.hostname.clone();
            let device = Device::new(spec)?;
            let server = Server::start(device.clone(), self.listen(number)).await?;
            let https = match self.https {
                Some(addr) => Some(Https::start(device.clone(), counted_up(addr, number)).await?),
                None => None,
            };
            running.push(Running { name, device, server, https });
        }
        Ok(running)
    }
}

/// The address of the device with this number; port 0 stays, it takes a free one each time.
fn counted_up(mut addr: SocketAddr, number: u16) -> SocketAddr {
    if addr.port() != 0 {
        addr.set_port(addr.port().wrapping_add(number));
    }
    addr
}

/// Counts the number at the end of a name up: `fw1` to `fw2`; `fw` to `fw-2`; leading zeros stay.
fn counted(name: &str, by: u16) -> String {
    if by == 0 {
        return name.to_owned();
    }
    let stem = name.trim_end_matches(|character: char| character.is_ascii_digit());
    let digits = name.get(stem.len()..).unwrap_or_default();
    match digits.parse::<u64>() {
        Ok(number) => format!("{stem}{:0width$}", number + u64::from(by), width = digits.len()),
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
