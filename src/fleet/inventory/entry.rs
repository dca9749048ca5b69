//! A device of an inventory, and the place where it stands.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::fortios::request::RequestFile;
use crate::ssh::HostKeyPolicy;

/// A line of a source, `fleet.yaml:12`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The source's name as the operator gave it; `stdin` for `-`.
    pub file: Arc<str>,
    /// From 1.
    pub line: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// One device, with all that holds for it: what its own entry says, over its groups, over the defaults.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its name in the inventory: no control character and no `/`, so that it may be part of a path.
    pub name: String,
    /// A host name or an address, IPv6 without brackets; its name where nothing else is said.
    pub address: String,
    /// 1 to 65535; none: what `ssh_config` says, else 22.
    pub port: Option<u16>,
    /// The administrator to log in as; none: as without an inventory.
    pub user: Option<String>,
    /// The hosts on the way as `-J` takes them: [`Jump::list`](crate::ssh::config::Jump::list) reads them.
    pub jump: Option<String>,
    /// Private keys to log in with; a leading `~/` is the home of who runs this.
    pub identities: Vec<PathBuf>,
    /// Its pinned fingerprints, or the policy for its host key.
    pub host_key: Option<HostKeyPolicy>,
    /// The serial number that the device must have.
    pub serial: Option<String>,
    /// Where it stands, one token of a NATS subject: letters, digits, `-` and `_`.
    pub site: Option<String>,
    /// The groups it is in, those above them too; `all` and `ungrouped`, which say nothing, are left out.
    pub groups: BTreeSet<String>,
    /// What its request says other than that of the run. Devices whose groups alone say something share it.
    pub request: Option<Arc<RequestFile>>,
    /// Where it stands first.
    pub place: Place,
}
