//! Lists of algorithms: `Ciphers`, `MACs`, `KexAlgorithms` and the lists of key types.

use super::error::Problem;
use super::pattern;

/// What a list does to the defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It stands in their place.
    Replace,
    /// `+`: behind them.
    Append,
    /// `-`: they lose what it names.
    Remove,
    /// `^`: before them.
    Prepend,
}

/// A list as it was written. A name may be a pattern, except where a whole list of ciphers, MACs or key exchanges is
/// given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlgorithmList {
    /// What it does to the defaults.
    pub change: Change,
    /// Names and patterns, in their order.
    pub names: Vec<String>,
}

impl AlgorithmList {
    /// The list in effect: patterns stand for those in `all` that they match, in the order of `all`; what `all` does
    /// not have is left out. Empty when nothing is left, which OpenSSH refuses.
    pub fn applied<'a>(&'a self, defaults: &[&'a str], all: &[&'a str]) -> Vec<&'a str> {
        let own = self.names.iter().map(String::as_str);
        let patterns: Vec<&str> = match self.change {
            Change::Replace => own.collect(),
            Change::Append => defaults.iter().copied().chain(own).collect(),
            Change::Prepend => own.chain(defaults.iter().copied()).collect(),
            Change::Remove => return self.removed_from(defaults),
        };
        let mut names: Vec<&str> = Vec::new();
        for pattern in patterns {
            let matching = all.iter().filter(|name| pattern::matches(pattern, name));
            let new: Vec<&str> = matching.filter(|name| !names.contains(*name)).copied().collect();
            names.extend(new);
        }
        names
    }

    fn removed_from<'a>(&self, defaults: &[&'a str]) -> Vec<&'a str> {
        let is_removed = |name: &str| pattern::patterns_match(self.names.iter().map(String::as_str), name);
        defaults.iter().copied().filter(|name| !is_removed(name)).collect()
    }
}

/// What kind of names a list holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Cipher,
    Mac,
    Kex,
    /// Types of keys, signatures and certificates.
    Key,
}

impl Kind {
    /// Every name that a version of OpenSSH from 8 to 10 knows: another one is a typing error.
    fn names(self) -> &'static [&'static str] {
        match self {
            Kind::Cipher => CIPHERS,
            Kind::Mac => MACS,
            Kind::Kex => KEX,
            Kind::Key => KEYS,
        }
    }

    fn expected(self) -> &'static str {
        match self {
            Kind::Cipher => "a cipher",
            Kind::Mac => "a MAC",
            Kind::Kex => "a key exchange",
            Kind::Key => "a type of keys or signatures",
        }
    }

    fn knows(self, name: &str) -> bool {
        let names = self.names();
        names.contains(&name) || (self == Kind::Key && names.iter().any(|known| pattern::matches(name, known)))
    }
}

/// Reads a list. What is to be removed is not checked, as in OpenSSH.
pub(super) fn parse(kind: Kind, text: &str) -> Result<AlgorithmList, Problem> {
    let changes = [('+', Change::Append), ('-', Change::Remove), ('^', Change::Prepend)];
    let change =
        changes.iter().find(|(sign, _)| text.starts_with(*sign)).map_or(Change::Replace, |(_, change)| *change);
    let names = if change == Change::Replace { text } else { text.get(1..).unwrap_or_default() };
    let unknown = names.split(',').find(|name| !kind.knows(name)).filter(|_| change != Change::Remove);
    match unknown {
        Some(name) => Err(Problem::Value { value: name.to_owned(), expected: kind.expected() }),
        None => Ok(AlgorithmList { change, names: names.split(',').map(str::to_owned).collect() }),
    }
}

const CIPHERS: &[&str] = &[
    "3des-cbc",
    "aes128-cbc",
    "aes192-cbc",
    "aes256-cbc",
    "rijndael-cbc@lysator.liu.se",
    "aes128-ctr",
    "aes192-ctr",
    "aes256-ctr",
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "chacha20-poly1305@openssh.com",
];

const MACS: &[&str] = &[
    "hmac-sha1",
    "hmac-sha1-96",
    "hmac-sha2-256",
    "hmac-sha2-512",
    "hmac-md5",
    "hmac-md5-96",
    "umac-64@openssh.com",
    "umac-128@openssh.com",
    "hmac-sha1-etm@openssh.com",
    "hmac-sha1-96-etm@openssh.com",
    "hmac-sha2-256-etm@openssh.com",
    "hmac-sha2-512-etm@openssh.com",
    "hmac-md5-etm@openssh.com",
    "hmac-md5-96-etm@openssh.com",
    "umac-64-etm@openssh.com",
    "umac-128-etm@openssh.com",
];

const KEX: &[&str] = &[
    "diffie-hellman-group1-sha1",
    "diffie-hellman-group14-sha1",
    "diffie-hellman-group14-sha256",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group18-sha512",
    "diffie-hellman-group-exchange-sha1",
    "diffie-hellman-group-exchange-sha256",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "sntrup4591761x25519-sha512@tinyssh.org",
    "sntrup761x25519-sha512",
    "sntrup761x25519-sha512@openssh.com",
    "mlkem768x25519-sha256",
];

const KEYS: &[&str] = &[
    "ssh-ed25519",
    "ssh-ed25519-cert-v01@openssh.com",
    "sk-ssh-ed25519@openssh.com",
    "sk-ssh-ed25519-cert-v01@openssh.com",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp256-cert-v01@openssh.com",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp384-cert-v01@openssh.com",
    "ecdsa-sha2-nistp521",
    "ecdsa-sha2-nistp521-cert-v01@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com",
    "webauthn-sk-ecdsa-sha2-nistp256@openssh.com",
    "ssh-dss",
    "ssh-dss-cert-v01@openssh.com",
    "ssh-rsa",
    "ssh-rsa-cert-v01@openssh.com",
    "rsa-sha2-256",
    "rsa-sha2-256-cert-v01@openssh.com",
    "rsa-sha2-512",
    "rsa-sha2-512-cert-v01@openssh.com",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_says_what_happens_to_the_defaults() {
        let defaults = ["aes128-ctr", "aes256-ctr"];
        let applied = |text: &str| parse(Kind::Cipher, text).unwrap().applied(&defaults, CIPHERS).join(",");
        assert_eq!(applied("aes256-cbc,aes128-ctr"), "aes256-cbc,aes128-ctr");
        assert_eq!(applied("+aes256-cbc,aes128-ctr"), "aes128-ctr,aes256-ctr,aes256-cbc");
        assert_eq!(applied("^aes256-cbc,aes256-ctr"), "aes256-cbc,aes256-ctr,aes128-ctr");
        assert_eq!(applied("-*128*"), "aes256-ctr");
        assert_eq!(applied("-*"), "");
    }

    #[test]
    fn patterns_stand_for_types_of_keys_only() {
        let list = parse(Kind::Key, "+ssh-rsa*").unwrap();
        assert_eq!(list.applied(&["ssh-ed25519"], KEYS), ["ssh-ed25519", "ssh-rsa", "ssh-rsa-cert-v01@openssh.com"]);
        assert!(parse(Kind::Cipher, "aes*").is_err());
        assert!(parse(Kind::Kex, "curve448-sha512").is_err());
        assert!(parse(Kind::Mac, "-anything").is_ok());
    }
}
