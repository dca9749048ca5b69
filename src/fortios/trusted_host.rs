//! Trusted hosts: the addresses an API user may come from.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// From where the key may be used.
///
/// FortiOS lets a user without any trusted host in from everywhere, so "none" has to be said, not forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrustedHosts {
    /// From these only; never empty, no entry twice, in the order they were given.
    Only(Vec<TrustedHost>),
    /// From everywhere: no `config trusthost` at all.
    Anywhere,
}

/// One trusted host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TrustedHost {
    /// The address that the device sees this session come from.
    Auto,
    /// A network; a single host is a /32 or a /128.
    Net(IpNet),
}

/// Why a text is not a trusted host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustedHostError {
    /// Neither an address nor a network nor `auto`.
    #[error("{0:?} is not an address, a network or `auto`")]
    Form(String),
    /// The address part says more than the mask keeps.
    #[error("{address}/{} has bits set behind its prefix", .network.prefix_len())]
    HostBits {
        /// As given.
        address: IpAddr,
        /// The network that it lies in.
        network: IpNet,
    },
    /// A mask such as 255.0.255.0.
    #[error("{0:?} has a mask that is not of ones followed by zeros")]
    Mask(String),
    /// An IPv4 address in IPv6 clothes, `::ffff:10.0.0.1`.
    #[error("{given:?} is an IPv4 address written as IPv6")]
    Mapped {
        /// As given.
        given: String,
        /// The same in IPv4.
        meant: String,
    },
    /// `fe80::1%eth0`.
    #[error("{0:?} has a zone, which means something on this machine only")]
    Zone(String),
    /// `0.0.0.0` or `::` without a prefix length: the address of no host.
    #[error("{0} is the address of no host")]
    NoHost(IpAddr),
}

impl TrustedHostError {
    /// What to type instead.
    pub fn hint(&self) -> Option<String> {
        match self {
            TrustedHostError::Form(_) => Some("for example 10.20.100.99, 10.20.0.0/16, 2001:db8::/32, auto".to_owned()),
            TrustedHostError::HostBits { address, network } => {
                let host = IpNet::from(*address);
                Some(format!("did you mean the network {network}, or the one host {host}?"))
            }
            TrustedHostError::Mapped { meant, .. } => Some(format!("did you mean {meant}?")),
            TrustedHostError::Mask(_) | TrustedHostError::Zone(_) | TrustedHostError::NoHost(_) => None,
        }
    }
}

impl TrustedHosts {
    /// These hosts, each once; `Anywhere` when there are none.
    pub fn of(hosts: impl IntoIterator<Item = TrustedHost>) -> TrustedHosts {
        let mut only: Vec<TrustedHost> = Vec::new();
        for host in hosts {
            if !only.contains(&host) {
                only.push(host);
            }
        }
        if only.is_empty() { TrustedHosts::Anywhere } else { TrustedHosts::Only(only) }
    }

    /// The hosts; none for [`TrustedHosts::Anywhere`].
    pub fn hosts(&self) -> &[TrustedHost] {
        match self {
            TrustedHosts::Only(hosts) => hosts,
            TrustedHosts::Anywhere => &[],
        }
    }

    /// The whole address space, `0.0.0.0/0` or `::/0`, if the networks are it, alone or put together.
    pub fn everything(&self) -> Option<IpNet> {
        let networks: Vec<IpNet> = self.hosts().iter().filter_map(TrustedHost::net).collect();
        IpNet::aggregate(&networks).into_iter().find(|network| network.prefix_len() == 0)
    }
}

impl TrustedHost {
    /// The network; `None` for [`TrustedHost::Auto`].
    pub fn net(&self) -> Option<IpNet> {
        match self {
            TrustedHost::Auto => None,
            TrustedHost::Net(network) => Some(*network),
        }
    }
}

impl fmt::Display for TrustedHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TrustedHost::Auto => f.write_str("auto"),
            TrustedHost::Net(network) => write!(f, "{network}"),
        }
    }
}

impl FromStr for TrustedHost {
    type Err = TrustedHostError;

    /// Reads `auto`, an address, `ADDRESS/LENGTH`, and FortiOS's `ADDRESS MASK` for IPv4 (`/MASK` too).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text == "auto" {
            return Ok(TrustedHost::Auto);
        }
        if text.contains('%') {
            return Err(TrustedHostError::Zone(text.to_owned()));
        }
        let (address, rest) = match text.split_once(['/', ' ']) {
            Some((address, rest)) => (address, Some(rest.trim())),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| TrustedHostError::Form(text.to_owned()))?;
        refuse_mapped(text, address)?;
        network(text, address, rest).map(TrustedHost::Net)
    }
}

fn network(text: &str, address: IpAddr, length: Option<&str>) -> Result<IpNet, TrustedHostError> {
    let Some(length) = length else {
        return if address.is_unspecified() { Err(TrustedHostError::NoHost(address)) } else { Ok(address.into()) };
    };
    let given = with_length(text, address, length)?;
    let network = given.trunc();
    if network.addr() != address {
        return Err(TrustedHostError::HostBits { address, network });
    }
    Ok(network)
}

