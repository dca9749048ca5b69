//! A program that is to be run: found, and seen to be executable, before anything is done for its sake.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, access};

/// Where programs are looked for without `PATH`.
const USUAL_PATH: &str = "/bin:/usr/bin";

/// A program on disk, and the words of its command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// The file.
    pub path: PathBuf,
    /// What it was called by: its own first word.
    pub name: OsString,
    /// The words behind it.
    pub arguments: Vec<OsString>,
}

/// Why a command line cannot be run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProgramError {
    /// There is no such file, on `PATH` or where the name says.
    #[error("`{name}`: there is no such command")]
    NotFound {
        /// The name as it was given.
        name: String,
    },
    /// There is one, and it may not be executed, or is a directory.
    #[error("`{name}`: {} cannot be executed", path.display())]
    NotExecutable {
        /// The name as it was given.
        name: String,
        /// What was found.
        path: PathBuf,
    },
}

impl ProgramError {
    /// How shells, `env` and `timeout` tell it: 127 not found, 126 not executable.
    pub const fn status(&self) -> u8 {
        match self {
            ProgramError::NotFound { .. } => 127,
            ProgramError::NotExecutable { .. } => 126,
        }
    }
}

impl Program {
    /// Finds the program of a command line as a shell does: a name with a slash is a path, any other is looked for in `PATH`.
    ///
    /// # Errors
    /// When there is none (no words at all included), or none that may be executed.
    pub fn find(words: &[OsString]) -> Result<Program, ProgramError> {
        let path = std::env::var_os("PATH").unwrap_or_else(|| USUAL_PATH.into());
        Program::find_on(words, &path)
    }

    fn find_on(words: &[OsString], path: &OsStr) -> Result<Program, ProgramError> {
        let (name, arguments) = words.split_first().ok_or(ProgramError::NotFound { name: String::new() })?;
        let shown = name.to_string_lossy().into_owned();
        let candidates = candidates(name, path);
        if let Some(path) = candidates.iter().find(|path| is_executable(path)) {
            return Ok(Program { path: path.clone(), name: name.clone(), arguments: arguments.to_vec() });
        }
        // What `PATH` has as a directory is not what was meant; a path that was spelt out is.
        let found = candidates.into_iter().find(|path| path.is_file() || (has_slash(name) && path.exists()));
        Err(match found {
            Some(path) => ProgramError::NotExecutable { name: shown, path },
            None => ProgramError::NotFound { name: shown },
        })
    }
}

/// Where the program may be. An empty entry of `PATH` is the working directory.
fn candidates(name: &OsStr, path: &OsStr) -> Vec<PathBuf> {
    if name.is_empty() {
        return Vec::new();
    }
    if has_slash(name) {
        return vec![PathBuf::from(name)];
    }
    let here = |folder: PathBuf| if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
    std::env::split_paths(path).map(|folder| here(folder).join(name)).collect()
}

fn has_slash(name: &OsStr) -> bool {
    name.as_encoded_bytes().contains(&b'/')
}

/// A regular file that we may execute: the system is asked, which knows access lists and mounts without execution.
fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.is_file()) && access(path, AccessFlags::X_OK).is_ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// `a/tool` may not be executed, `b/tool` may, `b/folder` is a directory.
    fn folders() -> tempfile::TempDir {
        let place = tempfile::tempdir().unwrap();
        for (folder, mode) in [("a", 0o644), ("b", 0o755)] {
            let tool = place.path().join(folder).join("tool");
            fs::create_dir_all(tool.parent().unwrap()).unwrap();
            fs::write(&tool, "#!/bin/sh\n").unwrap();
            fs::set_permissions(&tool, fs::Permissions::from_mode(mode)).unwrap();
        }
        fs::create_dir(place.path().join("b/folder")).unwrap();
        place
    }

    fn find(place: &Path, word: &str, folders: &[&str]) -> Result<Program, ProgramError> {
        let path = std::env::join_paths(folders.iter().map(|folder| place.join(folder))).unwrap();
        Program::find_on(&[word.into(), "-x".into()], &path)
    }

    #[test]
    fn the_first_executable_file_on_the_path_is_run_under_the_name_it_was_called_by() {
        let place = folders();
        let found = find(place.path(), "tool", &["nowhere", "a", "b"]).unwrap();
        assert_eq!(found.path, place.path().join("b/tool"));
        assert_eq!((found.name, found.arguments), ("tool".into(), vec!["-x".into()]));
    }

    #[test]
    fn a_file_without_the_right_is_126_and_no_file_is_127() {
        let place = folders();
        let spelt = |name: &str| place.path().join(name).display().to_string();
        let (plain, folder, missing) = (spelt("a/tool"), spelt("b/folder"), spelt("c/tool"));
        let cases = [
            ("tool", 126),
            ("folder", 127),
            ("", 127),
            ("other", 127),
            (plain.as_str(), 126),
            (folder.as_str(), 126),
            (missing.as_str(), 127),
        ];
        for (word, status) in cases {
            let folders = if word == "tool" { ["a"] } else { ["b"] };
            assert_eq!(find(place.path(), word, &folders).unwrap_err().status(), status, "{word}");
        }
    }
}
