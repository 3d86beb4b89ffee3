//! Noticing that somebody has published.

use std::sync::Arc;
use std::time::Duration;

use tender_tasks::{TaskKind, Tasks};
use tokio::sync::watch;

use crate::database::{Options, connect};

/// How often another process's commits are looked for.
const INTERVAL: Duration = Duration::from_millis(10);

/// Wakes the subscriptions of one component. A clone is another handle to the same.
#[derive(Clone)]
pub(super) struct Wake {
    changes: Arc<watch::Sender<u64>>,
}

impl Wake {
    pub(super) fn new() -> Self {
        Self { changes: Arc::new(watch::Sender::new(0)) }
    }

    /// Says that there may be something new.
    pub(super) fn notify(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Looks for commits of other connections for as long as `tasks` live and somebody subscribes.
    pub(super) fn watch(&self, options: Options, tasks: &Tasks) {
        let (wake, token) = (self.clone(), tasks.token());
        tasks.spawn(TaskKind::Finite, "pubsub.sqlite watch", async move {
            let Ok(connection) = connect(&options) else {
                tracing::error!(target: "dapr.contrib.pubsub.sqlite", "could not watch the file for messages of other processes");
                return;
            };
            let mut seen = None;
            while token.run_until_cancelled(tokio::time::sleep(INTERVAL)).await.is_some() {
                if wake.changes.receiver_count() == 0 {
                    continue;
                }
                // It reads a counter in shared memory, and no table.
                let version: Option<i64> = connection.pragma_query_value(None, "data_version", |row| row.get(0)).ok();
                if version != seen {
                    seen = version;
                    wake.notify();
                }
            }
        });
    }
}
