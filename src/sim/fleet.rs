//! Simulated devices that listen, as a fleet: each with its own serial number, host key, state and port.

use std::net::SocketAddr;

use super::device::{BootError, Device};
use super::fault::Fault;
use super::https::Https;
use super::ledger::Ledger;
use super::mix;
use super::options::SimOptions;
use super::random::{Random, seed_bytes};
use super::rate::{Mishap, allot};
use super::server::{Listen, ListenError, Port, Server, host_key_of};
use super::spec::{DeviceSpec, Password};

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
    /// What goes wrong with it, out of [`SimOptions::rates`].
    pub mishap: Option<Mishap>,
    /// Its groups in an inventory: site, model and release.
    pub groups: [String; 3],
}

/// Devices that listen. They stop when this is dropped.
pub struct Fleet {
    admin: String,
    devices: Vec<Running>,
}

impl Running {
    /// The host key's fingerprint that an inventory pins: not the device's own after [`Mishap::WrongHostKey`].
    pub fn pin(&self) -> String {
        if self.mishap != Some(Mishap::WrongHostKey) {
            return self.server.fingerprint();
        }
        let other = host_key_of(Random::new(Some(0), &self.server.fingerprint()).seed_bytes());
        other.fingerprint(russh::keys::HashAlg::Sha256).to_string()
    }

    /// What has happened to it so far.
    pub fn ledger(&self) -> Ledger {
        Ledger::of(self)
    }
}

impl Fleet {
    /// Starts the devices and their servers; needs a Tokio runtime.
    pub(super) async fn start(options: &SimOptions) -> Result<Fleet, SimError> {
        let specs = options.specs();
        let mishaps = allot(&options.rates, specs.len(), &mut Random::new(options.seed, "fleet"));
        let mut devices = Vec::with_capacity(specs.len());
        for ((number, spec), mishap) in specs.into_iter().enumerate().zip(mishaps) {
            devices.push(started(options, number, spec, mishap).await?);
        }
        Ok(Fleet { admin: options.admin.clone(), devices })
    }

    /// The devices, the first one first.
    pub fn devices(&self) -> &[Running] {
        &self.devices
    }

    /// The devices alone; each stops when it is dropped.
    pub fn into_devices(self) -> Vec<Running> {
        self.devices
    }

    /// An inventory in YAML, with every device's address, port, pinned host key, serial number and groups.
    pub fn inventory(&self) -> String {
        super::inventory::yaml(&self.admin, &self.devices)
    }

    /// The [`Ledger`] of each device, a line of JSON a device.
    pub fn report(&self) -> String {
        self.devices.iter().map(|device| device.ledger().to_json() + "\n").collect()
    }
}

async fn started(
    options: &SimOptions,
    number: usize,
    spec: DeviceSpec,
    mishap: Option<Mishap>,
) -> Result<Running, SimError> {
    let groups = mix::groups(&spec, number);
    let spec = befallen(spec, mishap.as_ref());
    let (name, serial) = (spec.hostname.clone(), spec.serial.clone());
    let device = Device::new(spec)?;
    let listen = listen(options, number, &serial, mishap.as_ref());
    let server = Server::start(device.clone(), listen).await?;
    let https = match options.https {
        Some(addr) => Some(Https::start(device.clone(), counted_up(addr, number)).await?),
        None => None,
    };
    Ok(Running { name, device, server, https, mishap, groups })
}

/// The device with its mishap, as far as that is its own.
fn befallen(mut spec: DeviceSpec, mishap: Option<&Mishap>) -> DeviceSpec {
    match mishap {
        Some(Mishap::RefuseLogin) => {
            for admin in &mut spec.admins {
                admin.password = Some(Password::new(format!("not the password of {}", spec.serial)));
                admin.public_keys.clear();
            }
        }
        Some(Mishap::Fault(fault)) => spec.faults.push(Fault::clone(fault)),
        _ => (),
    }
    spec
}

fn listen(options: &SimOptions, number: usize, serial: &str, mishap: Option<&Mishap>) -> Listen {
    let seed = options.seed.map_or_else(seed_bytes, |seed| Random::new(Some(seed), serial).seed_bytes());
    let port = match mishap {
        Some(Mishap::RefuseConnection) => Port::Closed,
        Some(Mishap::Silent) => Port::Silent,
        _ => Port::Open,
    };
    Listen {
        addr: counted_up(options.listen, number),
        host_key: Some(host_key_of(seed)),
        delay: options.round_trip / 2,
        port,
        ..Listen::default()
    }
}

/// The address of the device with this number; port 0 stays, it takes a free one each time.
fn counted_up(mut addr: SocketAddr, number: usize) -> SocketAddr {
    if addr.port() != 0 {
        addr.set_port(addr.port().wrapping_add(u16::try_from(number).unwrap_or(u16::MAX)));
    }
    addr
}
