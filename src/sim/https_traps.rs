//! How the HTTPS administration of a device deviates from a plain one.

use std::net::IpAddr;

/// The traps of HTTPS administration and of the REST API behind it. The default deviates in nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HttpsTraps {
    /// Nothing answers at the port that the CLI prints.
    pub port: PortTrap,
    /// Which certificate is presented.
    pub leaf: LeafTrap,
    /// The certificate is presented without that of its CA.
    pub no_chain: bool,
    /// The certificate is issued again, once, before the handshake that follows so many: with 0 what the CLI printed
    /// before the first connection is out of date at that connection.
    pub reissue_after: Option<usize>,
    /// The hash of the fingerprint that the CLI prints.
    pub fingerprint: Fingerprint,
    /// The CLI prints the value of `Serial Num:` on the line that follows.
    pub serial_on_next_line: bool,
    /// An untrusted source is answered with 403; projects that call the API disagree whether it is 401 or 403.
    pub forbids_untrusted: bool,
    /// A source with so many refused keys in a row is answered with 429 for a minute.
    pub blocks_after: Option<usize>,
    /// The keys are those of another member of the cluster: before 7.6 they were not synchronised.
    pub foreign_keys: bool,
    /// Where the device sees API clients come from, when that differs from where it sees SSH sessions come from.
    pub seen_from: Option<IpAddr>,
}

/// What is at the port of HTTPS administration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PortTrap {
    /// It answers, and the CLI prints it.
    #[default]
    Open,
    /// It refuses connections.
    Closed,
    /// It answers, but the CLI prints another one, which refuses connections.
    Other,
}

/// Which certificate HTTPS administration presents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LeafTrap {
    /// The one that `admin-server-cert` names.
    #[default]
    Configured,
    /// The same, but its time is over.
    Expired,
    /// One of the same names out of a foreign CA: something in between presents it, so the CLI prints the device's own.
    Foreign,
    /// The factory's default is `self-sign`, a certificate without a CA.
    SelfSigned,
    /// The administrator imported one and chose it: `corporate-gui`.
    Imported,
}

/// The hash of a printed fingerprint, by its length. That of FortiOS is not documented; FortiAnalyzer's printed
/// examples have 16 octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fingerprint {
    /// 16 octets.
    #[default]
    Md5,
    /// 20 octets.
    Sha1,
    /// 32 octets.
    Sha256,
}
