//! Reading what a request carries besides its path.

use std::collections::HashMap;

use bytes::Bytes;
use http::request::Parts;
use hyper::body::Incoming;
use serde::de::DeserializeOwned;
use tender_core::ApiError;
use tender_core::body::collect;
use tender_core::error::codes;

const METADATA_PREFIX: &str = "metadata.";

/// The query parameters `metadata.<key>`. Of several with one key the first counts.
pub(crate) fn metadata(parts: &Parts) -> HashMap<String, String> {
    let mut metadata = HashMap::new();
    for (name, value) in query(parts) {
        if let Some(key) = name.strip_prefix(METADATA_PREFIX) {
            metadata.entry(key.to_owned()).or_insert_with(|| value.into_owned());
        }
    }
    metadata
}

/// The first query parameter of a name.
pub(crate) fn parameter(parts: &Parts, name: &str) -> Option<String> {
    query(parts).find_map(|(key, value)| (key == name).then(|| value.into_owned()))
}

fn query(parts: &Parts) -> form_urlencoded::Parse<'_> {
    form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes())
}

/// The whole body, at most `limit` bytes of it.
pub(crate) async fn body(incoming: Incoming, limit: usize) -> Result<Bytes, String> {
    collect(incoming, limit).await.map_err(|error| error.to_string())
}

/// The body as JSON, refused as the peer refuses it.
pub(crate) async fn json<T: DeserializeOwned>(incoming: Incoming, limit: usize) -> Result<T, ApiError> {
    let bytes = body(incoming, limit).await.map_err(malformed)?;
    serde_json::from_slice(&bytes).map_err(malformed)
}

/// A body that is not what it should be.
pub(crate) fn malformed(cause: impl std::fmt::Display) -> ApiError {
    ApiError::new(&codes::MALFORMED_REQUEST, format!("failed deserializing HTTP body: {cause}"))
}
