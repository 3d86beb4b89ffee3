//! What both APIs call.

use std::collections::HashMap;
use std::sync::Arc;

use tender_component::Error;
use tender_component::state::{
    Consistency, DeleteRequest, GetRequest, Item, Operation, SetRequest, StateCapabilities, StateStore,
};
use tender_telemetry::metrics::Metrics;
use tokio::time::Instant;

use super::errors;
use super::keys::KeyPrefix;
use crate::error::{ApiError, codes};
use crate::live::Live;

/// How many keys of a bulk read are read at once where the request does not say.
const DEFAULT_PARALLELISM: usize = 10;

/// A state store as the building block holds it.
pub struct StateComponent {
    /// The open store.
    pub store: Arc<dyn StateStore>,
    /// What is put before each key.
    pub prefix: KeyPrefix,
}

/// One answer of a bulk read, under the app's own key.
#[derive(Debug)]
pub struct BulkEntry {
    /// The key as the app gave it.
    pub key: String,
    /// The value, nothing if there is none, or why it could not be read.
    pub result: Result<Option<Item>, Error>,
}

/// One step of a transaction, under the app's own keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransactionOperation {
    /// Write a key.
    Upsert(SetRequest),
    /// Remove a key.
    Delete(DeleteRequest),
}

/// The state building block of one sidecar.
pub struct State {
    app_id: String,
    stores: Live<StateComponent>,
    metrics: Arc<Metrics>,
}

impl State {
    /// A building block without stores.
    pub fn new(app_id: impl Into<String>, metrics: Arc<Metrics>) -> Self {
        Self { app_id: app_id.into(), stores: Live::default(), metrics }
    }

    /// The stores, to add and remove them.
    pub fn stores(&self) -> &Live<StateComponent> {
        &self.stores
    }

    /// Reads one key; nothing if it does not exist.
    pub async fn get(
        &self,
        store: &str,
        key: &str,
        consistency: Consistency,
        metadata: HashMap<String, String>,
    ) -> Result<Option<Item>, ApiError> {
        let component = self.component(store)?;
        let request = GetRequest { key: stored_key(&component, store, key)?, metadata, consistency };
        let result = self.timed(store, "get", component.store.get(request)).await;
        result.map_err(|error| {
            errors::failed(
                &codes::STATE_GET,
                format!("fail to get {key} from state store {store}: {error}"),
                &error,
            )
        })
    }

    /// Reads many keys and answers in their order. `parallelism` 0 leaves the number of reads at once to us.
    pub async fn bulk_get(
        &self,
        store: &str,
        keys: Vec<String>,
        parallelism: usize,
        metadata: &HashMap<String, String>,
    ) -> Result<Vec<BulkEntry>, ApiError> {
        let component = self.component(store)?;
        let mut requests = Vec::with_capacity(keys.len());
        for key in &keys {
            let key = stored_key(&component, store, key)?;
            requests.push(GetRequest {
                key,
                metadata: metadata.clone(),
                consistency: Consistency::Unspecified,
            });
        }
        let parallelism = if parallelism == 0 { DEFAULT_PARALLELISM } else { parallelism };
        let started = Instant::now();
        let items = component.store.bulk_get(requests, parallelism).await;
        self.metrics.component.state(store, "bulk_get", true, started.elapsed());
        Ok(items
            .into_iter()
            .map(|item| BulkEntry { key: KeyPrefix::original(&item.key).to_owned(), result: item.result })
            .collect())
    }

    /// Writes keys. One is written by itself; many go to the store's bulk operation.
    pub async fn save(&self, store: &str, mut requests: Vec<SetRequest>) -> Result<(), ApiError> {
        let component = self.component(store)?;
        for request in &mut requests {
            request.key = stored_key(&component, store, &request.key)?;
        }
        let writing = async {
            match single(requests) {
                Ok(request) => component.store.set(request).await,
                Err(requests) => component.store.bulk_set(requests).await,
            }
        };
        self.timed(store, "set", writing).await.map_err(|error| {
            let message = format!("failed saving state in state store {store}: {error}");
            errors::failed(&codes::STATE_SAVE, message, &error)
        })
    }

