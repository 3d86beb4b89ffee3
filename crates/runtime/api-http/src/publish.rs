//! `/v1.0/publish`.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap};
use http::request::Parts;
use http::{Response, StatusCode};
use hyper::body::Incoming;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tender_core::{ApiError, Body};
use tender_pubsub::{BulkFailure, BulkPublish, PubSub, Publish, PublishEntry, TraceContext};

use crate::request;
use crate::respond;

fn header(headers: &HeaderMap, name: &str) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

fn trace(headers: &HeaderMap) -> TraceContext {
    TraceContext { parent: header(headers, "traceparent"), state: header(headers, "tracestate") }
}

pub(crate) async fn publish(
    block: &PubSub,
    pubsub: String,
    topic: String,
    parts: &Parts,
    body: Incoming,
    limit: usize,
) -> Result<Response<Body>, ApiError> {
    block.check(&pubsub, &topic)?;
    let data = request::body(body, limit).await.map_err(request::malformed)?;
    let request = Publish {
        pubsub,
        topic,
        data,
        content_type: header(&parts.headers, CONTENT_TYPE.as_str()),
        metadata: request::metadata(parts),
        trace: trace(&parts.headers),
    };
    block.publish(request).await?;
    Ok(respond::no_content())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    #[serde(default, rename = "entryId")]
    id: String,
    #[serde(borrow, default)]
    event: Option<&'a RawValue>,
    #[serde(default)]
    content_type: String,
    #[serde(default)]
    metadata: Option<HashMap<String, String>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Failures {
    failed_entries: Vec<Failure>,
    #[serde(skip_serializing_if = "str::is_empty")]
    error_code: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    entry_id: String,
    error: String,
}

pub(crate) async fn bulk_publish(
    block: &PubSub,
    pubsub: String,
    topic: String,
    parts: &Parts,
    body: Incoming,
    limit: usize,
) -> Result<Response<Body>, ApiError> {
    block.check(&pubsub, &topic)?;
    let body =
        request::body(body, limit).await.map_err(|error| block.unreadable_bulk(&pubsub, &topic, &error))?;
    let items: Vec<Entry<'_>> =
        serde_json::from_slice(&body).map_err(|error| block.unreadable_bulk(&pubsub, &topic, &error))?;
    let mut entries = Vec::with_capacity(items.len());
    for item in items {
        let data = event_bytes(item.event, &item.content_type, &body)
            .map_err(|error| block.unreadable_bulk(&pubsub, &topic, &error))?;
        entries.push(PublishEntry {
            entry_id: item.id,
            data,
            content_type: item.content_type,
            metadata: item.metadata.unwrap_or_default(),
        });
    }
    let metadata = request::metadata(parts);
    let trace = trace(&parts.headers);
    let failed = block.bulk_publish(BulkPublish { pubsub, topic, entries, metadata, trace }).await?;
    if failed.is_empty() {
        return Ok(respond::no_content());
    }
    let failed_entries =
        failed.into_iter().map(|BulkFailure { entry_id, error }| Failure { entry_id, error }).collect();
    let mut response = respond::json(&Failures { failed_entries, error_code: "ERR_PUBSUB_PUBLISH_MESSAGE" });
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    Ok(response)
}

/// The bytes of an entry's event: JSON as it stands where it is JSON; else it must be a string, in base64 where it is
/// binary.
fn event_bytes(event: Option<&RawValue>, content_type: &str, body: &Bytes) -> Result<Bytes, String> {
    let Some(raw) = event else { return Ok(Bytes::from_static(b"null")) };
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if essence == "application/json" || essence == "application/cloudevents+json" {
        return Ok(body.slice_ref(raw.get().as_bytes()));
    }
    let text: String = serde_json::from_str(raw.get())
        .map_err(|_| format!("the event of an entry with content type {content_type:?} must be a string"))?;
    if essence == "application/octet-stream" {
        return STANDARD.decode(text).map(Bytes::from).map_err(|error| error.to_string());
    }
    Ok(Bytes::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_become_the_bytes_of_their_type() {
        for (json, content_type, expected) in [
            (r#"{"a": 1.0}"#, "application/json", Some(&br#"{"a": 1.0}"#[..])),
            (r#""text""#, "text/plain", Some(b"text")),
            (r#""AP8=""#, "application/octet-stream", Some(b"\x00\xff")),
            ("1", "text/plain", None),
            (r#""?""#, "application/octet-stream", None),
        ] {
            let body = Bytes::from(json);
            let raw: &RawValue = serde_json::from_slice(&body).unwrap();
            assert_eq!(event_bytes(Some(raw), content_type, &body).ok().as_deref(), expected, "{json}");
        }
    }
}
