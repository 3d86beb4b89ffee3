//! `/v1.0/state`.

use std::collections::HashMap;

use bytes::Bytes;
use http::header::{ETAG, HeaderValue, IF_MATCH};
use http::request::Parts;
use http::{Response, StatusCode};
use hyper::body::Incoming;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tender_component::Error;
use tender_component::state::{Concurrency, Consistency, DeleteRequest, SetRequest};
use tender_core::error::{ErrorCode, codes};
use tender_core::state::{BulkEntry, State, TransactionOperation};
use tender_core::{ApiError, Body};

use crate::request;
use crate::respond;

/// One item of a save, and the request of an upsert.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SaveItem<'a> {
    #[serde(default)]
    key: String,
    #[serde(borrow, default)]
    value: Option<&'a RawValue>,
    #[serde(default)]
    etag: Option<String>,
    #[serde(default)]
    metadata: Option<HashMap<String, String>>,
    #[serde(default)]
    options: Option<Options>,
    #[serde(default)]
    content_type: Option<String>,
}

#[derive(Default, Deserialize)]
struct Options {
    #[serde(default)]
    concurrency: String,
    #[serde(default)]
    consistency: String,
}

impl SaveItem<'_> {
    /// The request, whose value is a part of `body` and not a copy. A value that is not given is `null`.
    fn into_request(
        self,
        body: &Bytes,
        query_metadata: &HashMap<String, String>,
    ) -> Result<SetRequest, Error> {
        let options = self.options.unwrap_or_default();
        Ok(SetRequest {
            key: self.key,
            value: self.value.map_or(Bytes::from_static(b"null"), |raw| body.slice_ref(raw.get().as_bytes())),
            etag: self.etag,
            metadata: merged(self.metadata, query_metadata),
            concurrency: concurrency(&options.concurrency)?,
            consistency: consistency(&options.consistency)?,
            content_type: self.content_type,
        })
    }
}

/// Metadata of the body, over which that of the query wins, as at the peer.
fn merged(body: Option<HashMap<String, String>>, query: &HashMap<String, String>) -> HashMap<String, String> {
    let mut metadata = body.unwrap_or_default();
    metadata.extend(query.iter().map(|(key, value)| (key.clone(), value.clone())));
    metadata
}

fn concurrency(text: &str) -> Result<Concurrency, Error> {
    match text {
        "" | "last-write" => Ok(Concurrency::LastWrite),
        "first-write" => Ok(Concurrency::FirstWrite),
        _ => Err(Error::invalid(format!("unrecognized concurrency model '{text}'"))),
    }
}

fn consistency(text: &str) -> Result<Consistency, Error> {
    match text {
        "" => Ok(Consistency::Unspecified),
        "eventual" => Ok(Consistency::Eventual),
        "strong" => Ok(Consistency::Strong),
        _ => Err(Error::invalid(format!("unrecognized consistency model '{text}'"))),
    }
}

pub(crate) async fn get(
    state: &State,
    store: &str,
    key: &str,
    parts: &Parts,
) -> Result<Response<Body>, ApiError> {
    // As at the peer, a consistency that it does not know is no reason to refuse a read.
    let consistency =
        request::parameter(parts, "consistency").and_then(|text| consistency(&text).ok()).unwrap_or_default();
    let Some(item) = state.get(store, key, consistency, request::metadata(parts)).await? else {
        return Ok(respond::no_content());
    };
    let mut response = respond::json_bytes(item.value);
    if let Some(etag) = item.etag.and_then(|etag| HeaderValue::try_from(etag).ok()) {
        response.headers_mut().insert(ETAG, etag);
    }
    respond::add_metadata(&mut response, &item.metadata);
    Ok(response)
}

pub(crate) async fn save(
    state: &State,
    store: &str,
    parts: &Parts,
    body: Incoming,
    limit: usize,
) -> Result<Response<Body>, ApiError> {
    state.check_store(store)?;
    let refused = |cause: String| ApiError::new(&codes::MALFORMED_REQUEST, cause);
    let body = request::body(body, limit).await.map_err(refused)?;
    let items: Vec<SaveItem<'_>> =
        serde_json::from_slice(&body).map_err(|error| refused(error.to_string()))?;
    if items.is_empty() {
        return Ok(respond::no_content());
    }
    let metadata = request::metadata(parts);
    let mut requests = Vec::with_capacity(items.len());
    for item in items {
        if item.key.is_empty() {
            return Err(refused("\"key\" is a required field".to_owned()));
        }
        let request = item.into_request(&body, &metadata);
        requests.push(request.map_err(|error| {
            store_error(&codes::STATE_SAVE, format!("failed saving state in state store {store}: {error}"))
        })?);
    }
    state.save(store, requests).await?;
    Ok(respond::no_content())
}

fn store_error(code: &'static ErrorCode, message: String) -> ApiError {
    ApiError::new(code, message)
}

