//! One subscription: taking deliveries, handing them on, settling them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use tender_component::Error;
use tender_component::pubsub::{Message, MessageHandler};
use tender_tasks::{TaskKind, Tasks};
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};

use super::broker::milliseconds;
use super::schema::{self, Claimed};
use crate::database::Database;
use crate::error::failed;

/// How long a subscription sleeps when nothing is due and nobody wakes it.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// The pause after a failure of the database.
const FAILURE_PAUSE: Duration = Duration::from_millis(250);

pub(super) struct Reader {
    pub(super) database: Database,
    pub(super) topic: String,
    pub(super) group: i64,
    pub(super) concurrency: usize,
    pub(super) lease: Duration,
    pub(super) redelivery_delay: Duration,
    pub(super) handler: Arc<dyn MessageHandler>,
}

/// The deliveries that the app has in hand.
type InFlight = Arc<Mutex<HashSet<i64>>>;

impl Reader {
    /// Begins to read. The reading task ends when `tasks` are cancelled; handlers that run then end by themselves.
    pub(super) fn start(self, mut changes: watch::Receiver<u64>, tasks: &Tasks) {
        let reader = Arc::new(self);
        let in_flight = InFlight::default();
        let renewing = renew(reader.clone(), in_flight.clone(), tasks.token());
        tasks.spawn(TaskKind::Finite, "pubsub.sqlite leases", renewing);
        let (owner, token) = (tasks.clone(), tasks.token());
        tasks.spawn(TaskKind::Finite, "pubsub.sqlite subscription", async move {
            let room = Arc::new(Semaphore::new(reader.concurrency));
            loop {
                let Some(Ok(first)) = token.run_until_cancelled(room.clone().acquire_owned()).await else { return };
                drop(first);
                // What is published while this looks is not missed: it counts as a change that was not seen yet.
                changes.mark_unchanged();
                let claimed = match reader.claim(room.available_permits()).await {
                    Ok(claimed) => claimed,
                    Err(error) => {
                        tracing::error!(target: "dapr.contrib.pubsub.sqlite", "could not read topic {}: {error}", reader.topic);
                        if token.run_until_cancelled(sleep(FAILURE_PAUSE)).await.is_none() {
                            return;
                        }
                        continue;
                    }
                };
                if claimed.is_empty() {
                    let nap = reader.nap().await;
                    let woken = timeout(nap, changes.changed());
                    match token.run_until_cancelled(woken).await {
                        // The subscription is closed, or the component is.
                        None | Some(Ok(Err(_))) => return,
                        Some(_) => continue,
                    }
                }
                for delivery in claimed {
                    // There is room: no more was claimed than fits.
                    let Ok(permit) = room.clone().acquire_owned().await else { return };
                    in_flight.lock().insert(delivery.delivery);
                    let (reader, in_flight) = (reader.clone(), in_flight.clone());
                    owner.spawn(TaskKind::Finite, "pubsub.sqlite delivery", async move {
                        let number = delivery.delivery;
                        reader.deliver(delivery).await;
                        in_flight.lock().remove(&number);
                        drop(permit);
                    });
                }
            }
        });
    }

    async fn claim(&self, limit: usize) -> Result<Vec<Claimed>, Error> {
        let (group, lease) = (self.group, milliseconds(self.lease));
        // Looking costs no lock; only what is found is written.
        let due = self.database.read(move |connection| schema::next_due(connection, group)).await?;
        if due.is_none_or(|due| due > schema::now()) {
            return Ok(Vec::new());
        }
        self.database
            .write(move |connection| schema::claim(connection, group, limit, lease).map_err(failed))
            .await
    }

    /// How long nothing can be due, unless somebody publishes.
    async fn nap(&self) -> Duration {
        let group = self.group;
        let due = self.database.read(move |connection| schema::next_due(connection, group)).await;
        match due {
            Ok(Some(due)) => {
                let left = u64::try_from(due.saturating_sub(schema::now())).unwrap_or_default();
                Duration::from_millis(left.max(1)).min(LONGEST_SLEEP)
            }
            Ok(None) => LONGEST_SLEEP,
            Err(_) => FAILURE_PAUSE,
        }
    }

    async fn deliver(&self, delivery: Claimed) {
        let Claimed { delivery, data, content_type, metadata } = delivery;
        let metadata: HashMap<String, String> = serde_json::from_str(&metadata).unwrap_or_default();
        let message = Message { topic: self.topic.clone(), data: Bytes::from(data), content_type, metadata };
        let again = milliseconds(self.redelivery_delay);
        let outcome = self.handler.handle(message).await;
        let settled = self.database.write(move |connection| {
            match outcome {
                Ok(()) => schema::settle(connection, delivery, None),
                Err(_) => schema::postpone(connection, &[delivery], again),
            }
            .map_err(failed)
        });
        // A message that cannot be settled comes again when its lease runs out.
        if let Err(error) = settled.await {
            tracing::error!(target: "dapr.contrib.pubsub.sqlite", "could not settle a message of topic {}: {error}", self.topic);
        }
    }
}

/// Renews the leases of what the app has in hand, until the subscription is closed and the app has nothing any more.
async fn renew(reader: Arc<Reader>, in_flight: InFlight, cancelled: tender_tasks::CancellationToken) {
    let interval = reader.lease / 3;
    loop {
        let is_closing = cancelled.run_until_cancelled(sleep(interval)).await.is_none();
        if is_closing {
            if in_flight.lock().is_empty() {
                return;
            }
            sleep(interval.min(Duration::from_millis(50))).await;
        }
        let deliveries: Vec<i64> = in_flight.lock().iter().copied().collect();
        if deliveries.is_empty() {
            continue;
        }
        let lease = milliseconds(reader.lease);
        let renewed = reader
            .database
            .write(move |connection| schema::postpone(connection, &deliveries, lease).map_err(failed))
            .await;
        if let Err(error) = renewed {
            tracing::warn!(target: "dapr.contrib.pubsub.sqlite", "could not renew leases of topic {}: {error}", reader.topic);
        }
    }
}
