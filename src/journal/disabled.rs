//! What API users that are switched off had before: a file each, until they are switched on again.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use tempfile::NamedTempFile;

use super::{Journal, JournalError, file_name, io_error};
use crate::fortios::objects::User;

impl Journal {
    /// Writes down what an API user of a device was before it is switched off. What is written down already stays: it is what
    /// the user was.
    ///
    /// # Errors
    /// [`JournalError::Io`]; then it must not be switched off.
    pub fn keep_disabled(&self, serial: &str, before: &User) -> Result<(), JournalError> {
        let directory = self.of_device(serial)?;
        let path = self.of_disabled(serial, &before.name);
        if path.exists() {
            return Ok(());
        }
        let doing = || format!("write {}", path.display());
        // Names, addresses and numbers always have a JSON form.
        let text = serde_json::to_string_pretty(before).unwrap_or_default();
        let mut draft = NamedTempFile::new_in(&directory).map_err(io_error(doing))?;
        draft.write_all(text.as_bytes()).and_then(|()| draft.as_file().sync_all()).map_err(io_error(doing))?;
        draft.persist(&path).map(drop).map_err(|error| io_error(doing)(error.error))
    }

    /// What an API user was before it was switched off; none when this machine did not do it.
    pub fn kept_disabled(&self, serial: &str, api_user: &str) -> Option<User> {
        let text = fs::read_to_string(self.of_disabled(serial, api_user)).ok()?;
        serde_json::from_str::<User>(&text).ok().filter(|user| user.name == api_user)
    }

    /// Forgets it: the API user is as it was.
    pub fn forget_disabled(&self, serial: &str, api_user: &str) {
        let _ = fs::remove_file(self.of_disabled(serial, api_user));
    }

    fn of_disabled(&self, serial: &str, api_user: &str) -> PathBuf {
        self.directory.join(file_name(serial)).join(format!("{}.disabled.json", file_name(api_user)))
    }
}
