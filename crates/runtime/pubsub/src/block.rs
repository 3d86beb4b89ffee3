//! The building block of one sidecar.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tender_core::ApiError;
use tender_core::live::Live;
use tender_telemetry::metrics::Metrics;
use tokio::sync::Mutex;

use crate::component::PubSubComponent;
use crate::publish::{BulkFailure, BulkPublish, Publish};
use crate::subscribe::{
    self, OpenStream, Running, StreamError, StreamRequest, Streams, SubscriptionInfo, SubscriptionSpec,
};

/// The application, as subscriptions see it.
#[derive(Clone)]
pub struct App {
    /// How it is reached.
    pub channel: tender_channel::App,
    /// Whether it may be asked for subscriptions of its own.
    pub ask: bool,
}

/// What publishing and delivering share.
pub(crate) struct Shared {
    pub(crate) app_id: String,
    pub(crate) namespace: String,
    pub(crate) components: Live<PubSubComponent>,
    pub(crate) metrics: Arc<Metrics>,
}

/// Publishing, and subscriptions of all kinds.
pub struct PubSub {
    shared: Arc<Shared>,
    streams: Streams,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    app: Option<App>,
    declared: Vec<Arc<SubscriptionSpec>>,
    /// Subscriptions for the app that run now, by component and topic.
    running: BTreeMap<(String, String), Running>,
}

impl PubSub {
    /// A building block without components and subscriptions.
    pub fn new(app_id: impl Into<String>, namespace: impl Into<String>, metrics: Arc<Metrics>) -> Self {
        let shared = Shared {
            app_id: app_id.into(),
            namespace: namespace.into(),
            components: Live::default(),
            metrics,
        };
        Self { shared: Arc::new(shared), streams: Streams::default(), state: Mutex::default() }
    }

    /// The components, to add and remove them.
    pub fn components(&self) -> &Live<PubSubComponent> {
        &self.shared.components
    }

    /// Publishes one message.
    pub async fn publish(&self, request: Publish) -> Result<(), ApiError> {
        self.shared.publish(request).await
    }

    /// Publishes many messages, and gives those that were not published.
    pub async fn bulk_publish(&self, request: BulkPublish) -> Result<Vec<BulkFailure>, ApiError> {
        self.shared.bulk_publish(request).await
    }

    /// Checks that a component and topic can be published to, before a request's body is looked at.
    pub fn check(&self, pubsub: &str, topic: &str) -> Result<(), ApiError> {
        self.shared.find(pubsub, topic).map(drop)
    }

    /// The error for a bulk whose body cannot be read.
    pub fn unreadable_bulk(&self, pubsub: &str, topic: &str, cause: &dyn std::fmt::Display) -> ApiError {
        crate::errors::unmarshal(pubsub, topic, &self.shared.app_id, cause)
    }

    /// Says which app subscriptions are for, and which subscriptions are declared in resources.
    pub async fn set_app(&self, app: App, declared: Vec<SubscriptionSpec>) {
        let mut state = self.state.lock().await;
        state.app = Some(app);
        state.declared = declared.into_iter().map(Arc::new).collect();
    }

    /// Asks the app what it wants, and starts what is not running yet. A subscription that cannot be started is told
    /// and left out; the others go on.
    pub async fn start(&self) {
        let mut state = self.state.lock().await;
        let Some(app) = state.app.clone() else { return };
        let asked = if app.ask {
            subscribe::ask(&app.channel, &self.shared.app_id).await
        } else {
            tracing::info!(target: "dapr.runtime.processor.subscription", "Skipping programmatic subscription loading");
            Vec::new()
        };
        for spec in subscribe::merge(asked, &state.declared) {
            let key = (spec.pubsub.clone(), spec.topic.clone());
            if state.running.contains_key(&key) {
                continue;
            }
            if let Some(running) = subscribe::run(&self.shared, spec, &app.channel).await {
                state.running.insert(key, running);
            }
        }
        subscribe::log_topics(state.running.keys());
    }

    /// Stops the subscriptions for the app, waiting at most `grace` for the messages that it has in hand.
    pub async fn stop(&self, grace: Duration) {
        let running = std::mem::take(&mut self.state.lock().await.running);
        futures::future::join_all(running.into_values().map(|running| running.close(grace))).await;
    }

    /// Stops everything, streams too.
    pub async fn close(&self, grace: Duration) {
        self.streams.close();
        self.stop(grace).await;
    }

    /// Opens a subscription whose messages go to the caller.
    pub async fn open_stream(&self, request: StreamRequest) -> Result<OpenStream, StreamError> {
        self.streams.open(&self.shared, request).await
    }

    /// All subscriptions that run now.
    pub async fn subscriptions(&self) -> Vec<SubscriptionInfo> {
        let state = self.state.lock().await;
        state.running.values().map(|running| running.spec().info()).chain(self.streams.infos()).collect()
    }
}
