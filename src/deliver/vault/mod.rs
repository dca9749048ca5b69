//! `vault:MOUNT/PATH`: a secret of a KV version 2 engine, in HashiCorp Vault or OpenBao.
//!
//! | step | where | what it asks the server |
//! |---|---|---|
//! | options and environment | `settings.rs`, `address.rs`, `trust.rs` | nothing |
//! | a token, and is it good for a while | `login.rs` | `auth/approle/login`, `auth/token/lookup-self` |
//! | which engine is that | `place.rs` | `sys/internal/ui/mounts` |
//! | what is there, may it be replaced | `kv.rs` | the secret, `sys/capabilities-self` |
//! | write, as the successor of what is there | `kv.rs` | the secret, with check-and-set |
//!
//! All but the last happens before there is a key. What HTTP adds (redirects of standbys, a second try) is in `client.rs`.

mod address;
mod client;
mod error;
mod kv;
mod login;
mod place;
mod reply;
mod settings;
mod trust;

use std::sync::Arc;

use jiff::Timestamp;

use address::Address;
use client::{Client, Patience};
use error::VaultError;
use kv::{Found, Kv, Written};
use login::Lease;
use place::{Named, Place};
use settings::Settings;

use super::destination::{DestinationError, Kind, Target};
use super::fetch::{FetchError, Fetched};
use super::options::Options;
use super::path::PathTemplate;
use super::record::{Record, whole_second};
use super::slot::Slot;
use super::{DeliverError, Device, Format};
use crate::secret::Secret;

/// How the destination is called.
const NAME: &str = "vault";

/// `vault:MOUNT/PATH`: four fields of a secret; its other fields stay.
pub(super) static KIND: Kind =
    Kind { name: NAME, syntax: "vault:MOUNT/PATH", value_name: "path", options: &settings::OPTIONS, parse };

/// How often a write is tried while others write to the same secret.
const TRIES: usize = 5;

fn parse(options: &Options) -> Result<Arc<dyn Target>, DestinationError> {
    refuse_what_is_no_option(&options.value)?;
    let path = options.path()?;
    let wrong = |option, text: &str, problem: &str| {
        Err(DestinationError::Option { kind: NAME, option, text: text.to_owned(), problem: problem.to_owned() })
    };
    if options.one("mount").is_none() && !path.as_str().trim_start_matches('/').contains('/') {
        return wrong("path", path.as_str(), "the mount stands in front of it, as in secret/fw1");
    }
    if let Some(Err(VaultError::Address { text, problem })) = options.one("address").map(Address::parse) {
        return wrong("address", &text, problem);
    }
    if let Some(text) = options.one("plaintext").filter(|text| !["yes", "no", "true", "false"].contains(text)) {
        return wrong("plaintext", text, "it is yes or no");
    }
    Ok(Arc::new(Vault { path, options: options.clone() }))
}

/// What looks like an option behind the path and is none would silently become a part of it.
fn refuse_what_is_no_option(value: &str) -> Result<(), DestinationError> {
    let names = value.split(',').skip(1).filter_map(|piece| piece.split_once('=')).map(|(name, _)| name);
    let Some(option) = names.into_iter().next() else { return Ok(()) };
    match option {
        "token" => {
            Err(DestinationError::Exposed { kind: NAME, option: "token", instead: "VAULT_TOKEN, or token-file=FILE" })
        }
        "secret-id" => Err(DestinationError::Exposed {
            kind: NAME,
            option: "secret-id",
            instead: "VAULT_SECRET_ID, or secret-id-file=FILE",
        }),
        _ => {
            let known = settings::OPTIONS.map(str::to_owned).to_vec();
            Err(DestinationError::UnknownOption { kind: NAME, option: option.to_owned(), known })
        }
    }
}

/// A path and options, of which nothing was asked yet.
struct Vault {
    path: PathTemplate,
    options: Options,
}

impl Target for Vault {
    fn reserve(&self, device: &Device, _: Format) -> Result<Box<dyn Slot>, DeliverError> {
        let path = self.path.name_for(NAME, device)?;
        let found = self.named(&path).and_then(|named| self.prove(&named));
        Ok(Box::new(found.map_err(service(&format!("{NAME}:{path}"), "prove that it takes a key"))?))
    }

