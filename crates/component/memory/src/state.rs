//! `state.in-memory`: a map behind a lock.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use parking_lot::RwLock;
use tender_component::state::{
    Concurrency, DeleteRequest, GetRequest, Item, Operation, SetRequest, StateCapabilities, StateStore, Ttl,
};
use tender_component::{Error, ErrorKind};
use tender_tasks::{TaskKind, Tasks};

/// How often what has expired is thrown away; it is not seen from the moment it expires.
const CLEANUP: Duration = Duration::from_secs(10);

struct Entry {
    value: Bytes,
    version: u64,
    expires: Option<Timestamp>,
}

impl Entry {
    fn is_live(&self) -> bool {
        self.expires.is_none_or(|expires| expires > Timestamp::now())
    }

    fn item(&self) -> Item {
        let expiry = self.expires.map(|time| ("ttlExpireTime".to_owned(), format!("{time:.0}")));
        Item {
            value: self.value.clone(),
            etag: Some(self.version.to_string()),
            metadata: expiry.into_iter().collect(),
        }
    }
}

#[derive(Default)]
struct Table {
    entries: HashMap<String, Entry>,
    /// Counts all writes, so that a key that was deleted and written again has another version.
    writes: u64,
}

impl Table {
    fn live(&self, key: &str) -> Option<&Entry> {
        self.entries.get(key).filter(|entry| entry.is_live())
    }

    /// Whether a write or removal of `key` may go on.
    fn check(&self, key: &str, etag: Option<&str>, concurrency: Concurrency) -> Result<(), Error> {
        let stored = self.live(key).map(|entry| entry.version.to_string());
        let mismatch = |reason: String| {
            let message = format!("possible etag mismatch. error from state store: {reason}");
            Err(Error::new(ErrorKind::EtagMismatch, message))
        };
        match (etag.filter(|etag| !etag.is_empty()), stored) {
            (None, Some(_)) if concurrency == Concurrency::FirstWrite => {
                mismatch("item already exists and no etag was passed".to_owned())
            }
            (Some(_), None) => mismatch(format!("state not exist or expired for key={key}")),
            (Some(etag), Some(stored)) if etag != stored => {
                mismatch(format!("state etag not match for key={key}: current={stored}, expect={etag}"))
            }
            _ => Ok(()),
        }
    }

    fn set(&mut self, request: SetRequest, expires: Option<Timestamp>) {
        self.writes += 1;
        self.entries.insert(request.key, Entry { value: request.value, version: self.writes, expires });
    }
}

/// When a write with this metadata expires.
fn expiry(request: &SetRequest) -> Result<Option<Timestamp>, Error> {
    let Some(Ttl::Seconds(seconds)) = request.ttl()? else { return Ok(None) };
    Timestamp::now()
        .checked_add(SignedDuration::from_secs(seconds.into()))
        .map(Some)
        .map_err(|error| Error::invalid("ttlInSeconds lies beyond the end of time").with_source(error))
}

pub(crate) struct MemoryState {
    table: Arc<RwLock<Table>>,
    cleanup: Tasks,
}

impl MemoryState {
    pub(crate) fn new(tasks: &Tasks) -> Self {
        let cleanup = tasks.child();
        let table = Arc::new(RwLock::new(Table::default()));
        let (cleaned, token) = (Arc::downgrade(&table), cleanup.token());
        cleanup.spawn(TaskKind::Finite, "state.in-memory cleanup", async move {
            loop {
                tokio::select! {
                    () = tokio::time::sleep(CLEANUP) => {}
                    () = token.cancelled() => return,
                }
                let Some(table) = cleaned.upgrade() else { return };
                table.write().entries.retain(|_, entry| entry.is_live());
            }
        });
        Self { table, cleanup }
    }
}

#[async_trait]
impl StateStore for MemoryState {
    fn capabilities(&self) -> StateCapabilities {
        StateCapabilities {
            etag: true,
            transactional: true,
            ttl: true,
            delete_with_prefix: true,
            ..StateCapabilities::default()
        }
    }

    async fn get(&self, request: GetRequest) -> Result<Option<Item>, Error> {
        Ok(self.table.read().live(&request.key).map(Entry::item))
    }

    async fn set(&self, request: SetRequest) -> Result<(), Error> {
        let expires = expiry(&request)?;
        let mut table = self.table.write();
        table.check(&request.key, request.etag.as_deref(), request.concurrency)?;
        table.set(request, expires);
        Ok(())
    }

    async fn delete(&self, request: DeleteRequest) -> Result<(), Error> {
        let mut table = self.table.write();
        table.check(&request.key, request.etag.as_deref(), request.concurrency)?;
        table.entries.remove(&request.key);
        Ok(())
    }

    async fn transact(&self, operations: Vec<Operation>, _: HashMap<String, String>) -> Result<(), Error> {
        let mut prepared = Vec::with_capacity(operations.len());
        for operation in operations {
            let expires = match &operation {
                Operation::Set(request) => expiry(request)?,
                Operation::Delete(_) => None,
            };
            prepared.push((operation, expires));
        }
        let mut table = self.table.write();
        for (operation, _) in &prepared {
            match operation {
                Operation::Set(request) => {
                    table.check(&request.key, request.etag.as_deref(), request.concurrency)?;
                }
                Operation::Delete(request) => {
                    table.check(&request.key, request.etag.as_deref(), request.concurrency)?;
                }
            }
        }
        for (operation, expires) in prepared {
            match operation {
                Operation::Set(request) => table.set(request, expires),
                Operation::Delete(request) => drop(table.entries.remove(&request.key)),
            }
        }
        Ok(())
    }

    async fn close(&self) -> Result<(), Error> {
        self.cleanup.cancel();
        self.table.write().entries.clear();
        Ok(())
    }
}
