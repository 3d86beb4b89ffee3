//! `state.sqlite`, in the peer's table: a daprd and a tender can share a file.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, params};
use tender_component::Error;
use tender_component::state::{
    BulkItem, Concurrency, DeleteRequest, GetRequest, Item, Operation, SetRequest, StateCapabilities,
    StateStore, Ttl,
};
use tender_tasks::{TaskKind, Tasks};
use tokio::time::timeout;

use crate::config::{Location, StateConfig, table_name};
use crate::database::{Database, Options};
use crate::error::failed;
use crate::migrations;

/// A row that has not expired.
const LIVE: &str = "(expiration_time IS NULL OR expiration_time > CURRENT_TIMESTAMP)";

/// The statements, with the table's name in place.
struct Statements {
    get: String,
    set: String,
    set_first: String,
    set_matching: String,
    delete: String,
    delete_matching: String,
    delete_first: String,
    cleanup: String,
}

impl Statements {
    fn new(table: &str) -> Self {
        // The fifth parameter is the time to live in seconds, or null.
        let expiration =
            "CASE WHEN ?5 IS NULL THEN NULL ELSE DATETIME(CURRENT_TIMESTAMP, '+' || ?5 || ' seconds') END";
        let columns = "(key, value, is_binary, etag, expiration_time, update_time)";
        Self {
            get: format!(
                "SELECT value, is_binary, etag, strftime('%Y-%m-%dT%H:%M:%SZ', expiration_time) FROM {table} WHERE key = ? AND {LIVE}"
            ),
            set: format!(
                "INSERT OR REPLACE INTO {table} {columns} VALUES (?1, ?2, ?3, ?4, {expiration}, CURRENT_TIMESTAMP)"
            ),
            set_first: format!(
                "INSERT OR REPLACE INTO {table} {columns} SELECT ?1, ?2, ?3, ?4, {expiration}, CURRENT_TIMESTAMP WHERE NOT EXISTS (SELECT 1 FROM {table} WHERE key = ?1 AND {LIVE})"
            ),
            set_matching: format!(
                "UPDATE {table} SET value = ?2, is_binary = ?3, etag = ?4, expiration_time = {expiration}, update_time = CURRENT_TIMESTAMP WHERE key = ?1 AND etag = ?6 AND {LIVE}"
            ),
            delete: format!("DELETE FROM {table} WHERE key = ?"),
            delete_matching: format!("DELETE FROM {table} WHERE key = ? AND etag = ? AND {LIVE}"),
            delete_first: format!("SELECT 1 FROM {table} WHERE key = ? AND {LIVE}"),
            cleanup: format!(
                "DELETE FROM {table} WHERE expiration_time IS NOT NULL AND expiration_time < CURRENT_TIMESTAMP"
            ),
        }
    }
}

pub(crate) struct SqliteState {
    database: Database,
    statements: Arc<Statements>,
    timeout: Duration,
    tasks: Tasks,
}

impl SqliteState {
    pub(crate) async fn open(config: StateConfig, tasks: Tasks) -> Result<Self, Error> {
        let location = Location::parse(&config.connection_string)?;
        let (table, metadata) = (table_name(&config.table)?, table_name(&config.metadata_table)?);
        let statements = Arc::new(Statements::new(&table));
        let options =
            Options { location, busy_timeout: config.busy_timeout, disable_wal: config.disable_wal };
        let database = Database::open(options, move |connection| {
            let create = format!(
                "CREATE TABLE IF NOT EXISTS {table} (
                    key TEXT NOT NULL PRIMARY KEY,
                    value TEXT NOT NULL,
                    is_binary BOOLEAN NOT NULL,
                    etag TEXT NOT NULL,
                    expiration_time TIMESTAMP DEFAULT NULL,
                    update_time TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
                )"
            );
            migrations::perform(connection, &metadata, "migrations", &[create])
        })
        .await?;
        if !config.cleanup_interval.is_zero() {
            let cleaning =
                clean_up(database.clone(), statements.clone(), config.cleanup_interval, tasks.token());
            tasks.spawn(TaskKind::Finite, "state.sqlite cleanup", cleaning);
        }
        Ok(Self { database, statements, timeout: config.timeout, tasks })
    }

    async fn in_time<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let late = |_| Error::unavailable(format!("the database did not answer within {:?}", self.timeout));
        timeout(self.timeout, work).await.map_err(late)?
    }
}

/// Removes what has expired, again and again. A failure is told; the next time may do better.
async fn clean_up(
    database: Database,
    statements: Arc<Statements>,
    interval: Duration,
    cancelled: tender_tasks::CancellationToken,
) {
    while cancelled.run_until_cancelled(tokio::time::sleep(interval)).await.is_some() {
        let statements = statements.clone();
        let cleaned = database
            .write(move |connection| connection.execute(&statements.cleanup, []).map_err(failed))
            .await;
        if let Err(error) = cleaned {
            tracing::warn!(target: "dapr.contrib.state.sqlite", "could not remove expired values: {error}");
        }
    }
}

fn item(row: &Row<'_>) -> Result<Item, rusqlite::Error> {
    let value: String = row.get(0)?;
    let value = if row.get(1)? {
        let unreadable = |error| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error));
        Bytes::from(STANDARD.decode(value).map_err(unreadable)?)
    } else {
        Bytes::from(value)
    };
    let expires: Option<String> = row.get(3)?;
    let metadata = expires.map(|time| ("ttlExpireTime".to_owned(), time)).into_iter().collect();
    Ok(Item { value, etag: Some(row.get(2)?), metadata })
}