    /// Removes one key.
    pub async fn delete(&self, store: &str, mut request: DeleteRequest) -> Result<(), ApiError> {
        let component = self.component(store)?;
        let key = std::mem::take(&mut request.key);
        request.key = stored_key(&component, store, &key)?;
        self.timed(store, "delete", component.store.delete(request)).await.map_err(|error| {
            errors::failed(
                &codes::STATE_DELETE,
                format!("failed deleting state with key {key}: {error}"),
                &error,
            )
        })
    }

    /// Removes many keys.
    pub async fn delete_bulk(&self, store: &str, mut requests: Vec<DeleteRequest>) -> Result<(), ApiError> {
        let component = self.component(store)?;
        for request in &mut requests {
            request.key = stored_key(&component, store, &request.key)?;
        }
        let removing = async {
            match single(requests) {
                Ok(request) => component.store.delete(request).await,
                Err(requests) => component.store.bulk_delete(requests).await,
            }
        };
        self.timed(store, "bulk_delete", removing).await.map_err(|error| {
            let message = format!("failed deleting state in state store {store}: {error}");
            errors::failed(&codes::STATE_BULK_DELETE, message, &error)
        })
    }

    /// Runs operations as one transaction: all of them take effect, or none.
    pub async fn transact(
        &self,
        store: &str,
        operations: Vec<TransactionOperation>,
        metadata: HashMap<String, String>,
    ) -> Result<(), ApiError> {
        let component = self.transactional(store)?;
        if let Some(max) = component.store.capabilities().max_transaction_operations
            && operations.len() > max
        {
            return Err(errors::too_many_operations(store, operations.len(), max));
        }
        let mut prefixed = Vec::with_capacity(operations.len());
        for operation in operations {
            prefixed.push(match operation {
                TransactionOperation::Upsert(mut request) => {
                    request.key = stored_key(&component, store, &request.key)?;
                    Operation::Set(request)
                }
                TransactionOperation::Delete(mut request) => {
                    request.key = stored_key(&component, store, &request.key)?;
                    Operation::Delete(request)
                }
            });
        }
        if prefixed.is_empty() {
            return Ok(());
        }
        let result = self.timed(store, "transaction", component.store.transact(prefixed, metadata)).await;
        result.map_err(|error| {
            let message = format!("error while executing state transaction: {error}");
            // As the peer: a transaction has no status of its own for ETag failures.
            ApiError::new(&codes::STATE_TRANSACTION, message).tagged()
        })
    }

    /// Checks that a store exists and has transactions, before a request's operations are looked at.
    pub fn check_transactional(&self, store: &str) -> Result<(), ApiError> {
        self.transactional(store).map(drop)
    }

    /// Checks that a store exists, before a request's body is looked at.
    pub fn check_store(&self, store: &str) -> Result<(), ApiError> {
        self.component(store).map(drop)
    }

    /// Queries are not built yet: a store that had them would be refused by name, one that has none as at the peer.
    pub fn query(&self, store: &str) -> Result<(), ApiError> {
        match self.component(store)?.store.capabilities() {
            StateCapabilities { query: false, .. } => Err(errors::query_not_supported(store)),
            _ => Err(ApiError::unimplemented("state query")),
        }
    }

    fn component(&self, store: &str) -> Result<Arc<StateComponent>, ApiError> {
        self.stores.get(store).ok_or_else(|| {
            if self.stores.is_empty() {
                errors::not_configured(store, &self.app_id)
            } else {
                errors::not_found(store, &self.app_id)
            }
        })
    }

    fn transactional(&self, store: &str) -> Result<Arc<StateComponent>, ApiError> {
        let component = self.component(store)?;
        if component.store.capabilities().transactional {
            Ok(component)
        } else {
            Err(errors::transactions_not_supported(store))
        }
    }

    async fn timed<T>(
        &self,
        store: &str,
        operation: &str,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let started = Instant::now();
        let result = work.await;
        self.metrics.component.state(store, operation, result.is_ok(), started.elapsed());
        result
    }
}

fn stored_key(component: &StateComponent, store: &str, key: &str) -> Result<String, ApiError> {
    component.prefix.apply(key).map_err(|error| errors::illegal_key(store, key, &error))
}

/// The only request of a list, or the whole list.
fn single<T>(mut requests: Vec<T>) -> Result<T, Vec<T>> {
    match requests.pop() {
        Some(last) if requests.is_empty() => Ok(last),
        Some(last) => {
            requests.push(last);
            Err(requests)
        }
        None => Err(requests),
    }
}
