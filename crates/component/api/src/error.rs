//! The one error type at the component boundary.

use std::collections::HashMap;
use std::error::Error as StdError;

/// What went wrong, as far as the runtime must tell cases apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The component's metadata is wrong: retrying cannot help.
    Config,
    /// The request itself is wrong: retrying cannot help.
    Invalid,
    /// The given ETag is not the stored one, or a first write met an existing key.
    EtagMismatch,
    /// The given ETag cannot be an ETag of this store.
    EtagInvalid,
    /// The named thing does not exist in the backend.
    NotFound,
    /// The backend cannot do this operation at all.
    Unsupported,
    /// The backend could not be reached or did not answer in time: retrying may help.
    Unavailable,
    /// The backend answered with a failure.
    Failed,
}

/// A failed operation of a component: what could not be done, and why.
///
/// The message is a lower-case fragment that names the thing; it must never hold a secret.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    metadata: HashMap<String, String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of `kind` that says `message`.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), metadata: HashMap::new(), source: None }
    }

    /// Wrong component metadata.
    pub fn config(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Config, message)
    }

    /// A wrong request.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, message)
    }

    /// An operation that the backend does not have.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported, message)
    }

    /// A failure that the backend reported.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Failed, message)
    }

    /// A backend that cannot be reached.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unavailable, message)
    }

    /// An ETag that does not match the stored one.
    pub fn etag_mismatch() -> Self {
        Self::new(ErrorKind::EtagMismatch, "possible etag mismatch. error from state store: etag mismatch")
    }

    /// An ETag that this store can never have issued.
    pub fn etag_invalid(reason: impl std::fmt::Display) -> Self {
        Self::new(ErrorKind::EtagInvalid, format!("invalid etag value: {reason}"))
    }

    /// Adds the error that caused this one.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Adds response metadata that reaches the caller although the operation failed (output bindings do this).
    #[must_use]
    pub fn with_metadata(mut self, metadata: HashMap<String, String>) -> Self {
        self.metadata = metadata;
        self
    }

    /// What kind of failure this is.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Response metadata of a failed operation.
    pub fn metadata(&self) -> &HashMap<String, String> {
        &self.metadata
    }

    /// Whether the same request may succeed later.
    pub fn is_temporary(&self) -> bool {
        matches!(self.kind, ErrorKind::Unavailable | ErrorKind::Failed)
    }
}

/// The message and all its causes on one line: `could not save the key: connection refused`.
impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)?;
        let mut cause: Option<&(dyn StdError + 'static)> = self.source.as_deref().map(|source| source as _);
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl StdError for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_prints_the_chain_of_causes() {
        let error = Error::unavailable("could not reach the server").with_source("connection refused");
        assert_eq!(error.to_string(), "could not reach the server: connection refused");
    }
}
