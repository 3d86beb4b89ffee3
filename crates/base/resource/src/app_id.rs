//! The ID of an application.

use std::fmt;
use std::str::FromStr;

/// The ID of an application as the peer takes it outside Kubernetes: not empty and without dots.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AppId(String);

impl AppId {
    /// Checks and takes an ID.
    pub fn new(id: impl Into<String>) -> Result<Self, InvalidAppId> {
        let id = id.into();
        if id.is_empty() {
            return Err(InvalidAppId::Empty);
        }
        if id.contains('.') {
            return Err(InvalidAppId::Dots);
        }
        Ok(Self(id))
    }

    /// The ID as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text is no application ID; the messages are the peer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAppId {
    /// Nothing was given.
    #[error("parameter app-id cannot be empty")]
    Empty,
    /// Dots part host names, so an ID cannot have them.
    #[error("parameter app-id cannot contain dots")]
    Dots,
}

impl FromStr for AppId {
    type Err = InvalidAppId;
    fn from_str(text: &str) -> Result<Self, InvalidAppId> {
        Self::new(text)
    }
}

impl AsRef<str> for AppId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AppId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_id_is_not_empty_and_has_no_dots() {
        assert_eq!(AppId::new("order-service").unwrap().as_str(), "order-service");
        assert_eq!(AppId::new("").unwrap_err().to_string(), "parameter app-id cannot be empty");
        assert_eq!("a.b".parse::<AppId>().unwrap_err().to_string(), "parameter app-id cannot contain dots");
    }
}
