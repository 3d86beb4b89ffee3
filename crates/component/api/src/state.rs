//! State stores.
//!
//! Keys reach a store with their prefix already on (`app||key`); values are bytes that a store keeps as they are.

use std::collections::HashMap;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, StreamExt};

use crate::error::Error;

/// What a state store can do. The names are those of `GET /v1.0/metadata`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StateCapabilities {
    /// Compares ETags on set and delete.
    pub etag: bool,
    /// Runs several operations as one transaction.
    pub transactional: bool,
    /// Honours `ttlInSeconds`.
    pub ttl: bool,
    /// Answers queries.
    pub query: bool,
    /// Deletes all keys under a prefix.
    pub delete_with_prefix: bool,
    /// The largest number of operations in one transaction; `None` for no limit.
    pub max_transaction_operations: Option<usize>,
}

impl StateCapabilities {
    /// The names that the metadata API lists, in the peer's order. A store with ETags and transactions can hold actors.
    pub fn names(self) -> Vec<&'static str> {
        [
            (self.etag, "ETAG"),
            (self.transactional, "TRANSACTIONAL"),
            (self.ttl, "TTL"),
            (self.query, "QUERY_API"),
            (self.delete_with_prefix, "DELETE_WITH_PREFIX"),
            (self.etag && self.transactional, "ACTOR"),
        ]
        .into_iter()
        .filter_map(|(has, name)| has.then_some(name))
        .collect()
    }
}

/// Which write wins when two meet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Concurrency {
    /// The default: an ETag is compared when given, else the write wins.
    #[default]
    LastWrite,
    /// Without an ETag, only the first write of a key succeeds.
    FirstWrite,
}

/// How fresh a read, and how safe a write, must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Consistency {
    /// Not said: the store's own default.
    #[default]
    Unspecified,
    /// Any replica will do.
    Eventual,
    /// All replicas (or the leader) must agree.
    Strong,
}

/// A read of one key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GetRequest {
    /// The full key.
    pub key: String,
    /// Per-request metadata.
    pub metadata: HashMap<String, String>,
    /// Required freshness.
    pub consistency: Consistency,
}

/// A stored value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item {
    /// The value's bytes, as they were set.
    pub value: Bytes,
    /// Changes with each write, if the store has ETags.
    pub etag: Option<String>,
    /// Response metadata, such as `ttlExpireTime` (RFC 3339).
    pub metadata: HashMap<String, String>,
}

/// The answer for one key of a bulk read.
#[derive(Debug)]
pub struct BulkItem {
    /// The full key asked for.
    pub key: String,
    /// The value, nothing if the key does not exist, or why it could not be read.
    pub result: Result<Option<Item>, Error>,
}

/// A write of one key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SetRequest {
    /// The full key.
    pub key: String,
    /// The bytes to store.
    pub value: Bytes,
    /// The ETag that the stored value must still have.
    pub etag: Option<String>,
    /// Per-request metadata, such as `ttlInSeconds`.
    pub metadata: HashMap<String, String>,
    /// Which write wins.
    pub concurrency: Concurrency,
    /// Required safety.
    pub consistency: Consistency,
    /// The media type of the value, for stores that keep JSON apart.
    pub content_type: Option<String>,
}

impl SetRequest {
    /// The time to live asked for by `ttlInSeconds`: nothing if absent, `-1` or `0` meaning "never expires" is
    /// [`Ttl::Never`].
    pub fn ttl(&self) -> Result<Option<Ttl>, Error> {
        Ttl::from_metadata(&self.metadata)
    }
}

/// A time to live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ttl {
    /// Remove an expiry that is there.
    Never,
    /// Expire after so many seconds.
    Seconds(u32),
}

