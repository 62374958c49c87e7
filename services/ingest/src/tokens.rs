//! Identifiers into keyed tokens, before anything is stored.
//!
//! A token is HMAC-SHA-256 under a key held outside the lake, cut to 160 bits, in lower-case
//! base 32, after the key's id: `k3vq:…`. A plain hash would not do: the UK's telephone numbers can
//! all be tried.

use crate::Error;
use arrow::array::{Array, ArrayRef, AsArray, ListBuilder, StringBuilder};
use data_encoding::{BASE32_NOPAD, HEXLOWER_PERMISSIVE};
use hmac::{Hmac, Mac};
use schemas::Pii;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::Arc;

/// The key of the tokens. Losing it means that no new event can be matched to an old one.
#[derive(Clone)]
pub struct TokenKey {
    id: String,
    key: [u8; 32],
}

const TOKEN_BYTES: usize = 20;
const CACHED_TOKENS: usize = 200_000;

impl TokenKey {
    /// Reads a key of 64 hexadecimal digits.
    ///
    /// # Errors
    /// [`Error::Key`] when the text is anything else; the text is not repeated.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let bytes = HEXLOWER_PERMISSIVE.decode(text.trim().as_bytes()).unwrap_or_default();
        let key: [u8; 32] =
            bytes.try_into().map_err(|_| Error::Key("the token key must be 64 hexadecimal digits".to_owned()))?;
        let digest = Sha256::new().chain_update(b"switchboard token key id").chain_update(key).finalize();
        Ok(Self { id: lower_base32(&digest[..3])[..4].to_owned(), key })
    }

    /// The key's id, which every token carries.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The token of an identifier, `None` for one that is blank.
    pub fn token(&self, kind: Pii, identifier: &str) -> Option<String> {
        let normal = normalised(kind, identifier)?;
        let digest = self.mac(&[purpose(kind).as_bytes(), &[0], normal.as_bytes()]);
        Some(format!("{}:{}", self.id, lower_base32(&digest[..TOKEN_BYTES])))
    }

    /// HMAC-SHA-256 of the parts, one after the other, under the key.
    pub(crate) fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes a key of any length");
        parts.iter().for_each(|part| mac.update(part));
        mac.finalize().into_bytes().into()
    }
}

impl std::fmt::Debug for TokenKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "TokenKey({})", self.id)
    }
}

/// Tokens for whole columns; identifiers seen before are not computed again.
#[derive(Debug)]
pub(crate) struct Tokeniser {
    key: TokenKey,
    seen: HashMap<(Pii, String), Option<Arc<str>>>,
}

impl Tokeniser {
    pub(crate) fn new(key: TokenKey) -> Self {
        Self { key, seen: HashMap::new() }
    }

    /// A text column of identifiers as a column of tokens.
    pub(crate) fn column(&mut self, kind: Pii, identifiers: &ArrayRef) -> ArrayRef {
        let identifiers = identifiers.as_string::<i32>();
        if identifiers.null_count() == identifiers.len() {
            return Arc::new(identifiers.clone());
        }
        let mut tokens = StringBuilder::with_capacity(identifiers.len(), identifiers.len() * 37);
        for identifier in identifiers {
            tokens.append_option(identifier.and_then(|identifier| self.token(kind, identifier)));
        }
        Arc::new(tokens.finish())
    }

    /// HMAC-SHA-256 of the parts under the key.
    pub(crate) fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        self.key.mac(parts)
    }

    fn token(&mut self, kind: Pii, identifier: &str) -> Option<Arc<str>> {
        if self.seen.len() >= CACHED_TOKENS {
            self.seen.clear();
        }
        let entry = self.seen.entry((kind, identifier.to_owned()));
        entry.or_insert_with(|| self.key.token(kind, identifier).map(Arc::from)).clone()
    }
}

/// The distinct tokens of each row over several token columns; null where there are none.
pub(crate) fn token_lists(columns: &[ArrayRef], rows: usize) -> ArrayRef {
    let element = Arc::new(arrow::datatypes::Field::new("element", arrow::datatypes::DataType::Utf8, true));
    let mut lists = ListBuilder::new(StringBuilder::new()).with_field(element);
    for row in 0..rows {
        let mut tokens: Vec<&str> = columns
            .iter()
            .map(|column| column.as_string::<i32>())
            .filter(|column| column.is_valid(row))
            .map(|column| column.value(row))
            .collect();
        tokens.sort_unstable();
        tokens.dedup();
        tokens.iter().for_each(|token| lists.values().append_value(token));
        lists.append(!tokens.is_empty());
    }
    Arc::new(lists.finish())
}

fn normalised(kind: Pii, identifier: &str) -> Option<String> {
    let trimmed = identifier.trim();
    if trimmed.is_empty() {
        return None;
    }
    Some(match kind {
        Pii::Phone => e164(trimmed),
        Pii::Email => trimmed.to_lowercase(),
        _ => trimmed.to_owned(),
    })
}

/// The number in E.164, read as one dialled in the United Kingdom; what is no number stays as it is.
fn e164(number: &str) -> String {
    match phonenumber::parse(Some(phonenumber::country::GB), number) {
        Ok(parsed) => parsed.format().mode(phonenumber::Mode::E164).to_string(),
        Err(_) => number.to_owned(),
    }
}

fn purpose(kind: Pii) -> &'static str {
    match kind {
        Pii::Phone => "phone",
        Pii::Email => "email",
        Pii::Account => "account",
        Pii::Agent => "agent",
        Pii::Name => "name",
        Pii::FreeText => "free_text",
        Pii::Location => "location",
    }
}

fn lower_base32(bytes: &[u8]) -> String {
    BASE32_NOPAD.encode(bytes).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn key() -> TokenKey {
        TokenKey::parse(&"07".repeat(32)).unwrap()
    }

    #[test]
    fn one_number_has_one_token_however_it_is_written() {
        let tokens: Vec<_> = ["01632 960123", "+441632960123", "0044 1632 960123", " (01632) 960-123 "]
            .iter()
            .map(|number| key().token(Pii::Phone, number))
            .collect();
        assert!(tokens.iter().all(|token| token == &tokens[0]), "{tokens:?}");
        assert_ne!(key().token(Pii::Phone, "01632 960124"), tokens[0]);
    }

    #[test]
    fn tokens_differ_by_key_and_by_purpose_and_carry_the_keys_id() {
        let other = TokenKey::parse(&"08".repeat(32)).unwrap();
        let token = key().token(Pii::Account, "42").unwrap();
        assert_ne!(Some(&token), other.token(Pii::Account, "42").as_ref());
        assert_ne!(Some(&token), key().token(Pii::Agent, "42").as_ref());
        assert_eq!(token.len(), 4 + 1 + 32);
        assert!(token.starts_with(&format!("{}:", key().id())));
    }

    /// HMAC-SHA-256 with key 0x07 x 32 over `account\0` `42`, worked out with Python's hmac module.
    #[test]
    fn the_token_is_the_hmac_of_purpose_and_identifier() {
        let token = key().token(Pii::Account, " 42 ").unwrap();
        assert_eq!(token.split_once(':').unwrap().1, "zs26k7wehnvstdrmhzqgaauivozv3sn2");
        assert_eq!(key().token(Pii::Account, "  "), None);
        assert_eq!(key().token(Pii::Email, "A@Example.org"), key().token(Pii::Email, "a@example.org"));
    }
}
