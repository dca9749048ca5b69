//! Asking a FortiGate's REST API whether a key works.
//!
//! The way is that of the key: a stream to the device that somebody else opened, TLS on it ([`Handshake`]), a judgement of
//! what certificate was shown ([`Trust::judge`]), and only then one request with the key ([`Trusted::ask`]). A
//! [`Handshake`] cannot ask anything, so that a key never reaches a certificate that nobody has judged.
//!
//! | file | owns |
//! |---|---|
//! | `handshake` | TLS up to the certificate |
//! | `presented` | what a certificate says, in the terms in which FortiOS prints it |
//! | `names` | distinguished names, of a certificate and as printed |
//! | `likeness` | whether a certificate is the one that was printed over SSH |
//! | `fingerprint`, `authorities` | `--tls-fingerprint`, `--ca` |
//! | `trust` | the judgement, without I/O |
//! | `ask` | the one request, and what its answer says |

mod ask;
mod authorities;
mod fingerprint;
mod handshake;
mod likeness;
mod names;
mod presented;
mod trust;

pub use ask::{Answer, AskError, Trusted};
pub use authorities::{Authorities, AuthoritiesError};
pub use fingerprint::{Fingerprint, FingerprintError};
pub use handshake::{Handshake, HandshakeError};
pub use likeness::Strength;
pub use names::Attributes;
pub use presented::Presented;
pub use tokio_rustls::rustls::pki_types::ServerName;
pub use trust::{Assurance, CertificateFault, Learned, OutOfDate, Recognised, Trust};
