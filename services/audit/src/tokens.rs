//! Tokens and coarse places, worked out a second time from the rules.
//!
//! A token is `<key id>:<32 letters>`: HMAC-SHA-256 under the key over the purpose, a zero byte and
//! the normalised identifier, its first 20 bytes in lower-case base 32. The key's id is the first 4
//! letters of base 32 over SHA-256 of `switchboard token key id` and the key.

use crate::Error;
use data_encoding::{BASE32_NOPAD, HEXLOWER_PERMISSIVE};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt;

/// The key of the tokens, with the tokens worked out lately.
pub struct TokenKey {
    id: String,
    key: Vec<u8>,
    seen: HashMap<(&'static str, String), Option<String>>,
}

const KEY_BYTES: usize = 32;
const TOKEN_BYTES: usize = 20;
const SEEN_AT_MOST: usize = 50_000;

impl fmt::Debug for TokenKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "TokenKey({})", self.id)
    }
}

impl TokenKey {
    /// Reads a key of 64 hexadecimal digits.
    ///
    /// # Errors
    /// [`Error::Key`] when the text is anything else.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let key = HEXLOWER_PERMISSIVE.decode(text.trim().as_bytes()).unwrap_or_default();
        if key.len() != KEY_BYTES {
            return Err(Error::Key);
        }
        let digest = Sha256::digest([b"switchboard token key id".as_slice(), &key].concat());
        let id = BASE32_NOPAD.encode(&digest).to_lowercase()[..4].to_owned();
        Ok(Self { id, key, seen: HashMap::new() })
    }

    /// The token of an identifier; none of a blank one. `purpose` is the mark of its field.
    pub(crate) fn token(&mut self, purpose: &'static str, identifier: String) -> Option<String> {
        if self.seen.len() >= SEEN_AT_MOST {
            self.seen.clear();
        }
        if let Some(known) = self.seen.get(&(purpose, identifier.clone())) {
            return known.clone();
        }
        let token = normal(purpose, &identifier).map(|normal| {
            let digest = self.mac(&[purpose.as_bytes(), &[0], normal.as_bytes()]);
            format!("{}:{}", self.id, BASE32_NOPAD.encode(&digest[..TOKEN_BYTES]).to_lowercase())
        });
        self.seen.insert((purpose, identifier), token.clone());
        token
    }

    /// HMAC-SHA-256 under the key.
    pub(crate) fn mac(&self, parts: &[&[u8]]) -> Vec<u8> {
        // A key of any length will do for an HMAC.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) else { return Vec::new() };
        parts.iter().for_each(|part| mac.update(part));
        mac.finalize().into_bytes().to_vec()
    }
}

fn normal(purpose: &str, identifier: &str) -> Option<String> {
    let identifier = identifier.trim();
    if identifier.is_empty() {
        return None;
    }
    let british = Some(phonenumber::country::GB);
    Some(match purpose {
        "phone" => match phonenumber::parse(british, identifier) {
            Ok(number) => number.format().mode(phonenumber::Mode::E164).to_string(),
            Err(_) => identifier.to_owned(),
        },
        "email" => identifier.to_lowercase(),
        _ => identifier.to_owned(),
    })
}

/// A place in units of 1/10,000 degree, to 1/100 degree; halves go away from zero.
pub(crate) fn coarse(units: i128) -> i128 {
    let hundredths = (units.abs() + 50) / 100;
    hundredths * 100 * units.signum()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    /// Worked out with Python: `hmac.new(b'\x07' * 32, b'account\0' + b'42', 'sha256')`, and
    /// `hashlib.sha256(b'switchboard token key id' + b'\x07' * 32)`.
    #[test]
    fn a_token_is_what_the_rules_say() {
        let mut key = TokenKey::parse(&"07".repeat(32)).unwrap();
        let token = key.token("account", " 42 ".to_owned()).unwrap();
        assert_eq!(token, "iss3:zs26k7wehnvstdrmhzqgaauivozv3sn2");
        assert_eq!(key.token("account", "  ".to_owned()), None);
        assert_ne!(key.token("agent", "42".to_owned()), Some(token));
    }

    #[test]
    fn telephone_numbers_and_addresses_are_made_alike_first() {
        let mut key = TokenKey::parse(&"07".repeat(32)).unwrap();
        let mut token = |purpose, text: &str| key.token(purpose, text.to_owned());
        assert_eq!(token("phone", "01632 960123"), token("phone", "+44 1632 960 123"));
        assert_ne!(token("phone", "01632 960123"), token("phone", "01632 960124"));
        assert_eq!(token("email", "A@Example.org"), token("email", "a@example.org "));
        assert_ne!(token("account", "A"), token("account", "a"));
    }

    #[test]
    fn a_key_of_another_length_is_refused() {
        assert!(TokenKey::parse("07").is_err() && TokenKey::parse(&"zz".repeat(32)).is_err());
    }

    #[test]
    fn places_are_rounded_half_away_from_zero() {
        let pairs = [(51_2349, 51_2300), (51_2350, 51_2400), (-5750, -5800), (-5749, -5700), (-49, 0), (0, 0)];
        assert!(pairs.iter().all(|(exact, kept)| coarse(*exact) == *kept));
    }
}
