//! The state errors of the peer.

use http::StatusCode;
use tender_component::{Error, ErrorKind};
use tonic::Code;

use super::keys::IllegalKey;
use crate::error::{ApiError, Detail, ErrorCode, codes};

pub(super) fn not_configured(store: &str, app_id: &str) -> ApiError {
    ApiError::new(&codes::STATE_STORE_NOT_CONFIGURED, format!("state store {store} is not configured"))
        .with_info(app(app_id))
}

pub(super) fn not_found(store: &str, app_id: &str) -> ApiError {
    ApiError::new(&codes::STATE_STORE_NOT_FOUND, format!("state store {store} is not found"))
        .with_info(app(app_id))
}

fn app(app_id: &str) -> Option<(&str, &str)> {
    (!app_id.is_empty()).then_some(("appID", app_id))
}

pub(super) fn illegal_key(store: &str, key: &str, error: &IllegalKey) -> ApiError {
    let description = error.to_string();
    ApiError::new(&codes::STATE_ILLEGAL_KEY, description.clone())
        .with_detail(Detail::FieldViolation { field: key.to_owned(), description })
        .with_detail(resource(store))
        .with_info(nothing())
}

pub(super) fn transactions_not_supported(store: &str) -> ApiError {
    ApiError::new(
        &codes::STATE_TRANSACTIONS_NOT_SUPPORTED,
        format!("state store {store} doesn't support transactions"),
    )
    .with_detail(Detail::Help {
        url: "https://docs.dapr.io/reference/components-reference/supported-state-stores/",
        description: "Check the list of state stores and the features they support",
    })
    .with_detail(resource(store))
    .with_info(nothing())
}

pub(super) fn too_many_operations(store: &str, count: usize, max: usize) -> ApiError {
    let message = format!(
        "the transaction contains {count} operations, which is more than what the state store supports: {max}"
    );
    ApiError::new(&codes::STATE_TOO_MANY_TRANSACTIONS, message)
        .with_detail(resource(store))
        .with_info([("currentOpsTransaction", count.to_string()), ("maxOpsPerTransaction", max.to_string())])
}

pub(super) fn query_not_supported(store: &str) -> ApiError {
    ApiError::new(&codes::STATE_QUERY_NOT_SUPPORTED, "state store does not support querying")
        .with_detail(resource(store))
        .with_info(nothing())
}

/// A failure of the store itself. ETag failures have statuses of their own.
pub(super) fn failed(code: &'static ErrorCode, message: String, error: &Error) -> ApiError {
    let failure = ApiError::new(code, message).tagged();
    match error.kind() {
        ErrorKind::EtagMismatch => failure.with_status(StatusCode::CONFLICT, Code::Aborted),
        ErrorKind::EtagInvalid => failure.with_status(StatusCode::BAD_REQUEST, Code::InvalidArgument),
        _ => failure,
    }
}

fn resource(store: &str) -> Detail {
    Detail::ResourceInfo { resource_type: "state", name: store.to_owned(), description: String::new() }
}

fn nothing() -> [(String, String); 0] {
    []
}
