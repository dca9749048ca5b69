//! A string that must not be seen: an API key, a password, a passphrase.
//!
//! A [`Secret`] has no `Display`, `Clone`, `Serialize` or `PartialEq`; its `Debug` is a mark; its memory is wiped when
//! it goes. It is made in one place ([`Secret::new`]) and read in one place ([`Secret::expose`]), so that
//! `grep -rn 'expose()' src` is the whole list of places where a secret leaves its wrapper.

use std::fmt;

use zeroize::Zeroizing;

/// A key or a password: wiped on drop, never printed.
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Wraps `text`; the caller must not keep a copy.
    pub fn new(text: impl Into<String>) -> Self {
        Secret(Zeroizing::new(text.into()))
    }

    /// Whether there is no text at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text itself. Every caller of this is a place where the secret leaves: keep them few.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
