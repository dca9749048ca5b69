//! The certificates of a device: what HTTPS administration presents, and what the CLI prints of them.
//!
//! By default a device presents `Fortinet_GUI_Server`, signed by its own CA `Fortinet_CA_SSL`, whose common name is the
//! serial number; the subject alternative names are the addresses with HTTPS access (administration guide 499047).
//! Older firmware presented `self-sign` or `Fortinet_Factory`. `Fortinet_CA_SSL` has a private key, so it is one of the
//! *local* certificates (the provider's schema refers to it as `certificate.local.name`); the `ca` certificates are
//! those without.

mod details;
mod issue;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rcgen::SanType;
use x509_cert::der::pem::{LineEnding, encode_string};

pub(super) use details::details;
pub(super) use issue::Issued;

use super::device::{Device, State};
use super::https_traps::LeafTrap;
use super::spec::DeviceSpec;
use crate::fortios::version::Version;
use issue::{Authority, Validity, Wanted, dns, self_signed};

/// The device's own CA.
pub(super) const CA_SSL: &str = "Fortinet_CA_SSL";

const GUI_SERVER: &str = "Fortinet_GUI_Server";
const FACTORY: &str = "Fortinet_Factory";
const SELF_SIGN: &str = "self-sign";

/// The certificate of [`LeafTrap::Imported`].
const IMPORTED: &str = "corporate-gui";

/// The names of the subjects: the operator's CA is no Fortinet's, but its attributes matter to nobody.
const AUTHORITY: &str = "Certificate Authority";
const PRODUCT: &str = "FortiGate";

const OF_CA: Validity = Validity { from: -400, to: 3250 };
const OF_LEAF: Validity = Validity { from: -30, to: 795 };
const OVER: Validity = Validity { from: -860, to: -35 };

/// Why a certificate could not be made: the cryptography or the encoding failed.
#[derive(Debug, thiserror::Error)]
#[error("the simulated device cannot make its certificates")]
pub struct CertificateError(#[from] rcgen::Error);

/// What the next TLS client is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presented {
    /// The certificate, in DER.
    pub leaf: Vec<u8>,
    /// That of the CA that signed it, in DER; `None` when it vouches for itself.
    pub issuer: Option<Vec<u8>>,
}

/// A certificate in PEM, as `curl --cacert` takes it. `der` that is longer than PEM can say gives an empty text.
pub fn pem(der: &[u8]) -> String {
    encode_string("CERTIFICATE", LineEnding::LF, der).unwrap_or_default()
}

/// All certificates of a device.
pub(super) struct Store {
    ca: Authority,
    /// Fortinet's own CA, which signs what is burnt in at the factory.
    fortinet: Authority,
    local: Vec<Local>,
    /// What something in between presents instead.
    foreign: Option<Local>,
}

/// A certificate with a private key.
pub(super) struct Local {
    pub(super) name: &'static str,
    pub(super) certificate: Issued,
    /// That of its CA.
    issuer: Option<Vec<u8>>,
}

impl Local {
    pub(super) fn presented(&self) -> Presented {
        Presented { leaf: self.certificate.der.clone(), issuer: self.issuer.clone() }
    }

    /// Whether an administrator brought it.
    pub(super) fn is_imported(&self) -> bool {
        self.name == IMPORTED
    }
}

impl Store {
    fn new(spec: &DeviceSpec, at: Option<IpAddr>) -> Result<Self, CertificateError> {
        let ca = Authority::new(&wanted(&spec.serial, AUTHORITY, OF_CA))?;
        let fortinet = Authority::new(&wanted("fortinet-ca2", AUTHORITY, OF_CA))?;
        let mut store = Store { ca, fortinet, local: Vec::new(), foreign: None };
        for name in local_names(spec) {
            let local = store.issue(name, spec, at)?;
            store.local.push(local);
        }
        if spec.traps.https.leaf == LeafTrap::Foreign {
            let foreign = Authority::new(&wanted("proxy-ca", AUTHORITY, OF_CA))?;
            store.foreign = Some(signed(default_name(spec), &foreign, &leaf(spec, at)?)?);
        }
        Ok(store)
    }

    fn issue(&self, name: &'static str, spec: &DeviceSpec, at: Option<IpAddr>) -> Result<Local, CertificateError> {
        let wanted = leaf(spec, at)?;
        match name {
            SELF_SIGN => Ok(Local { name, certificate: self_signed(&wanted)?, issuer: None }),
            FACTORY => signed(name, &self.fortinet, &Wanted { names: Vec::new(), ..wanted }),
            IMPORTED => signed(name, &Authority::new(&self::wanted("corporate-ca", AUTHORITY, OF_CA))?, &wanted),
            _ => signed(name, &self.ca, &wanted),
        }
    }

    /// Replaces the certificate `name`: another key, another serial number.
    fn reissue(&mut self, name: &str, spec: &DeviceSpec, at: Option<IpAddr>) -> Result<(), CertificateError> {
        let Some(known) = self.local.iter().position(|local| local.name == name) else { return Ok(()) };
        let renewed = self.local.get(known).map(|local| self.issue(local.name, spec, at)).transpose()?;
        if let (Some(local), Some(renewed)) = (self.local.get_mut(known), renewed) {
            *local = renewed;
        }
        Ok(())
    }

    /// The certificates of `get … certificate local details`, by name, the device's CA first.
    pub(super) fn local(&self) -> impl Iterator<Item = (&'static str, &Issued)> {
        let ca = std::iter::once((CA_SSL, &self.ca.certificate));
        ca.chain(self.local.iter().map(|local| (local.name, &local.certificate)))
    }