impl Ttl {
    /// Reads `ttlInSeconds`. As the peer: an empty value is none, a negative one means never, and what is no
    /// number or is too large is refused.
    pub fn from_metadata(metadata: &HashMap<String, String>) -> Result<Option<Self>, Error> {
        let value = match metadata.get("ttlInSeconds") {
            Some(value) if !value.is_empty() => value,
            _ => return Ok(None),
        };
        let seconds: i64 = value.parse().map_err(|_| {
            Error::invalid(format!("incorrect value for metadata 'ttlInSeconds': {value:?} is not a number"))
        })?;
        if seconds <= 0 {
            return Ok(Some(Self::Never));
        }
        u32::try_from(seconds)
            .ok()
            .filter(|s| i32::try_from(*s).is_ok())
            .map(|s| Some(Self::Seconds(s)))
            .ok_or_else(|| {
                Error::invalid(format!("incorrect value for metadata 'ttlInSeconds': {seconds} is too large"))
            })
    }
}

/// The removal of one key. A key that does not exist is removed with success.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeleteRequest {
    /// The full key.
    pub key: String,
    /// The ETag that the stored value must still have.
    pub etag: Option<String>,
    /// Per-request metadata.
    pub metadata: HashMap<String, String>,
    /// Which write wins.
    pub concurrency: Concurrency,
    /// Required safety.
    pub consistency: Consistency,
}

/// One step of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Write a key.
    Set(SetRequest),
    /// Remove a key.
    Delete(DeleteRequest),
}

/// A store of keys and values.
#[async_trait]
pub trait StateStore: Send + Sync {
    /// What this store can do.
    fn capabilities(&self) -> StateCapabilities;

    /// Reads one key; nothing if it does not exist or has expired.
    async fn get(&self, request: GetRequest) -> Result<Option<Item>, Error>;

    /// Writes one key.
    async fn set(&self, request: SetRequest) -> Result<(), Error>;

    /// Removes one key.
    async fn delete(&self, request: DeleteRequest) -> Result<(), Error>;

    /// Reads many keys, at most `parallelism` at a time, and answers in the order of the requests.
    async fn bulk_get(&self, requests: Vec<GetRequest>, parallelism: usize) -> Vec<BulkItem> {
        let mut reads = stream::iter(requests.into_iter().map(|request| async move {
            let key = request.key.clone();
            BulkItem { key, result: self.get(request).await }
        }))
        .buffered(parallelism.max(1));
        let mut items = Vec::new();
        while let Some(item) = reads.next().await {
            items.push(item);
        }
        items
    }

    /// Writes many keys, without a promise of atomicity. Every key is tried; the first failure is returned.
    async fn bulk_set(&self, requests: Vec<SetRequest>) -> Result<(), Error> {
        first_failure(requests.into_iter().map(|request| self.set(request))).await
    }

    /// Removes many keys, without a promise of atomicity. Every key is tried; the first failure is returned.
    async fn bulk_delete(&self, requests: Vec<DeleteRequest>) -> Result<(), Error> {
        first_failure(requests.into_iter().map(|request| self.delete(request))).await
    }

    /// Runs the operations in order: all of them take effect, or none.
    async fn transact(
        &self,
        operations: Vec<Operation>,
        metadata: HashMap<String, String>,
    ) -> Result<(), Error> {
        let _ = (operations, metadata);
        Err(Error::unsupported("this state store has no transactions"))
    }

    /// Whether the backend answers.
    async fn ping(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Settles what is under way and lets go of connections.
    async fn close(&self) -> Result<(), Error> {
        Ok(())
    }
}

/// How many operations of one request run at a time where a store has no bulk operation of its own.
const BULK_PARALLELISM: usize = 16;

async fn first_failure(
    operations: impl Iterator<Item = impl Future<Output = Result<(), Error>>>,
) -> Result<(), Error> {
    let mut results = stream::iter(operations).buffered(BULK_PARALLELISM);
    let mut outcome = Ok(());
    while let Some(result) = results.next().await {
        outcome = outcome.and(result);
    }
    outcome
}
