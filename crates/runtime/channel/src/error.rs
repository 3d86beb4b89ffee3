//! A call that did not reach its answer.

use std::fmt;
use std::io;
use std::sync::Arc;

use tender_core::body::BodyError;

/// Why a call has no response. The text is for people; programs ask the predicates.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CallError {
    /// No connection. Nothing of the request was sent.
    #[error("dial tcp {address}: {reason}")]
    Connect {
        /// `host:port`.
        address: String,
        /// What the system or TLS said, without numbers of errors.
        reason: String,
    },
    /// The app failed its health probes, so it is not called.
    #[error("rpc error: code = Internal desc = app is not in a healthy state")]
    Unhealthy,
    /// The request itself cannot be sent.
    #[error("{0}")]
    Request(String),
    /// The connection broke before the response began.
    #[error("{0}")]
    Broken(Cause),
    /// The other side ended the HTTP/2 stream before the response began.
    #[error("stream ended with {0}")]
    Reset(::h2::Reason),
    /// The other side refused the request before it looked at it: it is safe to send it again.
    #[error("connection is going away")]
    Refused,
}

impl CallError {
    /// Whether it is certain that the other side did nothing with the request.
    pub fn never_sent(&self) -> bool {
        matches!(self, Self::Connect { .. } | Self::Refused)
    }

    pub(crate) fn connect(address: &str, error: &io::Error) -> Self {
        Self::Connect { address: address.to_owned(), reason: connect_reason(error) }
    }

    pub(crate) fn broken(error: impl Into<BodyError>) -> Self {
        Self::Broken(Cause(Arc::from(error.into())))
    }
}

/// What broke a connection. Prints the whole chain of causes.
#[derive(Clone, Debug)]
pub struct Cause(Arc<dyn std::error::Error + Send + Sync>);

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

/// The words that people search for, as the peer has them.
fn connect_reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connect: connection refused".to_owned(),
        io::ErrorKind::TimedOut => "i/o timeout".to_owned(),
        io::ErrorKind::HostUnreachable => "connect: no route to host".to_owned(),
        io::ErrorKind::NetworkUnreachable => "connect: network is unreachable".to_owned(),
        _ => error.to_string(),
    }
}

impl From<::h2::Error> for CallError {
    fn from(error: ::h2::Error) -> Self {
        match error.reason() {
            Some(::h2::Reason::REFUSED_STREAM) => Self::Refused,
            Some(::h2::Reason::NO_ERROR) if error.is_go_away() => Self::Refused,
            Some(reason) if error.is_reset() => Self::Reset(reason),
            _ => Self::broken(error),
        }
    }
}