    /// The certificates of `get … certificate ca details`.
    pub(super) fn authorities(&self) -> impl Iterator<Item = (&'static str, &Issued)> {
        std::iter::once(("Fortinet_CA", &self.fortinet.certificate))
    }

    pub(super) fn find(&self, name: &str) -> Option<&Local> {
        self.local.iter().find(|local| local.name == name)
    }

    /// What HTTPS administration presents when `name` is chosen.
    pub(super) fn presented(&self, name: &str) -> Option<&Local> {
        self.foreign.as_ref().or_else(|| self.find(name))
    }
}

fn signed(name: &'static str, by: &Authority, wanted: &Wanted<'_>) -> Result<Local, CertificateError> {
    Ok(Local { name, certificate: by.issue(wanted)?, issuer: Some(by.certificate.der.clone()) })
}

fn wanted<'a>(common: &'a str, unit: &'a str, validity: Validity) -> Wanted<'a> {
    Wanted { unit, common, names: Vec::new(), validity }
}

/// A certificate of this device for the addresses that it is reached at.
fn leaf(spec: &DeviceSpec, at: Option<IpAddr>) -> Result<Wanted<'_>, CertificateError> {
    let mut addresses = vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    if let Some(at) = at.filter(|at| !addresses.contains(at)) {
        addresses.push(at);
    }
    let mut names: Vec<SanType> = addresses.into_iter().map(SanType::IpAddress).collect();
    names.push(dns("localhost")?);
    let validity = if spec.traps.https.leaf == LeafTrap::Expired { OVER } else { OF_LEAF };
    Ok(Wanted { names, ..wanted(&spec.serial, PRODUCT, validity) })
}

/// What `admin-server-cert` is when nobody has set it. That older firmware had other defaults is documented, the release
/// of each change is not: this is the general shape.
pub(super) fn default_name(spec: &DeviceSpec) -> &'static str {
    match (spec.traps.https.leaf, spec.version) {
        (LeafTrap::SelfSigned, _) => SELF_SIGN,
        (_, version) if version < Version::new(7, 0, 0) => SELF_SIGN,
        (_, version) if version < Version::new(7, 4, 0) => FACTORY,
        _ => GUI_SERVER,
    }
}

/// The certificates that `admin-server-cert` may name.
pub(super) fn local_names(spec: &DeviceSpec) -> Vec<&'static str> {
    let mut names = vec![FACTORY, SELF_SIGN];
    if spec.version >= Version::new(7, 0, 0) {
        names.push(GUI_SERVER);
    }
    names.extend(imported(spec));
    names
}

/// The certificate that an administrator imported, when one did.
pub(super) fn imported(spec: &DeviceSpec) -> Option<&'static str> {
    (spec.traps.https.leaf == LeafTrap::Imported).then_some(IMPORTED)
}

impl State {
    /// The certificates; they are made when somebody first looks.
    pub(super) fn certificates(&mut self) -> Result<&Store, CertificateError> {
        self.certificates_mut().map(|store| &*store)
    }

    fn certificates_mut(&mut self) -> Result<&mut Store, CertificateError> {
        let store = match self.certificates.take() {
            Some(store) => store,
            None => Store::new(&self.spec, self.https_at())?,
        };
        Ok(self.certificates.insert(store))
    }

    fn https_at(&self) -> Option<IpAddr> {
        self.https.map(|addr| addr.ip())
    }

    /// The name of the certificate that HTTPS administration presents.
    pub(super) fn admin_server_cert(&self) -> String {
        let system = self.running.global.singles.get("system global");
        let chosen = system.and_then(|node| node.first("admin-server-cert"));
        chosen.unwrap_or_else(|| default_name(&self.spec)).to_owned()
    }

    fn reissue(&mut self) -> Result<(), CertificateError> {
        let (name, spec, at) = (self.admin_server_cert(), self.spec.clone(), self.https_at());
        self.certificates_mut()?.reissue(&name, &spec, at)
    }

    /// The next handshake: the certificate to present.
    pub(super) fn presents(&mut self) -> Result<Option<&Local>, CertificateError> {
        if self.spec.traps.https.reissue_after == Some(self.handshakes) {
            self.reissue()?;
        }
        self.handshakes += 1;
        let name = self.admin_server_cert();
        Ok(self.certificates()?.presented(&name))
    }
}

impl Device {
    /// The certificate of the device's own CA, `Fortinet_CA_SSL`, in DER; [`pem`] turns it into PEM.
    ///
    /// # Errors
    ///
    /// When the certificates cannot be made.
    pub fn ca(&self) -> Result<Vec<u8>, CertificateError> {
        Ok(self.lock().certificates()?.ca.certificate.der.clone())
    }

    /// What HTTPS administration presents now; `None` when `admin-server-cert` names nothing.
    ///
    /// # Errors
    ///
    /// When the certificates cannot be made.
    pub fn presented(&self) -> Result<Option<Presented>, CertificateError> {
        let mut state = self.lock();
        let name = state.admin_server_cert();
        Ok(state.certificates()?.presented(&name).map(Local::presented))
    }

    /// Issues the certificate of HTTPS administration again, as a device does when its addresses change.
    ///
    /// # Errors
    ///
    /// When the certificates cannot be made.
    pub fn reissue_certificate(&self) -> Result<(), CertificateError> {
        self.lock().reissue()
    }
}
