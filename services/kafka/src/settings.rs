//! The settings under `[kafka]` that say how to get to the cluster. An empty one is not set.
//!
//! What contradicts itself is refused, so that nobody sends a password in the clear who believes that it
//! goes by TLS. A password never stands in the settings, but in a file that only its owner may read.

#[cfg(test)]
mod tests;

use crate::{Access, Error, Identity, Login, Mechanism, Password, Security, Tls};
use serde::Deserialize;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// As the operator wrote them.
#[derive(Debug, Clone, Deserialize)]
pub struct Settings {
    /// Bootstrap addresses, `host:port`, commas between them.
    pub brokers: String,
    /// How a connection is secured.
    pub security: SecurityKind,
    /// How a password is proved.
    pub sasl_mechanism: Mechanism,
    /// Whose password it is.
    pub username: String,
    /// The file of the password.
    pub password_file: PathBuf,
    /// The authority whose signature under the broker's certificate is trusted, PEM.
    pub ca_file: PathBuf,
    /// Our own certificate, PEM.
    pub certificate_file: PathBuf,
    /// Its key, PEM.
    pub key_file: PathBuf,
}

/// How a connection is secured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecurityKind {
    /// Not at all.
    Plaintext,
    /// By TLS; we are known by our certificate.
    Tls,
    /// By TLS; we are known by our password.
    SaslTls,
}

impl SecurityKind {
    fn name(self) -> &'static str {
        match self {
            Self::Plaintext => "plaintext",
            Self::Tls => "tls",
            Self::SaslTls => "sasl_tls",
        }
    }
}

impl Settings {
    /// For brokers that ask nobody who he is.
    pub fn plaintext(brokers: impl Into<String>) -> Self {
        Self {
            brokers: brokers.into(),
            security: SecurityKind::Plaintext,
            sasl_mechanism: Mechanism::ScramSha512,
            username: String::new(),
            password_file: PathBuf::new(),
            ca_file: PathBuf::new(),
            certificate_file: PathBuf::new(),
            key_file: PathBuf::new(),
        }
    }

    /// Checks them and reads the password.
    ///
    /// # Errors
    /// [`Error::Settings`] if they contradict each other, or name a file that cannot be read or that others
    /// can read too.
    pub fn access(&self) -> Result<Access, Error> {
        self.contradiction().map_or(Ok(()), |told| Err(Error::Settings(told)))?;
        for (name, file) in [("ca_file", &self.ca_file), ("certificate_file", &self.certificate_file)] {
            given(file).map_or(Ok(()), |file| {
                File::open(file).map(drop).map_err(|error| unreadable(name, file, &error))
            })?;
        }
        given(&self.key_file).map_or(Ok(()), |file| private("key_file", file).map(drop))?;
        let ours = given(&self.certificate_file).zip(given(&self.key_file));
        let identity = ours.map(|(certificate, key)| Identity {
            certificate_file: certificate.to_owned(),
            key_file: key.to_owned(),
        });
        let tls = Tls { ca_file: given(&self.ca_file).map(Path::to_owned), identity };
        let security = match self.security {
            SecurityKind::Plaintext => Security::Plaintext,
            SecurityKind::Tls => Security::Tls(tls),
            SecurityKind::SaslTls => {
                let text = private("password_file", &self.password_file)?;
                let password = Password::new(text.trim_end_matches(['\r', '\n']));
                Security::SaslTls(
                    tls,
                    Login { mechanism: self.sasl_mechanism, username: self.username.clone(), password },
                )
            }
        };
        Ok(Access { brokers: self.brokers.clone(), security })
    }

    /// What does not fit together, as a sentence.
    fn contradiction(&self) -> Option<String> {
        let kind = self.security.name();
        let of_login =
            [("username", !self.username.is_empty()), ("password_file", given(&self.password_file).is_some())];
        let of_tls = [
            ("ca_file", given(&self.ca_file).is_some()),
            ("certificate_file", given(&self.certificate_file).is_some()),
            ("key_file", given(&self.key_file).is_some()),
        ];
        let first = |settings: &[(&'static str, bool)], is_set: bool| {
            settings.iter().find(|setting| setting.1 == is_set).map(|setting| setting.0)
        };
        let useless = match self.security {
            SecurityKind::Plaintext => first(&of_tls, true).or(first(&of_login, true)),
            SecurityKind::Tls => first(&of_login, true),
            SecurityKind::SaslTls => None,
        };
        if let Some(name) = useless {
            let remedy = if of_login.iter().any(|(login, _)| *login == name) { "sasl_tls" } else { "tls" };
            return Some(format!(
                "`kafka.{name}` is set and `kafka.security` is \"{kind}\", which has no use for it; set \
                 `kafka.security` to \"{remedy}\", or leave `kafka.{name}` empty"
            ));
        }
        if self.security == SecurityKind::SaslTls
            && let Some(name) = first(&of_login, false)
        {
            return Some(format!("`kafka.security` is \"{kind}\" and needs `kafka.{name}`, which is empty"));
        }
        match (of_tls[1].1, of_tls[2].1) {
            (true, false) => Some("`kafka.certificate_file` needs its key: set `kafka.key_file`".to_owned()),
            (false, true) => {
                Some("`kafka.key_file` needs its certificate: set `kafka.certificate_file`".to_owned())
            }
            _ => None,
        }
    }
}

fn given(file: &Path) -> Option<&Path> {
    (!file.as_os_str().is_empty()).then_some(file)
}

/// The text of a file that only its owner may read.
fn private(name: &str, file: &Path) -> Result<String, Error> {
    let found =
        fs::metadata(file).and_then(|found| Ok((found.permissions().mode() & 0o777, fs::read_to_string(file)?)));
    let (mode, text) = found.map_err(|error| unreadable(name, file, &error))?;
    if mode & 0o077 != 0 {
        let file = file.display();
        return Err(Error::Settings(format!(
            "`kafka.{name}` {file} can be read by others (mode {mode:o}): chmod 600 it"
        )));
    }
    Ok(text)
}

fn unreadable(name: &str, file: &Path, error: &std::io::Error) -> Error {
    Error::Settings(format!("cannot read `kafka.{name}` {}: {error}", file.display()))
}
