//! Subscriptions and input bindings run while the app is healthy.

use std::sync::Arc;
use std::time::Duration;

use tender_bindings::InputBindings;
use tender_channel::AppHealth;
use tender_pubsub::PubSub;
use tender_tasks::Tasks;

/// How long messages that the app has in hand may take when it has become unhealthy.
const UNHEALTHY_GRACE: Duration = Duration::from_secs(30);

/// What is started for a healthy app, and stopped for an unhealthy one.
#[derive(Clone)]
pub(crate) struct Work {
    pub(crate) pubsub: Arc<PubSub>,
    pub(crate) inputs: Option<Arc<InputBindings>>,
}

impl Work {
    /// Starts what is not running. A binding that cannot be read ends the sidecar, as at the peer.
    pub(crate) async fn start(&self) {
        self.pubsub.start().await;
        if let Some(inputs) = &self.inputs
            && let Err(error) = inputs.start().await
        {
            tracing::error!(target: "dapr.runtime", "failed to read from bindings: {error}");
        }
    }

    /// Stops taking messages and events, and waits for those under way.
    pub(crate) async fn stop(&self, grace: Duration) {
        let inputs = async {
            if let Some(inputs) = &self.inputs {
                inputs.stop(grace).await;
            }
        };
        tokio::join!(self.pubsub.stop(grace), inputs);
    }
}

/// Follows the app's health until the sidecar is told to end.
pub(crate) async fn follow(health: AppHealth, work: Work, tasks: &Tasks) {
    let mut changes = health.subscribe();
    let token = tasks.token();
    loop {
        let healthy = *changes.borrow_and_update();
        if healthy {
            tracing::info!(target: "dapr.runtime", "app health: healthy; subscriptions and bindings are started");
            work.start().await;
        } else {
            work.stop(UNHEALTHY_GRACE).await;
        }
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return },
            () = token.cancelled() => return,
        }
    }
}
