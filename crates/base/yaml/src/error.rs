//! Why a text is not YAML.

use crate::Position;

/// Why a document cannot be read, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}", line = .position.line)]
pub struct Error {
    /// What is wrong, without the place.
    pub message: String,
    /// Where it was noticed.
    pub position: Position,
}

impl Error {
    pub(crate) fn new(position: Position, message: impl Into<String>) -> Self {
        Self { message: message.into(), position }
    }
}
