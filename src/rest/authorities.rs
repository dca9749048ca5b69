//! `--ca FILE`: the certificates that an operator trusts.

use std::path::{Path, PathBuf};

use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

/// A file of certificates, PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorities {
    file: PathBuf,
    certificates: Vec<CertificateDer<'static>>,
}

/// A file that is no bundle of certificates.
#[derive(Debug, thiserror::Error)]
pub enum AuthoritiesError {
    /// It cannot be read.
    #[error("{}", file.display())]
    Unread {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not PEM.
    #[error("{} is not PEM", file.display())]
    NotPem {
        /// The file.
        file: PathBuf,
        /// Why.
        source: tokio_rustls::rustls::pki_types::pem::Error,
    },
    /// There is no certificate in it.
    #[error("{} has no certificate", file.display())]
    Empty {
        /// The file.
        file: PathBuf,
    },
}

impl Authorities {
    /// Reads a PEM bundle.
    ///
    /// # Errors
    /// When it cannot be read, is not PEM, or has no certificate.
    pub fn read(file: &Path) -> Result<Authorities, AuthoritiesError> {
        let text = std::fs::read(file).map_err(|source| AuthoritiesError::Unread { file: file.into(), source })?;
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
        let certificates = certificates.map_err(|source| AuthoritiesError::NotPem { file: file.into(), source })?;
        if certificates.is_empty() {
            return Err(AuthoritiesError::Empty { file: file.into() });
        }
        Ok(Authorities { file: file.into(), certificates })
    }

    /// The file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Whether this very certificate is one of them.
    pub(super) fn has(&self, certificate: &CertificateDer<'_>) -> bool {
        self.certificates.iter().any(|known| known == certificate)
    }

    /// Those that can sign; what is none is passed over.
    pub(super) fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(self.certificates.iter().cloned());
        roots
    }
}
