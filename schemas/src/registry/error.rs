//! What a registry cannot or will not do, in a sentence each.

/// What a registry cannot or will not do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// The address is none, or no client can be made for it.
    #[error(
        "`{address}` cannot be used as the address of a schema registry ({problem}); give one such as \
         http://127.0.0.1:8081"
    )]
    Address {
        /// What was given, without a password.
        address: String,
        /// What is wrong.
        problem: String,
    },
    /// It does not answer, or not now; ask again later.
    #[error("the schema registry at {registry} does not answer: {problem}")]
    Outage {
        /// Its address.
        registry: String,
        /// What happened.
        problem: String,
    },
    /// It asks for other credentials; mend them.
    #[error(
        "the schema registry at {registry} refuses to answer (status {status}); give a user and a password that it \
         takes: `schemas.username`, `schemas.password_file`"
    )]
    Denied {
        /// Its address.
        registry: String,
        /// The HTTP status.
        status: u16,
    },
    /// It has no such thing.
    #[error("the schema registry has no {asked}")]
    Absent {
        /// What was asked for.
        asked: String,
    },
    /// It does not take the schema, mostly because it is not compatible with the one before.
    #[error("the schema registry refuses {asked} (status {status}): {message}")]
    Refused {
        /// What was asked for.
        asked: String,
        /// The HTTP status.
        status: u16,
        /// What it says.
        message: String,
    },
    /// The schema leans on others.
    #[error(
        "{asked} uses schema references ({names}), which Switchboard does not read; register one schema that \
         holds all its types"
    )]
    References {
        /// What was asked for.
        asked: String,
        /// The names of the references.
        names: String,
    },
    /// The schema is of another language.
    #[error("{asked} is a {kind} schema, and only Avro is read")]
    NotAvro {
        /// What was asked for.
        asked: String,
        /// Its language.
        kind: String,
    },
    /// What answers is no registry.
    #[error("what answers at {registry} to the question for {asked} is no schema registry: {problem}")]
    Foreign {
        /// The address.
        registry: String,
        /// What was asked for.
        asked: String,
        /// What was wrong with the answer.
        problem: String,
    },
}

impl RegistryError {
    /// Whether the answer can be another one later, without a change of the schema.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Outage { .. } | Self::Denied { .. } | Self::Absent { .. } | Self::Foreign { .. } => true,
            Self::Address { .. } | Self::Refused { .. } | Self::References { .. } | Self::NotAvro { .. } => false,
        }
    }
}