    fn fetch(&self, device: &Device) -> Result<Fetched, FetchError> {
        let path = self.path.name_for(NAME, device)?;
        let read =
            self.named(&path).and_then(|named| self.open(&named)).and_then(|(kv, ..)| Ok((kv.read()?, kv.place)));
        let (found, place) = read.map_err(service(&format!("{NAME}:{path}"), "read the key"))?;
        fetched(label(&place), &found)
    }
}

impl Vault {
    fn named(&self, path: &str) -> Result<Named, VaultError> {
        Place::named(self.options.one("mount"), path)
    }

    /// Logs in and finds the engine; also what the server says of the token, and the options for another run.
    fn open(&self, named: &Named) -> Result<(Kv, Option<Lease>, String), VaultError> {
        let settings = Settings::read(&self.options, &|name| std::env::var(name).ok())?;
        let (client, spec) = (Client::new(&settings, Patience::default())?, settings.spec(&self.options));
        let token = settings.login.token(&client)?;
        let lease = Lease::of(&client, &token)?;
        let place = named.locate(&client, &token, lease.is_some())?;
        Ok((Kv { client, token, place }, lease, spec))
    }

    /// Finds all that could keep the key from being written, before there is one.
    fn prove(&self, named: &Named) -> Result<VaultSlot, VaultError> {
        let (kv, lease, options) = self.open(named)?;
        lease.map_or(Ok(()), |lease| lease.prove())?;
        let before = kv.read()?;
        kv.prove(before.version)?;
        // Another machine's clock is ahead, or ours behind: the new key would look like the older one.
        if let Some(generated_at) = before.generated_at().filter(|at| *at > whole_second(Timestamp::now())) {
            return Err(VaultError::ToCome { generated_at });
        }
        let spec = format!("{NAME}:{},mount={}{options}", kv.place.path, kv.place.mount);
        Ok(VaultSlot { label: label(&kv.place), spec, kv, before })
    }
}

fn label(place: &Place) -> String {
    format!("{NAME}:{place}")
}

fn fetched(destination: String, found: &Found) -> Result<Fetched, FetchError> {
    if found.is_empty() {
        return Err(FetchError::Nothing { destination });
    }
    let Some(key) = found.key() else {
        let problem = "it has no text in the field access_token".to_owned();
        return Err(FetchError::NoKey { destination, problem });
    };
    let (hostname, api_user, generated_at) = (found.hostname(), found.api_user(), found.generated_at());
    Ok(Fetched { destination, key, hostname, api_user, generated_at })
}

/// A secret that was proven to take the key.
struct VaultSlot {
    label: String,
    spec: String,
    kv: Kv,
    /// What was there then.
    before: Found,
}

impl Slot for VaultSlot {
    fn label(&self) -> &str {
        &self.label
    }

    fn spec(&self) -> String {
        self.spec.clone()
    }

    fn store(self: Box<Self>, record: &Record, key: &Secret) -> Result<(), DeliverError> {
        self.write(record, key).map_err(service(&self.label, "write the key"))
    }
}

impl VaultSlot {
    /// Writes the key as the successor of what is there, as often as others get in between.
    ///
    /// A write whose answer was lost is sent once more, unless the key turns out to be there.
    fn write(&self, record: &Record, key: &Secret) -> Result<(), VaultError> {
        let mut lost = false;
        for _ in 0..TRIES {
            let found = self.kv.read()?;
            if found.has(Some(key)) {
                return Ok(());
            }
            self.judge(&found, record)?;
            match self.kv.write(&found, record, key) {
                Ok(Written::Done) => return Ok(()),
                Ok(Written::Conflict) => {}
                Err(error) if error.may_be_done() && !lost => lost = true,
                Err(error) => return Err(error),
            }
        }
        Err(VaultError::Contended { tries: TRIES })
    }

    /// Refuses to replace a key that is newer than ours, by its own words or because it was not there before.
    fn judge(&self, found: &Found, record: &Record) -> Result<(), VaultError> {
        match found.generated_at() {
            Some(generated_at) if generated_at > whole_second(record.generated_at) => {
                Err(VaultError::Newer { generated_at })
            }
            None if !found.is_empty() && !found.has(self.before.key().as_ref()) => Err(VaultError::Overtaken),
            _ => Ok(()),
        }
    }
}

/// Wraps a reason with the destination and what was being done.
fn service(destination: &str, doing: &str) -> impl FnOnce(VaultError) -> DeliverError {
    let (destination, doing) = (destination.to_owned(), doing.to_owned());
    move |error| DeliverError::Service { destination, doing, hint: error.hint(), source: Box::new(error) }
}
