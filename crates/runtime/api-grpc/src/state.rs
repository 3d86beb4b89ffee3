//! State, between the wire's messages and the building block.

use std::collections::HashMap;

use serde::de::IgnoredAny;
use tender_component::state::{Concurrency, Consistency, DeleteRequest, SetRequest};
use tender_core::ApiError;
use tender_core::error::codes;
use tender_core::state::{State, TransactionOperation};
use tender_proto::common::v1::{StateItem, StateOptions, state_options};
use tender_proto::runtime::v1 as wire;
use tonic::Status;

fn consistency(value: i32) -> Consistency {
    match state_options::StateConsistency::try_from(value) {
        Ok(state_options::StateConsistency::ConsistencyStrong) => Consistency::Strong,
        Ok(state_options::StateConsistency::ConsistencyEventual) => Consistency::Eventual,
        _ => Consistency::Unspecified,
    }
}

fn concurrency(value: i32) -> Concurrency {
    match state_options::StateConcurrency::try_from(value) {
        Ok(state_options::StateConcurrency::ConcurrencyFirstWrite) => Concurrency::FirstWrite,
        _ => Concurrency::LastWrite,
    }
}

/// The item as a write. A value that calls itself JSON must be JSON.
fn set_request(item: StateItem) -> Result<SetRequest, Status> {
    let content_type = item.metadata.get("contentType").cloned();
    if content_type.as_deref() == Some("application/json")
        && let Err(error) = serde_json::from_slice::<IgnoredAny>(&item.value)
    {
        return Err(Status::unknown(format!("the value of key {:?} is not JSON: {error}", item.key)));
    }
    let options = item.options.unwrap_or_default();
    Ok(SetRequest {
        key: item.key,
        value: item.value,
        etag: item.etag.map(|etag| etag.value),
        metadata: item.metadata,
        concurrency: concurrency(options.concurrency),
        consistency: consistency(options.consistency),
        content_type,
    })
}

fn delete_request(
    key: String,
    etag: Option<tender_proto::common::v1::Etag>,
    options: Option<StateOptions>,
    metadata: HashMap<String, String>,
) -> DeleteRequest {
    let options = options.unwrap_or_default();
    DeleteRequest {
        key,
        etag: etag.map(|etag| etag.value),
        metadata,
        concurrency: concurrency(options.concurrency),
        consistency: consistency(options.consistency),
    }
}

fn delete_item(item: StateItem) -> DeleteRequest {
    delete_request(item.key, item.etag, item.options, item.metadata)
}

pub(crate) async fn get(
    state: &State,
    request: wire::GetStateRequest,
) -> Result<wire::GetStateResponse, Status> {
    let freshness = consistency(request.consistency);
    let found = state.get(&request.store_name, &request.key, freshness, request.metadata).await?;
    Ok(found.map_or_else(wire::GetStateResponse::default, |item| wire::GetStateResponse {
        data: item.value,
        etag: item.etag.unwrap_or_default(),
        metadata: item.metadata,
    }))
}

pub(crate) async fn get_bulk(
    state: &State,
    request: wire::GetBulkStateRequest,
) -> Result<wire::GetBulkStateResponse, Status> {
    let parallelism = usize::try_from(request.parallelism).unwrap_or_default();
    let entries = state.bulk_get(&request.store_name, request.keys, parallelism, &request.metadata).await?;
    let items = entries.into_iter().map(|entry| match entry.result {
        Ok(Some(item)) => wire::BulkStateItem {
            key: entry.key,
            data: item.value,
            etag: item.etag.unwrap_or_default(),
            metadata: item.metadata,
            error: String::new(),
        },
        Ok(None) => wire::BulkStateItem { key: entry.key, ..Default::default() },
        Err(error) => wire::BulkStateItem { key: entry.key, error: error.to_string(), ..Default::default() },
    });
    Ok(wire::GetBulkStateResponse { items: items.collect() })
}

pub(crate) async fn save(state: &State, request: wire::SaveStateRequest) -> Result<(), Status> {
    state.check_store(&request.store_name)?;
    if request.states.is_empty() {
        return Ok(());
    }
    if request.states.iter().any(|item| item.key.is_empty()) {
        let error = ApiError::new(&codes::STATE_SAVE, "state key cannot be empty")
            .with_status(http::StatusCode::BAD_REQUEST, tonic::Code::InvalidArgument)
            .tagged();
        return Err(error.into());
    }
    let requests = request.states.into_iter().map(set_request).collect::<Result<_, _>>()?;
    Ok(state.save(&request.store_name, requests).await?)
}

pub(crate) async fn delete(state: &State, request: wire::DeleteStateRequest) -> Result<(), Status> {
    let wire::DeleteStateRequest { store_name, key, etag, options, metadata } = request;
    Ok(state.delete(&store_name, delete_request(key, etag, options, metadata)).await?)
}

pub(crate) async fn delete_bulk(state: &State, request: wire::DeleteBulkStateRequest) -> Result<(), Status> {
    state.check_store(&request.store_name)?;
    if request.states.is_empty() {
        return Ok(());
    }
    Ok(state.delete_bulk(&request.store_name, request.states.into_iter().map(delete_item).collect()).await?)
}

pub(crate) async fn transact(
    state: &State,
    request: wire::ExecuteStateTransactionRequest,
) -> Result<(), Status> {
    state.check_transactional(&request.store_name)?;
    let mut operations = Vec::with_capacity(request.operations.len());
    for operation in request.operations {
        let item = operation.request.unwrap_or_default();
        operations.push(match operation.operation_type.as_str() {
            "upsert" => TransactionOperation::Upsert(set_request(item)?),
            "delete" => TransactionOperation::Delete(delete_item(item)),
            other => {
                let message = format!("operation type {other} not supported");
                return Err(ApiError::new(&codes::STATE_OPERATION_NOT_SUPPORTED, message).tagged().into());
            }
        });
    }
    Ok(state.transact(&request.store_name, operations, request.metadata).await?)
}
