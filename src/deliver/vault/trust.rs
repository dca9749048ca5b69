//! Whose certificates a server may show.

use std::fs;
use std::path::{Path, PathBuf};

use ureq::tls::{Certificate, PemItem, parse_pem};

use super::error::VaultError;

/// CA certificates in PEM; what this system trusts where none are named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Trust {
    /// A file of them.
    pub(super) file: Option<PathBuf>,
    /// A directory of such files.
    pub(super) directory: Option<PathBuf>,
}

impl Trust {
    /// Fails when a named file or directory cannot be read, or holds no certificate.
    pub(super) fn certificates(&self) -> Result<Vec<Certificate<'static>>, VaultError> {
        let mut all = Vec::new();
        if let Some(path) = &self.file {
            all.extend(of_file(path)?);
        }
        if let Some(directory) = &self.directory {
            all.extend(of_directory(directory)?);
        }
        let named = self.file.as_ref().or(self.directory.as_ref());
        match named {
            Some(path) if all.is_empty() => Err(VaultError::NoCertificate { path: path.clone() }),
            Some(_) => Ok(all),
            None => Ok(of_system()),
        }
    }
}

fn of_file(path: &Path) -> Result<Vec<Certificate<'static>>, VaultError> {
    let text = fs::read(path).map_err(unreadable("CA file", path))?;
    let found: Vec<_> = certificates(&text);
    if found.is_empty() { Err(VaultError::NoCertificate { path: path.to_owned() }) } else { Ok(found) }
}

/// Files without a certificate in them are passed over: such directories have others' files too.
fn of_directory(directory: &Path) -> Result<Vec<Certificate<'static>>, VaultError> {
    let entries = fs::read_dir(directory).map_err(unreadable("CA directory", directory))?;
    let texts = entries.flatten().filter_map(|entry| fs::read(entry.path()).ok());
    Ok(texts.flat_map(|text| certificates(&text)).collect())
}

fn certificates(text: &[u8]) -> Vec<Certificate<'static>> {
    let items = parse_pem(text).filter_map(Result::ok);
    let certificate = |item| match item {
        PemItem::Certificate(certificate) => Some(certificate),
        _ => None,
    };
    items.filter_map(certificate).collect()
}

/// `SSL_CERT_FILE`, `SSL_CERT_DIR`, or where this system keeps them. None at all trusts nobody, which the first connection
/// says.
fn of_system() -> Vec<Certificate<'static>> {
    let found = rustls_native_certs::load_native_certs();
    found.certs.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).collect()
}

fn unreadable(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> VaultError {
    move |source| VaultError::File { what, path: path.to_owned(), source }
}
