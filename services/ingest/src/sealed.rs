//! Closes the bytes of a bad record to all but the stewards, who hold the other half of the key.

use crate::Error;
use std::str::FromStr;

/// The stewards' public key, an `age` X25519 recipient.
#[derive(Debug, Clone)]
pub struct StewardKey(age::x25519::Recipient);

impl StewardKey {
    /// Reads the key's text, `age1…`.
    ///
    /// # Errors
    /// [`Error::Key`] when it is no such key.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let recipient = age::x25519::Recipient::from_str(text.trim());
        recipient
            .map(Self)
            .map_err(|problem| Error::Key(format!("the stewards' public key is not usable: {problem}")))
    }

    pub(crate) fn seal(&self, bytes: &[u8]) -> Result<Vec<u8>, Error> {
        age::encrypt(&self.0, bytes).map_err(|error| Error::Seal(error.to_string()))
    }
}

/// The stewards' secret key, the other half: it opens what was sealed.
pub struct StewardSecret(age::x25519::Identity);

impl StewardSecret {
    /// Reads the key's text, `AGE-SECRET-KEY-1…`.
    ///
    /// # Errors
    /// [`Error::Key`] when it is no such key; the text is not repeated.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let identity = age::x25519::Identity::from_str(text.trim());
        identity
            .map(Self)
            .map_err(|problem| Error::Key(format!("the stewards' secret key is not usable: {problem}")))
    }

    /// The bytes of a quarantined record.
    ///
    /// # Errors
    /// [`Error::Seal`] when they were sealed to another key.
    pub fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        age::decrypt(&self.0, sealed).map_err(|error| Error::Seal(error.to_string()))
    }
}