fn with_length(text: &str, address: IpAddr, length: &str) -> Result<IpNet, TrustedHostError> {
    let form = || TrustedHostError::Form(text.to_owned());
    if let (IpAddr::V4(address), Ok(mask)) = (address, length.parse::<Ipv4Addr>()) {
        let network = Ipv4Net::with_netmask(address, mask).map_err(|_| TrustedHostError::Mask(text.to_owned()))?;
        return Ok(network.into());
    }
    let digits = length.bytes().all(|b| b.is_ascii_digit()) && text.contains('/');
    let length: u8 = digits.then(|| length.parse().ok()).flatten().ok_or_else(form)?;
    IpNet::new(address, length).map_err(|_| form())
}

/// FortiOS keeps IPv4 and IPv6 trusted hosts apart, so a mapped address would never match.
fn refuse_mapped(text: &str, address: IpAddr) -> Result<(), TrustedHostError> {
    match address {
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => Err(TrustedHostError::Mapped { given: text.to_owned(), meant: unmapped(text, v6, v4) }),
            None => Ok(()),
        },
        IpAddr::V4(_) => Ok(()),
    }
}

/// `::ffff:10.0.0.0/104` is 10.0.0.0/8.
fn unmapped(text: &str, v6: Ipv6Addr, v4: Ipv4Addr) -> String {
    let length = text.split_once('/').and_then(|(_, length)| length.parse::<u8>().ok());
    let length = length.filter(|length| Ipv6Net::new(v6, *length).is_ok()).and_then(|length| length.checked_sub(96));
    length.map_or_else(|| v4.to_string(), |length| format!("{v4}/{length}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, TrustedHostError> {
        text.parse::<TrustedHost>().map(|host| host.to_string())
    }

    #[test]
    fn addresses_and_networks_are_read_in_every_usual_spelling() {
        for (text, network) in [
            ("auto", "auto"),
            ("10.20.100.99", "10.20.100.99/32"),
            ("10.20.0.0/16", "10.20.0.0/16"),
            ("10.0.0.0 255.255.255.0", "10.0.0.0/24"),
            ("10.0.0.0/255.255.255.0", "10.0.0.0/24"),
            ("2001:db8:20::/64", "2001:db8:20::/64"),
            ("2001:db8::1", "2001:db8::1/128"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("0.0.0.0 0.0.0.0", "0.0.0.0/0"),
            ("::/0", "::/0"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(network), "{text}");
        }
    }

    #[test]
    fn host_bits_are_refused_with_what_was_probably_meant() {
        let error = read("10.1.1.5/24").unwrap_err();
        assert_eq!(error.to_string(), "10.1.1.5/24 has bits set behind its prefix");
        let hint = "did you mean the network 10.1.1.0/24, or the one host 10.1.1.5/32?";
        assert_eq!(error.hint().as_deref(), Some(hint));
        assert!(read("2001:db8::5/64").unwrap_err().hint().unwrap().contains("2001:db8::/64"));
    }

    #[test]
    fn an_ipv4_address_in_ipv6_is_refused_and_unwrapped() {
        for (text, meant) in [("::ffff:10.0.0.1", "10.0.0.1"), ("::ffff:10.0.0.0/104", "10.0.0.0/8")] {
            assert_eq!(read(text).unwrap_err().hint(), Some(format!("did you mean {meant}?")));
        }
    }

    #[test]
    fn what_is_no_trusted_host_is_refused() {
        for text in
            ["", "fw1.example.net", "10.0.0", "10.0.0.0/33", "10.0.0.0/+8", "10.0.0.0 8", "2001:db8:: 64", "[::1]"]
        {
            assert_eq!(read(text), Err(TrustedHostError::Form(text.to_owned())), "{text}");
        }
        assert_eq!(read("fe80::1%eth0"), Err(TrustedHostError::Zone("fe80::1%eth0".to_owned())));
        assert!(matches!(read("10.0.0.0 255.0.255.0"), Err(TrustedHostError::Mask(_))));
        assert!(matches!(read("0.0.0.0"), Err(TrustedHostError::NoHost(_))));
        assert!(matches!(read("::"), Err(TrustedHostError::NoHost(_))));
    }

    #[test]
    fn a_host_named_twice_is_kept_once() {
        let hosts = ["10.0.0.1", "auto", "10.0.0.1/32", "auto"].map(|text| text.parse().unwrap());
        assert_eq!(TrustedHosts::of(hosts).hosts().len(), 2);
        assert_eq!(TrustedHosts::of([]), TrustedHosts::Anywhere);
    }

    #[test]
    fn halves_of_the_address_space_are_seen_to_be_all_of_it() {
        let of = |texts: &[&str]| TrustedHosts::of(texts.iter().map(|text| text.parse().unwrap())).everything();
        assert_eq!(of(&["0.0.0.0/1", "128.0.0.0/1"]), Some("0.0.0.0/0".parse().unwrap()));
        assert_eq!(of(&["::/0"]), Some("::/0".parse().unwrap()));
        assert_eq!(of(&["0.0.0.0/1", "::/1", "auto"]), None);
    }
}
