//! The situations: a file, and the command that is meant.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use fgtkey::ssh::config::{ConfigError, ConfigSources, HostConfig, Jump, Local, Overrides, SshConfig};

pub const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/ssh_config");

/// The situations, copied to where nobody else can write, whatever the checkout's permissions are.
pub struct Desk {
    folder: tempfile::TempDir,
    pub situations: Vec<Situation>,
}

pub struct Situation {
    pub name: String,
    pub file: PathBuf,
    pub arguments: Vec<String>,
    pub is_refused_by_us: bool,
    /// `ssh` would ask the DNS.
    pub needs_dns: bool,
}

impl Desk {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("include")).unwrap();
        let mut situations = Vec::new();
        for name in names(Path::new(FOLDER)) {
            let text = copy(&name, folder.path());
            if name.ends_with(".conf") {
                situations.push(Situation::new(name, folder.path(), &text));
            }
        }
        Desk { folder, situations }
    }

    /// `text` without the folder of this run.
    pub fn told(&self, text: &str) -> String {
        text.replace(&self.folder.path().display().to_string(), "@DIR@")
    }
}

fn names(folder: &Path) -> Vec<String> {
    let pattern = |end| glob::glob(&folder.join(end).display().to_string()).unwrap().map(Result::unwrap);
    let paths = pattern("include/*.inc").chain(pattern("*.conf"));
    paths.map(|path| path.strip_prefix(folder).unwrap().display().to_string()).collect()
}

fn copy(name: &str, to: &Path) -> String {
    let text = fs::read_to_string(Path::new(FOLDER).join(name)).unwrap().replace("@DIR@", &to.display().to_string());
    fs::write(to.join(name), &text).unwrap();
    fs::set_permissions(to.join(name), Permissions::from_mode(0o644)).unwrap();
    text
}

impl Situation {
    /// One that is not in the folder: `text` in `file`, for the host `fw1`.
    pub fn written(text: &str, file: PathBuf) -> Self {
        fs::write(&file, text).unwrap();
        let arguments = vec!["-l".to_owned(), "admin".to_owned(), "fw1".to_owned()];
        Situation { name: text.to_owned(), file, arguments, is_refused_by_us: false, needs_dns: false }
    }

    fn new(name: String, folder: &Path, text: &str) -> Self {
        let mut lines = text.lines();
        let command = lines.next().and_then(|line| line.strip_prefix("# ssh ")).unwrap_or_else(|| panic!("{name}"));
        let note = lines.next().unwrap_or_default();
        Situation {
            file: folder.join(&name),
            arguments: command.split(' ').map(|argument| argument.replace("\\_", " ")).collect(),
            is_refused_by_us: note.starts_with("# fgtkey refuses"),
            needs_dns: note.ends_with("ssh asks the DNS"),
            name,
        }
    }

    /// What we make of it.
    pub fn look_up(&self, local: Local) -> Result<HostConfig, ConfigError> {
        let mut overrides = Overrides::default();
        let mut options = Vec::new();
        let mut arguments = self.arguments.iter();
        let mut host = "";
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().unwrap().clone();
            match argument.as_str() {
                "-l" => overrides.user = Some(value()),
                "-p" => overrides.port = value().parse().ok(),
                "-J" => overrides.jumps = Jump::list(&value()).ok(),
                "-o" => options.push(value()),
                name => host = name,
            }
        }
        if let Some((user, name)) = host.rsplit_once('@') {
            (overrides.user, host) = (Some(user.to_owned()), name);
        }
        SshConfig::load(&ConfigSources { file: self.file.clone().into(), options, local })?.for_host(host, &overrides)
    }
}
