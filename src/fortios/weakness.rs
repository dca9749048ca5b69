//! What makes a key weak, and so needs `--allow-weak`.

use std::fmt;

use ipnet::IpNet;

/// One weak thing in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weakness {
    /// No trusted host at all: FortiOS lets the key in from everywhere.
    NoTrustedHost,
    /// Trusted hosts that are a whole address space, alone or put together.
    EveryAddress(IpNet),
    /// The built-in profile `super_admin`.
    SuperAdmin,
    /// A profile of one's own that is read-write throughout.
    AllReadWrite,
    /// A CORS origin with a `*` in it.
    AnyOrigin,
}

impl fmt::Display for Weakness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Weakness::NoTrustedHost => f.write_str("no trusted host: the key works from everywhere"),
            Weakness::EveryAddress(network) => write!(f, "the trusted hosts are all of {network}"),
            Weakness::SuperAdmin => f.write_str("the profile super_admin may do everything"),
            Weakness::AllReadWrite => f.write_str("every permission group is read-write"),
            Weakness::AnyOrigin => f.write_str("a * in the CORS origin lets other people's web pages use the key"),
        }
    }
}

impl Weakness {
    /// What to type to be rid of it.
    pub fn remedy(self) -> &'static str {
        match self {
            Weakness::NoTrustedHost => "--trusted-host auto, or the client's address",
            Weakness::EveryAddress(_) => "--trusted-host with the client's network",
            Weakness::SuperAdmin => "--preset or --grant with what the client needs",
            Weakness::AllReadWrite => "read, or single children, where the client does not write",
            Weakness::AnyOrigin => "--cors-origin with the page's origin",
        }
    }
}
