//! A place for keys, and what the tests deliver there.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use fgtkey::deliver::{self, DeliverError, Destination, Device, EscrowPlace, Format, Record, Reservation, Stored};
use fgtkey::secret::Secret;

pub const KEY: &str = "fccys3cfbhyhqbqghkyzm1QGNnm31r";

/// A directory for keys and one for the escrow, both gone after the test.
pub struct Place {
    directory: tempfile::TempDir,
}

impl Place {
    pub fn new() -> Self {
        Place { directory: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().canonicalize().unwrap().join(name)
    }

    pub fn escrow(&self) -> EscrowPlace {
        EscrowPlace::open(self.path("state/escrow"))
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub fn destination(&self, kind: &str, name: &str) -> Destination {
        Destination::new(kind, self.path(name).to_str().unwrap()).unwrap()
    }

    pub fn reserve(&self, destinations: &[Destination]) -> Result<Reservation, DeliverError> {
        deliver::reserve(destinations, &device(), Format::Key, &self.escrow())
    }

    /// Delivers a key to `KIND:NAME,OPTION…`, NAME being a file of this place.
    pub fn deliver(&self, text: &str) -> Vec<Stored> {
        self.reserve(&[self.named(text)]).unwrap().store(&mut record(), Secret::new(KEY)).unwrap()
    }

    /// The destination `KIND:NAME,OPTION…`, NAME being a file of this place, `%` its directory.
    pub fn named(&self, text: &str) -> Destination {
        let (kind, value) = text.split_once(':').unwrap();
        format!(
            "{kind}:{}",
            self.path(&value.replace('%', &format!("{}/", self.directory.path().canonicalize().unwrap().display())))
                .display()
        )
        .parse()
        .unwrap()
    }

    /// The key that a destination gives back.
    pub fn fetch(&self, text: &str) -> (String, Option<String>) {
        let fetched = self.named(text).fetch(&device()).unwrap();
        (fetched.key.expose().to_owned(), fetched.hostname)
    }

    /// Everything below the directory, the escrow's own directories left out.
    pub fn files(&self) -> Vec<String> {
        let mut names = Vec::new();
        collect(self.directory.path(), &mut names);
        names.sort();
        names
    }
}

fn collect(directory: &Path, names: &mut Vec<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, names);
        } else {
            names.push(path.file_name().unwrap().to_string_lossy().into_owned());
        }
    }
}

pub fn device() -> Device {
    Device { name: "fw1".into(), address: "192.0.2.1".into() }
}

pub fn record() -> Record {
    Record { address: Some("192.0.2.1".into()), api_user: Some("terraform".into()), ..Record::new("fw1") }
}

pub fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

/// What an error says, with its causes, and what it suggests.
pub fn said(error: &DeliverError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    format!("{text}\n{}", error.hint().unwrap_or_default())
}

/// What is said of a destination that is refused before there is a key.
pub fn refusal(place: &Place, text: &str) -> String {
    said(&refused(place, place.named(text)))
}

/// What is said when the key could not be stored, the key being in the escrow.
pub fn undelivered(reservation: Reservation) -> String {
    let undelivered = reservation.store(&mut record(), Secret::new(KEY)).unwrap_err();
    assert!(matches!(undelivered.escrowed, deliver::Escrowed::At(_)), "{undelivered:?}");
    let told = undelivered.failures.iter().map(said).collect::<Vec<_>>().join("\n");
    assert!(!format!("{told} {undelivered:?}").contains(KEY), "{told}");
    told
}

pub fn refused(place: &Place, destination: Destination) -> DeliverError {
    let before = place.files();
    let error = place.reserve(&[destination]).err().unwrap();
    assert_eq!(place.files(), before, "a refusal left something behind");
    error
}