pub(crate) async fn delete(
    state: &State,
    store: &str,
    key: &str,
    parts: &Parts,
) -> Result<Response<Body>, ApiError> {
    state.check_store(store)?;
    let refused = |error: Error| {
        store_error(&codes::STATE_DELETE, format!("failed deleting state with key {key}: {error}"))
    };
    let parameter = |name| request::parameter(parts, name).unwrap_or_default();
    let etag = parts.headers.get(IF_MATCH).and_then(|etag| etag.to_str().ok());
    let request = DeleteRequest {
        key: key.to_owned(),
        etag: etag.map(str::to_owned),
        metadata: request::metadata(parts),
        concurrency: concurrency(&parameter("concurrency")).map_err(refused)?,
        consistency: consistency(&parameter("consistency")).map_err(refused)?,
    };
    state.delete(store, request).await?;
    Ok(respond::no_content())
}

#[derive(Deserialize)]
struct BulkGetBody {
    #[serde(default)]
    keys: Vec<String>,
    #[serde(default)]
    parallelism: i64,
    #[serde(default)]
    metadata: Option<HashMap<String, String>>,
}

#[derive(Serialize)]
struct BulkGetItem<'a> {
    key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    etag: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a HashMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl<'a> BulkGetItem<'a> {
    fn new(entry: &'a BulkEntry) -> Self {
        let mut item = Self { key: &entry.key, data: None, etag: None, metadata: None, error: None };
        match &entry.result {
            Ok(Some(found)) => {
                item.data = json_value(&found.value);
                item.etag = found.etag.as_deref();
                item.metadata = Some(&found.metadata).filter(|metadata| !metadata.is_empty());
            }
            Ok(None) => {}
            Err(error) => item.error = Some(error.to_string()),
        }
        item
    }
}

/// A stored value within a JSON document: as it is if it is JSON, else as a string. (The peer answers nothing at all
/// when one value of a bulk is not JSON.)
fn json_value(value: &Bytes) -> Option<Box<RawValue>> {
    let text = String::from_utf8_lossy(value);
    RawValue::from_string(text.clone().into_owned())
        .or_else(|_| serde_json::to_string(&text).and_then(RawValue::from_string))
        .ok()
}

pub(crate) async fn bulk_get(
    state: &State,
    store: &str,
    parts: &Parts,
    body: Incoming,
    limit: usize,
) -> Result<Response<Body>, ApiError> {
    state.check_store(store)?;
    let body: BulkGetBody = request::json(body, limit).await?;
    let metadata = merged(body.metadata, &request::metadata(parts));
    let parallelism = usize::try_from(body.parallelism).unwrap_or_default();
    let entries = state.bulk_get(store, body.keys, parallelism, &metadata).await?;
    Ok(respond::json(&entries.iter().map(BulkGetItem::new).collect::<Vec<_>>()))
}

#[derive(Deserialize)]
struct TransactionBody<'a> {
    #[serde(borrow, default)]
    operations: Vec<TransactionItem<'a>>,
    #[serde(default)]
    metadata: Option<HashMap<String, String>>,
}

#[derive(Deserialize)]
struct TransactionItem<'a> {
    #[serde(default)]
    operation: String,
    #[serde(borrow)]
    request: &'a RawValue,
}

pub(crate) async fn transact(
    state: &State,
    store: &str,
    parts: &Parts,
    body: Incoming,
    limit: usize,
) -> Result<Response<Body>, ApiError> {
    state.check_transactional(store)?;
    let body = request::body(body, limit).await.map_err(request::malformed)?;
    let transaction: TransactionBody<'_> = serde_json::from_slice(&body).map_err(request::malformed)?;
    let metadata = request::metadata(parts);
    let mut operations = Vec::with_capacity(transaction.operations.len());
    for item in transaction.operations {
        let parsed = || -> Result<SetRequest, ApiError> {
            let item: SaveItem<'_> = serde_json::from_str(item.request.get()).map_err(request::malformed)?;
            item.into_request(&body, &metadata).map_err(request::malformed)
        };
        operations.push(match item.operation.as_str() {
            "upsert" => TransactionOperation::Upsert(parsed()?),
            "delete" => {
                let SetRequest { key, etag, metadata, concurrency, consistency, .. } = parsed()?;
                TransactionOperation::Delete(DeleteRequest { key, etag, metadata, concurrency, consistency })
            }
            other => {
                let message = format!("operation type {other} not supported");
                let refused = ApiError::new(&codes::STATE_OPERATION_NOT_SUPPORTED, message);
                return Err(refused);
            }
        });
    }
    state.transact(store, operations, merged(transaction.metadata, &metadata)).await?;
    Ok(respond::status(StatusCode::NO_CONTENT, tender_core::body::empty()))
}

pub(crate) fn query(state: &State, store: &str) -> Result<Response<Body>, ApiError> {
    state.query(store).map(|()| respond::no_content())
}
