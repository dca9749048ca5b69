//! Who runs this, and where: what `~`, `${VAR}` and the tokens for this side stand for.

use std::fmt;
use std::path::{Path, PathBuf};

use nix::unistd::{self, User};

/// The person and the machine that connect. Made once, and passed in, so that the same configuration means the same
/// in a test.
#[derive(Clone)]
pub struct Local {
    /// The login name (`%u`): whom a device is told to log in when nothing else names a user.
    pub user: String,
    /// The numeric user id (`%i`): who must own the configuration.
    pub uid: u32,
    /// The home directory (`%d`, `~`): `$HOME`, or what the system has for the user.
    pub home: PathBuf,
    /// The machine's own name (`%l`; `%L` up to the first dot).
    pub host_name: String,
    /// The home of another user (`~user`).
    pub home_of: fn(&str) -> Option<PathBuf>,
    /// A variable of the environment (`${NAME}`).
    pub variable: fn(&str) -> Option<String>,
}

impl fmt::Debug for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Local { user, uid, home, host_name, .. } = self;
        let mut shown = f.debug_struct("Local");
        shown.field("user", user).field("uid", uid).field("home", home).field("host_name", host_name);
        shown.finish_non_exhaustive()
    }
}

impl Local {
    /// This process. A user whom the system does not know has the name of `$USER`, as in containers; `ssh` itself
    /// refuses to run there. Unlike `ssh`, `$HOME` comes before the system's record, as in the rest of this program.
    pub fn current() -> Self {
        let uid = unistd::getuid();
        let name = User::from_uid(uid).ok().flatten().map(|user| user.name);
        Local {
            user: name.or_else(|| std::env::var("USER").ok()).unwrap_or_default(),
            uid: uid.as_raw(),
            home: std::env::home_dir().unwrap_or_else(|| PathBuf::from("/")),
            host_name: unistd::gethostname().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            home_of: |name| User::from_name(name).ok().flatten().map(|user| user.dir),
            variable: |name| std::env::var(name).ok(),
        }
    }

    /// `path` with its leading `~` or `~user` replaced; `None` if there is no such user.
    pub(super) fn expand_home(&self, path: &str) -> Option<PathBuf> {
        let Some(after) = path.strip_prefix('~') else { return Some(PathBuf::from(path)) };
        let (user, below) = after.split_once('/').unwrap_or((after, ""));
        let home = if user.is_empty() { self.home.clone() } else { (self.home_of)(user)? };
        Some(below_home(&home, below.trim_start_matches('/')))
    }
}

fn below_home(home: &Path, below: &str) -> PathBuf {
    if below.is_empty() { home.to_owned() } else { home.join(below) }
}
