//! The rules of an audit. An id keeps its meaning for good; a rule that goes leaves a gap.

use super::severity::Severity;

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// The API user's profile is `super_admin`.
    SuperAdmin,
    /// Every permission group is read-write.
    AllReadWrite,
    /// The profile may change administrators.
    MayAdminister,
    /// No trusted host at all.
    NoTrustedHost,
    /// Trusted hosts that are a whole address space.
    EveryAddress,
    /// A row of trusted hosts without an address.
    EmptyRow,
    /// A trusted host wider than allowed.
    WideTrustedHost,
    /// A CORS origin with a `*`.
    AnyOrigin,
    /// The profile is not there.
    ProfileMissing,
    /// The profile is also that of administrators.
    ProfileShared,
    /// An API user that no request asks for.
    UnknownUser,
    /// An API user without a key.
    NoKey,
    /// Peer authentication without a peer group.
    PeerGroupMissing,
    /// An API user of VDOM `root` only, on a device with VDOMs.
    RootOnly,
    /// The API takes keys in URLs.
    KeyInUrl,
    /// `strong-crypto disable`.
    WeakCrypto,
    /// Old algorithms of SSH are on.
    OldSsh,
    /// HTTPS administration that answers everybody.
    OpenHttps,
    /// HTTPS administration on an interface, where the GUI is meant to be closed.
    GuiOpen,
}

/// What is said about a rule, wherever rules are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About {
    /// `FGT001`.
    pub id: &'static str,
    /// The same for people: `super-admin`.
    pub name: &'static str,
    /// How bad it is to break it.
    pub severity: Severity,
    /// What is wrong, in a few words.
    pub title: &'static str,
    /// Why that matters, in a sentence.
    pub why: &'static str,
}

impl Rule {
    /// All rules, by their ids.
    pub const ALL: [Rule; 19] = [
        Rule::SuperAdmin,
        Rule::AllReadWrite,
        Rule::MayAdminister,
        Rule::NoTrustedHost,
        Rule::EveryAddress,
        Rule::EmptyRow,
        Rule::WideTrustedHost,
        Rule::AnyOrigin,
        Rule::ProfileMissing,
        Rule::ProfileShared,
        Rule::UnknownUser,
        Rule::NoKey,
        Rule::PeerGroupMissing,
        Rule::RootOnly,
        Rule::KeyInUrl,
        Rule::WeakCrypto,
        Rule::OldSsh,
        Rule::OpenHttps,
        Rule::GuiOpen,
    ];

    /// What is said about it.
    pub const fn about(self) -> About {
        match self {
            Rule::SuperAdmin => about(
                "FGT001",
                "super-admin",
                Severity::Critical,
                "API user is super_admin",
                "Whoever has the key may do everything, administrators and firmware included.",
            ),
            Rule::AllReadWrite => about(
                "FGT002",
                "all-read-write",
                Severity::High,
                "API user may write everything",
                "A profile that is read-write throughout is super_admin by another name.",
            ),
            Rule::MayAdminister => about(
                "FGT003",
                "may-administer",
                Severity::High,
                "API user may change administrators",
                "Who may write administrators and profiles can give itself every other right.",
            ),
            Rule::NoTrustedHost => about(
                "FGT004",
                "no-trusted-host",
                Severity::High,
                "No trusted host",
                "FortiOS takes the key from every address when no trusted host is set.",
            ),
            Rule::EveryAddress => about(
                "FGT005",
                "every-address",
                Severity::High,
                "Trusted hosts are a whole address space",
                "A trusted host that everybody is in protects nothing.",
            ),
            Rule::EmptyRow => about(
                "FGT006",
                "empty-trusted-host",
                Severity::High,
                "Trusted host without an address",
                "A row whose address is at its default lets every address in, whatever the other rows say.",
            ),
            Rule::WideTrustedHost => about(
                "FGT007",
                "wide-trusted-host",
                Severity::Medium,
                "Trusted host is a wide network",
                "A stolen key works from every machine of that network.",
            ),
            Rule::AnyOrigin => about(
                "FGT008",
                "any-origin",
                Severity::Medium,
                "CORS lets every web page in",
                "Other people's web pages may call the API from a browser that knows the key.",
            ),
            Rule::ProfileMissing => about(
                "FGT009",
                "profile-missing",
                Severity::Medium,
                "Access profile is missing",
                "What the key may do is decided by a profile of that name that somebody else may create.",
            ),
            Rule::ProfileShared => about(
                "FGT010",
                "profile-shared",
                Severity::Medium,
                "Access profile is shared with people",
                "A right that is given to a person is given to the key too.",
            ),
            Rule::UnknownUser => about(
                "FGT011",
                "unknown-user",
                Severity::Medium,
                "API user that no request asks for",
                "Access that nobody has asked for is access that nobody looks after.",
            ),
            Rule::NoKey => about(
                "FGT012",
                "no-key",
                Severity::Low,
                "API user without a key",
                "It serves nobody yet, and a key for it can be generated at any time.",
            ),
            Rule::PeerGroupMissing => about(
                "FGT013",
                "peer-group-missing",
                Severity::Low,
                "Peer authentication without a peer group",
                "No group says whose client certificate is accepted.",
            ),
            Rule::RootOnly => about(
                "FGT014",
                "root-only",
                Severity::Info,
                "API user of VDOM root only",
                "On a device with VDOMs, root is often the management VDOM rather than the one that was meant.",
            ),
            Rule::KeyInUrl => about(
                "FGT015",
                "key-in-url",
                Severity::Medium,
                "API keys are taken out of URLs",
                "URLs stand in the logs of proxies and servers, and so do the keys in them.",
            ),
            Rule::WeakCrypto => about(
                "FGT016",
                "weak-crypto",
                Severity::Medium,
                "strong-crypto is off",
                "HTTPS and SSH administration accept ciphers and protocols that are known to be weak.",
            ),
            Rule::OldSsh => about(
                "FGT017",
                "old-ssh",
                Severity::Low,
                "Old SSH algorithms are on",
                "SHA-1, CBC and the like weaken the sessions in which keys are generated.",
            ),
            Rule::OpenHttps => about(
                "FGT018",
                "open-https",
                Severity::Info,
                "HTTPS administration answers every address",
                "The API and the GUI share a port: as long as one administrator has no trusted host, it answers everybody.",
            ),
            Rule::GuiOpen => about(
                "FGT019",
                "gui-open",
                Severity::High,
                "HTTPS administration is reachable",
                "The GUI is meant to be closed, and the port that the API needs serves it too.",
            ),
        }
    }
}

const fn about(
    id: &'static str,
    name: &'static str,
    severity: Severity,
    title: &'static str,
    why: &'static str,
) -> About {
    About { id, name, severity, title, why }
}
