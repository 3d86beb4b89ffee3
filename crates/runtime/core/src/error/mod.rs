//! The one error of the APIs, and its two wire forms.
//!
//! A building block returns an [`ApiError`]: the peer's code, its message, an HTTP status and a gRPC code, and details
//! where the peer gives them. [`wire`] is the only place that knows how it looks as JSON or as a gRPC status.

pub mod codes;
mod wire;

use std::collections::BTreeMap;

use http::StatusCode;
use tonic::Code;

pub use codes::ErrorCode;

/// One machine-readable detail of an error (`google.rpc.*`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Why, in a word that programs can compare, with what belongs to it.
    ErrorInfo {
        /// Such as `DAPR_STATE_NOT_FOUND`.
        reason: &'static str,
        /// Such as the app ID.
        metadata: BTreeMap<String, String>,
    },
    /// Which resource it is about.
    ResourceInfo {
        /// Such as `state` or `pubsub`.
        resource_type: &'static str,
        /// The component's name.
        name: String,
        /// What was wrong with it; may be empty.
        description: String,
    },
    /// Which field of the request was wrong.
    FieldViolation {
        /// The field.
        field: String,
        /// What was wrong with it.
        description: String,
    },
    /// Where to read more.
    Help {
        /// The address.
        url: &'static str,
        /// What is there.
        description: &'static str,
    },
}

/// A request that could not be served.
///
/// `Display` is the message alone, as both APIs show it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    code: &'static ErrorCode,
    message: String,
    http: StatusCode,
    grpc: Code,
    details: Vec<Detail>,
    /// Whether gRPC callers get an `ErrorInfo` whose reason is the tag, though HTTP callers get no details.
    tagged: bool,
}

impl ApiError {
    /// An error with the statuses that usually go with `code`.
    pub fn new(code: &'static ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            http: code.http,
            grpc: code.grpc,
            details: Vec::new(),
            tagged: false,
        }
    }

    /// Replaces the usual statuses.
    #[must_use]
    pub fn with_status(mut self, http: StatusCode, grpc: Code) -> Self {
        (self.http, self.grpc) = (http, grpc);
        self
    }

    /// Adds the `ErrorInfo` that rich errors carry, with the reason of their code.
    #[must_use]
    pub fn with_info<K: Into<String>, V: Into<String>>(
        self,
        metadata: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let reason = self.code.reason;
        let metadata = metadata.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
        self.with_detail(Detail::ErrorInfo { reason, metadata })
    }

    /// Gives gRPC callers an `ErrorInfo` with the tag as its reason, as the peer does for failures of a component.
    #[must_use]
    pub fn tagged(mut self) -> Self {
        self.tagged = true;
        self
    }

    /// Adds a detail.
    #[must_use]
    pub fn with_detail(mut self, detail: Detail) -> Self {
        self.details.push(detail);
        self
    }

    /// The code, for metrics and the JSON form.
    pub fn code(&self) -> &'static ErrorCode {
        self.code
    }

    /// The message.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The HTTP status.
    pub fn http_status(&self) -> StatusCode {
        self.http
    }

    /// The gRPC code.
    pub fn grpc_code(&self) -> Code {
        self.grpc
    }

    /// An API that exists at the peer and is not built here yet. It names itself.
    pub fn unimplemented(api: &str) -> Self {
        Self::new(
            &codes::API_UNIMPLEMENTED,
            format!("unimplemented: {api} is not built into this version of tender"),
        )
    }
}
