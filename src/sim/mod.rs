//! A simulated FortiGate, to rehearse and to test against.
//!
//! It is written from captured sessions and vendor documents, byte for byte, and shares no code with the session engine
//! that talks to it: two sides that share code share mistakes. It is strict on purpose: where FortiOS has a trap, so has
//! the simulator.
//!
//! - [`DeviceSpec`]: what the device is, as plain data, with its [`Traps`] and [`Fault`]s;
//! - [`Device`]: the running device, shared by its sessions, with questions for tests;
//! - [`Shell`]: one login as a machine of bytes, without I/O or a clock;
//! - [`Server`]: an SSH server in front of a device;
//! - [`Https`]: its HTTPS administration, with the REST API that takes the keys;
//! - [`Fleet`]: many of them in one process, with an inventory of themselves, [`Mishap`]s sprinkled by [`Rate`], and each
//!   device's [`Ledger`] to judge a run by;
//! - [`SimOptions`]: `fgtkey sim`, and [`on_stdio`] for an SSH server of another make.

mod certificate;
mod cli;
mod connection;
mod definition;
mod device;
mod fault;
mod fleet;
mod greeting;
mod grep;
mod https;
mod https_traps;
mod inventory;
mod key;
mod ledger;
mod line;
mod link;
mod mix;
mod noise;
mod options;
mod pager;
mod prompt;
mod random;
mod rate;
mod refusal;
mod rest;
mod schema;
mod server;
mod shell;
mod show;
mod spec;
mod status;
mod stdio;
mod traps;
mod tree;
mod value;
mod words;

pub use certificate::{CertificateError, Presented, pem};
pub use device::{ApiUserState, BootError, Device};
pub use fault::{Fault, FaultAction, FaultError, Place};
pub use fleet::{Fleet, Running, SimError};
pub use https::{Https, HttpsCounters};
pub use https_traps::{Fingerprint, HttpsTraps, LeafTrap, PortTrap};
pub use ledger::{ApiUserAccount, Ledger};
pub use options::{DurationError, SimOptions, Think, ThinkError, duration};
pub use rate::{Mishap, Rate, RateError};
pub use server::{Algorithms, Counters, Listen, ListenError, Methods, Port, Server};
pub use shell::{Login, Output, Shell, Then};
pub use spec::{Admin, CfgSave, DeviceSpec, Ha, OtherSession, Password, UnknownWord, VdomMode};
pub use stdio::{on_stdio, source_of};
pub use traps::{KeyReply, Note, Paging, PasswordQuestion, Trap, Traps, Wrap};

/// Profiles that exist on every device, cannot be changed, and are not part of `show`.
const BUILT_IN_PROFILES: [&str; 3] = ["super_admin", "super_admin_readonly", "admin_no_access"];
