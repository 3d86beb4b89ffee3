//! Name resolution in the peer's table of sidecars, each of which renews its row for as long as it lives.

use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use rusqlite::params;
use tender_component::name_resolution::{Instance, NameResolver, ResolveRequest};
use tender_component::{Error, ErrorKind};
use tender_tasks::{TaskKind, Tasks};
use tokio::time::timeout;

use crate::config::{HostsConfig, Location, table_name};
use crate::database::{Database, Options};
use crate::error::failed;
use crate::migrations;

/// A row of a sidecar that has renewed it in time.
fn live(update_interval: Duration) -> String {
    format!("unixepoch(CURRENT_TIMESTAMP) - last_update < {}", update_interval.as_secs().max(1))
}

pub(crate) struct SqliteHosts {
    database: Database,
    table: String,
    update_interval: Duration,
    timeout: Duration,
    tasks: Tasks,
    registered: Mutex<Option<String>>,
}

impl SqliteHosts {
    pub(crate) async fn open(config: HostsConfig, tasks: Tasks) -> Result<Self, Error> {
        if config.update_interval < config.timeout + Duration::from_secs(1) {
            return Err(Error::config("updateInterval must be greater than timeout by at least 1 second"));
        }
        let location = Location::parse(&config.connection_string)?;
        if location == Location::Memory {
            tracing::warn!(
                target: "dapr.contrib.nameresolution.sqlite",
                "Configuring name resolution with an in-memory SQLite database. Service invocation across different apps will not work."
            );
        }
        let (table, metadata) = (table_name(&config.table)?, table_name(&config.metadata_table)?);
        let options =
            Options { location, busy_timeout: config.busy_timeout, disable_wal: config.disable_wal };
        let created = table.clone();
        let database = Database::open(options, move |connection| {
            let create = format!(
                "CREATE TABLE {created} (
                    registration_id TEXT NOT NULL PRIMARY KEY,
                    address TEXT NOT NULL,
                    app_id TEXT NOT NULL,
                    namespace TEXT NOT NULL,
                    last_update INTEGER NOT NULL
                );
                CREATE UNIQUE INDEX {created}_address_idx ON {created} (address);
                CREATE INDEX {created}_last_update_idx ON {created} (last_update);"
            );
            migrations::perform(connection, &metadata, "nr-migrations", &[create])?;
            // What dead sidecars left is of no use to anybody.
            connection
                .execute_batch(&format!("DELETE FROM {created} WHERE NOT ({})", live(config.update_interval)))
        })
        .await?;
        Ok(Self {
            database,
            table,
            update_interval: config.update_interval,
            timeout: config.timeout,
            tasks,
            registered: Mutex::default(),
        })
    }

    async fn in_time<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let late = |_| Error::unavailable(format!("the database did not answer within {:?}", self.timeout));
        timeout(self.timeout, work).await.map_err(late)?
    }
}

#[async_trait]
impl NameResolver for SqliteHosts {
    /// As the peer, the namespace is not written: names are those of one machine.
    async fn register(&self, instance: Instance) -> Result<(), Error> {
        let id = uuid::Uuid::new_v4().to_string();
        let address = std::net::SocketAddr::new(instance.host, instance.internal_port).to_string();
        let row = format!(
            "REPLACE INTO {} (registration_id, address, app_id, namespace, last_update) VALUES (?, ?, ?, '', unixepoch(CURRENT_TIMESTAMP))",
            self.table
        );
        let insert = {
            let (row, id, address, app_id) =
                (row.clone(), id.clone(), address.clone(), instance.app_id.clone());
            move |connection: &rusqlite::Connection| {
                connection.execute(&row, params![id, address, app_id]).map(drop).map_err(failed)
            }
        };
        self.in_time(self.database.write(insert.clone())).await?;
        *self.registered.lock() = Some(id);
        let (database, token) = (self.database.clone(), self.tasks.token());
        // A row that is gone, because the file was removed or cleaned, is written again.
        let interval = self.update_interval.saturating_sub(self.timeout) / 2;
        self.tasks.spawn(TaskKind::Finite, "sqlite name registration", async move {
            while token.run_until_cancelled(tokio::time::sleep(interval)).await.is_some() {
                if let Err(error) = database.write(insert.clone()).await {
                    tracing::error!(
                        target: "dapr.contrib.nameresolution.sqlite", "Failed to update host registration: {error}"
                    );
                }
            }
        });
        Ok(())
    }

    async fn resolve(&self, request: &ResolveRequest) -> Result<Vec<String>, Error> {
        let query =
            format!("SELECT address FROM {} WHERE app_id = ? AND {}", self.table, live(self.update_interval));
        let app_id = request.app_id.clone();
        let found = self.in_time(self.database.read(move |connection| {
            connection
                .prepare_cached(&query)?
                .query_map([app_id], |row| row.get(0))?
                .collect::<Result<Vec<String>, _>>()
        }));
        match found.await? {
            found if found.is_empty() => Err(Error::new(
                ErrorKind::NotFound,
                format!("no host found with the given ID {:?}", request.app_id),
            )),
            found => Ok(found),
        }
    }

    async fn close(&self) -> Result<(), Error> {
        self.tasks.cancel();
        let Some(id) = self.registered.lock().take() else { return Ok(()) };
        let remove = format!("DELETE FROM {} WHERE registration_id = ?", self.table);
        self.in_time(
            self.database
                .write(move |connection| connection.execute(&remove, [id]).map(drop).map_err(failed)),
        )
        .await
    }
}