fn set(connection: &Connection, statements: &Statements, request: &SetRequest) -> Result<(), Error> {
    if request.key.is_empty() {
        return Err(Error::invalid("missing key in set option"));
    }
    let seconds = match request.ttl()? {
        Some(Ttl::Seconds(seconds)) => Some(seconds),
        Some(Ttl::Never) | None => None,
    };
    // As the peer: JSON is kept as text, and everything else in base64.
    let text =
        request.content_type.as_deref().filter(|media_type| media_type.starts_with("application/json"));
    let text = text.and_then(|_| std::str::from_utf8(&request.value).ok().map(str::to_owned));
    let is_binary = text.is_none();
    let value = text.unwrap_or_else(|| STANDARD.encode(&request.value));
    let etag = uuid::Uuid::new_v4().to_string();
    let expected = request.etag.as_deref().filter(|etag| !etag.is_empty());
    let changed = match (expected, request.concurrency) {
        (Some(expected), _) => connection
            .prepare_cached(&statements.set_matching)
            .and_then(|mut set| set.execute(params![request.key, value, is_binary, etag, seconds, expected])),
        (None, Concurrency::FirstWrite) => connection
            .prepare_cached(&statements.set_first)
            .and_then(|mut set| set.execute(params![request.key, value, is_binary, etag, seconds])),
        (None, Concurrency::LastWrite) => connection
            .prepare_cached(&statements.set)
            .and_then(|mut set| set.execute(params![request.key, value, is_binary, etag, seconds])),
    };
    if changed.map_err(failed)? == 0 { Err(Error::etag_mismatch()) } else { Ok(()) }
}

fn delete(connection: &Connection, statements: &Statements, request: &DeleteRequest) -> Result<(), Error> {
    if request.key.is_empty() {
        return Err(Error::invalid("missing key in delete operation"));
    }
    match request.etag.as_deref().filter(|etag| !etag.is_empty()) {
        Some(etag) => {
            let removed = connection
                .prepare_cached(&statements.delete_matching)
                .and_then(|mut delete| delete.execute([&request.key, etag]))
                .map_err(failed)?;
            if removed == 0 { Err(Error::etag_mismatch()) } else { Ok(()) }
        }
        None if request.concurrency == Concurrency::FirstWrite => {
            let exists = connection
                .prepare_cached(&statements.delete_first)
                .and_then(|mut find| find.exists([&request.key]))
                .map_err(failed)?;
            if exists { Err(Error::etag_mismatch()) } else { Ok(()) }
        }
        None => connection
            .prepare_cached(&statements.delete)
            .and_then(|mut delete| delete.execute([&request.key]))
            .map(drop)
            .map_err(failed),
    }
}

#[async_trait]
impl StateStore for SqliteState {
    fn capabilities(&self) -> StateCapabilities {
        StateCapabilities { etag: true, transactional: true, ttl: true, ..StateCapabilities::default() }
    }

    async fn get(&self, request: GetRequest) -> Result<Option<Item>, Error> {
        let statements = self.statements.clone();
        let reading = self.database.read(move |connection| {
            connection.prepare_cached(&statements.get)?.query_row([&request.key], item).optional()
        });
        self.in_time(reading).await
    }

    /// All keys in one read, so that they are seen at one time.
    async fn bulk_get(&self, requests: Vec<GetRequest>, _: usize) -> Vec<BulkItem> {
        let statements = self.statements.clone();
        let keys: Vec<String> = requests.into_iter().map(|request| request.key).collect();
        let asked = keys.clone();
        let reading = self.database.read(move |connection| {
            let mut get = connection.prepare_cached(&statements.get)?;
            asked.iter().map(|key| get.query_row([key], item).optional()).collect::<Result<Vec<_>, _>>()
        });
        match self.in_time(reading).await {
            Ok(items) => {
                keys.into_iter().zip(items).map(|(key, item)| BulkItem { key, result: Ok(item) }).collect()
            }
            Err(error) => {
                let reason = error.to_string();
                keys.into_iter()
                    .map(|key| BulkItem { key, result: Err(Error::failed(reason.clone())) })
                    .collect()
            }
        }
    }

    async fn set(&self, request: SetRequest) -> Result<(), Error> {
        let statements = self.statements.clone();
        self.in_time(self.database.write(move |connection| set(connection, &statements, &request))).await
    }

    async fn delete(&self, request: DeleteRequest) -> Result<(), Error> {
        let statements = self.statements.clone();
        self.in_time(self.database.write(move |connection| delete(connection, &statements, &request))).await
    }

    /// All of them in one write, each in turn, so that it is undone as a whole if one fails.
    async fn transact(&self, operations: Vec<Operation>, _: HashMap<String, String>) -> Result<(), Error> {
        let statements = self.statements.clone();
        let writing = self.database.write(move |connection| {
            operations.iter().try_for_each(|operation| match operation {
                Operation::Set(request) => set(connection, &statements, request),
                Operation::Delete(request) => delete(connection, &statements, request),
            })
        });
        self.in_time(writing).await
    }

    async fn ping(&self) -> Result<(), Error> {
        self.in_time(self.database.read(|connection| connection.execute_batch("SELECT 1"))).await
    }

    async fn close(&self) -> Result<(), Error> {
        self.tasks.cancel();
        Ok(())
    }
}
