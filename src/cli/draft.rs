//! A file that a run leaves beside its output: private, and there as a whole or not at all.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::Usage;

/// A private draft (0600) beside the place that it will have, made before anything is contacted.
pub(super) struct Draft {
    draft: NamedTempFile,
    path: PathBuf,
}

impl Draft {
    /// Makes the draft of the file at `path`, which the flag `flag` names.
    ///
    /// # Errors
    /// As for [`Draft::at`].
    pub(super) fn reserve(flag: &str, path: &Path) -> Result<Draft, Usage> {
        Draft::at(path).map_err(|error| (format!("{flag} {}: {error}", path.display()), None))
    }

    /// Makes the draft of the file at `path`. A link is followed.
    ///
    /// # Errors
    /// A directory that takes no files, and something at `path` that is no regular file: the draft would take the place of
    /// the device or the pipe, so that for root `/dev/null` would be a file from then on.
    pub(super) fn at(path: &Path) -> io::Result<Draft> {
        let place = match path.canonicalize() {
            Ok(found) => found,
            Err(_) if path.is_symlink() => return Err(io::Error::other("is a link to nothing")),
            Err(_) => path.to_owned(),
        };
        match fs::metadata(&place) {
            Ok(found) if found.is_dir() => return Err(io::Error::other("is a directory")),
            Ok(found) if !found.is_file() => return Err(io::Error::other("is not a regular file")),
            _ => {}
        }
        let parent = place.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // Without the name of the draft, which says nothing to anybody.
        let draft = NamedTempFile::new_in(parent).map_err(|error| io::Error::from(error.kind()))?;
        Ok(Draft { draft, path: place })
    }

    /// Puts the file into place.
    ///
    /// # Errors
    /// When it cannot be written through to the disk, or cannot be put there.
    pub(super) fn place(self) -> io::Result<()> {
        self.draft.as_file().sync_all()?;
        self.draft.persist(&self.path).map(drop).map_err(|error| error.error)
    }
}

impl Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.draft.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.draft.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn refused(path: &Path) -> String {
        Draft::reserve("--out", path).err().unwrap().0
    }

    #[test]
    fn what_is_no_regular_file_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        nix::unistd::mkfifo(&at("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        symlink("/dev/null", at("link")).unwrap();
        symlink(at("nothing"), at("dangling")).unwrap();
        for (path, why) in [
            (PathBuf::from("/dev/null"), "is not a regular file"),
            (at("pipe"), "is not a regular file"),
            (at("link"), "is not a regular file"),
            (at("dangling"), "is a link to nothing"),
            (at(""), "is a directory"),
            (at("none/plan"), "entity not found"),
        ] {
            assert!(refused(&path).ends_with(why), "{}", refused(&path));
        }
    }

    #[test]
    fn a_link_stays_one_and_the_file_behind_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "before").unwrap();
        symlink(&file, &link).unwrap();
        let mut draft = Draft::reserve("--out", &link).unwrap();
        draft.write_all(b"after").unwrap();
        draft.place().unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read_to_string(&file).unwrap(), "after");
    }
}
