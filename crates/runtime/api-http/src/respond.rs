//! Answers.

use std::collections::HashMap;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use serde::Serialize;
use tender_core::ApiError;
use tender_core::body::{Body, empty, full};
use tender_core::error::codes;

pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// 204 without a body.
pub(crate) fn no_content() -> Response<Body> {
    status(StatusCode::NO_CONTENT, empty())
}

/// A status and a body, without a content type.
pub(crate) fn status(status: StatusCode, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}

/// 200 with bytes that are JSON already.
pub(crate) fn json_bytes(bytes: impl Into<Bytes>) -> Response<Body> {
    with_json(StatusCode::OK, bytes)
}

fn with_json(code: StatusCode, bytes: impl Into<Bytes>) -> Response<Body> {
    let mut response = status(code, full(bytes));
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response
}

/// 200 with a value as JSON.
pub(crate) fn json(value: &impl Serialize) -> Response<Body> {
    match serde_json::to_vec(value) {
        Ok(bytes) => json_bytes(bytes),
        Err(cause) => {
            error(&ApiError::new(&codes::INTERNAL, format!("failed to encode response as JSON: {cause}")))
        }
    }
}

/// An error, as the peer words it.
pub(crate) fn error(error: &ApiError) -> Response<Body> {
    tracing::debug!(target: "dapr.runtime.http", "{error}");
    with_json(error.http_status(), error.to_json())
}

/// Plain text, as the peer answers where no building block was reached.
pub(crate) fn text(code: StatusCode, text: impl Into<Bytes>) -> Response<Body> {
    let mut response = status(code, full(text));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

/// Adds response metadata as headers `metadata.<key>`. What cannot be a header is left out.
pub(crate) fn add_metadata(response: &mut Response<Body>, metadata: &HashMap<String, String>) {
    for (key, value) in metadata {
        let name = HeaderName::try_from(format!("metadata.{key}"));
        if let (Ok(name), Ok(value)) = (name, HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
}
