//! `fgtkey get`: a key that was delivered before, for programs that ask for one. No device is contacted.

use crate::deliver::record::url_host;
use crate::deliver::{Answer, Destination, Device, FetchError};

use super::child::Access;

/// What is asked for.
#[derive(Debug)]
pub struct Get {
    /// The destination that has the key.
    pub from: Destination,
    /// The device that the key opens, where one is named.
    pub device: Option<Device>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum GetError {
    /// The destination is a template, and nothing fills it in.
    #[error("{from} is another place for each device, and no device is named")]
    NoDevice {
        /// The destination.
        from: String,
    },
    /// The destination has the key and not the host it is for.
    #[error("{from} does not say which host the key is for, and no device is named")]
    NoHostname {
        /// The destination.
        from: String,
    },
    /// A kind of destination that takes keys and gives none.
    #[error("{from}: a key that was delivered there cannot be read back")]
    WriteOnly {
        /// The destination.
        from: String,
    },
    /// There is no key, or the destination cannot be had.
    #[error(transparent)]
    Fetch(FetchError),
}

impl GetError {
    /// What to type next, where there is something.
    pub fn hint(&self) -> Option<String> {
        match self {
            GetError::NoDevice { .. } | GetError::NoHostname { .. } => {
                Some("name the device: [USER@]HOST[:PORT]".into())
            }
            GetError::WriteOnly { .. } => {
                Some("file:, dotenv:, tfvars:, ansible:, age:, k8s: and vault: can be read back".into())
            }
            GetError::Fetch(FetchError::Nothing { destination }) => {
                Some(format!("fgtkey mint … --to {destination} puts a key there"))
            }
            GetError::Fetch(error) => error.hint(),
        }
    }
}

impl Get {
    /// Reads the key back.
    ///
    /// # Errors
    /// When the destination has none, cannot be had, or needs the name of a device that is not named.
    pub fn run(&self) -> Result<Answer, GetError> {
        if self.device.is_none() && self.from.names_device() {
            return Err(GetError::NoDevice { from: self.from.to_string() });
        }
        // Without a template nobody looks at it.
        let device = self.device.clone().unwrap_or(Device { name: String::new(), address: String::new() });
        let fetched = self.from.fetch(&device).map_err(|error| self.explained(error))?;
        let named = self.device.as_ref().map(|device| url_host(&device.address));
        let hostname = fetched.hostname.clone().or(named);
        Ok(Answer { device: self.device.as_ref().map(|device| device.name.clone()), hostname, fetched })
    }

    /// What a command needs to call the API.
    ///
    /// # Errors
    /// As [`Get::run`], and when nobody says which host the key is for.
    pub fn access(&self) -> Result<Access, GetError> {
        let answer = self.run()?;
        match answer.hostname {
            Some(hostname) => Ok(Access { hostname, token: answer.fetched.key }),
            None => Err(GetError::NoHostname { from: self.from.to_string() }),
        }
    }

    fn explained(&self, error: FetchError) -> GetError {
        match error {
            FetchError::WriteOnly => GetError::WriteOnly { from: self.from.to_string() },
            other => GetError::Fetch(other),
        }
    }
}
