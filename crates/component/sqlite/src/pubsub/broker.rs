//! The component.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tender_component::pubsub::{
    BulkPublishRequest, FailedEntry, MessageHandler, PubSub, PubSubCapabilities, PublishRequest,
    SubscribeRequest,
};
use tender_component::state::Ttl;
use tender_component::{Context, Error, Subscription};
use tender_tasks::{TaskKind, Tasks};

use super::schema;
use super::subscription::Reader;
use super::wake::Wake;
use crate::config::{Location, PubSubConfig};
use crate::database::{Database, Options};
use crate::error::failed;

/// How often what nobody took is thrown away.
const CLEANUP: Duration = Duration::from_mins(10);

pub(crate) struct SqliteBroker {
    database: Database,
    group: String,
    concurrency: usize,
    lease: Duration,
    redelivery_delay: Duration,
    wake: Wake,
    tasks: Tasks,
}

impl SqliteBroker {
    pub(crate) async fn open(config: PubSubConfig, context: Context) -> Result<Self, Error> {
        let location = Location::parse(&config.connection_string)?;
        if location == Location::Memory {
            return Err(Error::config(
                "pubsub.sqlite needs a file: for messages in memory there is pubsub.in-memory",
            ));
        }
        if config.lease < Duration::from_millis(300) {
            return Err(Error::config("leaseDuration must be at least 300ms"));
        }
        let options = Options { location, busy_timeout: config.busy_timeout, disable_wal: false };
        let database = Database::open(options.clone(), schema::create).await?;
        let wake = Wake::new();
        wake.watch(options, &context.tasks);
        let (cleaned, token, retention) =
            (database.clone(), context.tasks.token(), milliseconds(config.retention));
        context.tasks.spawn(TaskKind::Finite, "pubsub.sqlite cleanup", async move {
            while token.run_until_cancelled(tokio::time::sleep(CLEANUP)).await.is_some() {
                let cleaning = cleaned.write(move |connection| schema::clean_up(connection, retention).map_err(failed));
                if let Err(error) = cleaning.await {
                    tracing::warn!(target: "dapr.contrib.pubsub.sqlite", "could not remove old messages: {error}");
                }
            }
        });
        let group = if config.consumer_id.is_empty() { context.app_id } else { config.consumer_id };
        Ok(Self {
            database,
            group,
            concurrency: config.concurrency.max(1),
            lease: config.lease,
            redelivery_delay: config.redelivery_delay,
            wake,
            tasks: context.tasks,
        })
    }
}

pub(super) fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// When a message with this metadata expires.
fn expiry(metadata: &HashMap<String, String>) -> Result<Option<i64>, Error> {
    Ok(match Ttl::from_metadata(metadata)? {
        Some(Ttl::Seconds(seconds)) => Some(schema::now().saturating_add(i64::from(seconds) * 1000)),
        Some(Ttl::Never) | None => None,
    })
}

/// A message as it is stored.
struct Stored {
    data: bytes::Bytes,
    content_type: Option<String>,
    metadata: String,
    expires: Option<i64>,
}

impl Stored {
    fn new(
        data: bytes::Bytes,
        content_type: Option<String>,
        metadata: &HashMap<String, String>,
    ) -> Result<Self, Error> {
        let expires = expiry(metadata)?;
        let metadata = serde_json::to_string(metadata)
            .map_err(|error| Error::invalid("the metadata cannot be stored").with_source(error))?;
        Ok(Self { data, content_type, metadata, expires })
    }

    fn publish(&self, connection: &rusqlite::Connection, topic: &str) -> Result<(), Error> {
        schema::publish(
            connection,
            topic,
            &self.data,
            self.content_type.as_deref(),
            &self.metadata,
            self.expires,
        )
        .map_err(failed)
    }
}

#[async_trait]
impl PubSub for SqliteBroker {
    fn capabilities(&self) -> PubSubCapabilities {
        PubSubCapabilities { message_ttl: true, bulk_publish: true, ..PubSubCapabilities::default() }
    }

    async fn publish(&self, request: PublishRequest) -> Result<(), Error> {
        // Messages are CloudEvents unless somebody says otherwise; the media type of the data inside is not theirs.
        let stored = Stored::new(request.data, None, &request.metadata)?;
        let topic = request.topic;
        self.database.write(move |connection| stored.publish(connection, &topic)).await?;
        self.wake.notify();
        Ok(())
    }

    /// All entries in one write: either all are published, or none.
    async fn bulk_publish(&self, request: BulkPublishRequest) -> Vec<FailedEntry> {
        let ids: Vec<String> = request.entries.iter().map(|entry| entry.entry_id.clone()).collect();
        let topic = request.topic;
        let stored: Result<Vec<Stored>, Error> = request
            .entries
            .into_iter()
            .map(|entry| {
                let mut metadata = request.metadata.clone();
                metadata.extend(entry.metadata);
                Stored::new(entry.data, None, &metadata)
            })
            .collect();
        let outcome = match stored {
            Ok(stored) => {
                let publishing = self.database.write(move |connection| {
                    stored.iter().try_for_each(|message| message.publish(connection, &topic))
                });
                publishing.await
            }
            Err(error) => Err(error),
        };
        match outcome {
            Ok(()) => {
                self.wake.notify();
                Vec::new()
            }
            Err(error) => {
                let reason = error.to_string();
                ids.into_iter()
                    .map(|entry_id| FailedEntry { entry_id, error: Error::failed(reason.clone()) })
                    .collect()
            }
        }
    }

    async fn subscribe(
        &self,
        request: SubscribeRequest,
        handler: Arc<dyn MessageHandler>,
    ) -> Result<Subscription, Error> {
        let (topic, name) = (request.topic.clone(), self.group.clone());
        let group = self
            .database
            .write(move |connection| schema::join(connection, &topic, &name).map_err(failed))
            .await?;
        let tasks = self.tasks.child();
        let reader = Reader {
            database: self.database.clone(),
            topic: request.topic,
            group,
            concurrency: self.concurrency,
            lease: self.lease,
            redelivery_delay: self.redelivery_delay,
            handler,
        };
        reader.start(self.wake.subscribe(), &tasks);
        Ok(Subscription::new(tasks))
    }

    async fn ping(&self) -> Result<(), Error> {
        self.database.read(|connection| connection.execute_batch("SELECT 1")).await
    }

    async fn close(&self) -> Result<(), Error> {
        self.tasks.cancel();
        Ok(())
    }
}
