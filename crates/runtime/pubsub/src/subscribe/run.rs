//! Running a subscription.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tender_component::Subscription;
use tender_component::pubsub::SubscribeRequest;

use super::spec::SubscriptionSpec;
use crate::block::Shared;
use crate::deliver::{Handler, Target};

const SCOPE: &str = "dapr.runtime.processor.subscription";

/// A subscription that gets messages.
pub(crate) struct Running {
    spec: Arc<SubscriptionSpec>,
    subscription: Subscription,
}

impl Running {
    pub(crate) fn spec(&self) -> &SubscriptionSpec {
        &self.spec
    }

    pub(crate) async fn close(self, grace: Duration) {
        if !self.subscription.close(grace).await {
            tracing::warn!(
                target: SCOPE,
                "messages of topic {} in pubsub {} were still with the app after {grace:?}",
                self.spec.topic, self.spec.pubsub
            );
        }
    }
}

/// All subscriptions of an app. Of two for one topic, that of the app counts, as at the peer.
pub(crate) fn merge(
    asked: Vec<SubscriptionSpec>,
    declared: &[Arc<SubscriptionSpec>],
) -> Vec<Arc<SubscriptionSpec>> {
    let mut merged: Vec<Arc<SubscriptionSpec>> = Vec::with_capacity(asked.len() + declared.len());
    for spec in asked.into_iter().map(Arc::new).chain(declared.iter().cloned()) {
        if merged.iter().any(|other| other.pubsub == spec.pubsub && other.topic == spec.topic) {
            tracing::warn!(
                target: SCOPE,
                "two identical subscriptions found (sources: declarative, app endpoint). pubsubname: {}, topic: {}",
                spec.pubsub, spec.topic
            );
            continue;
        }
        merged.push(spec);
    }
    merged
}

/// Starts a subscription for the app. One that cannot be started is told.
pub(crate) async fn run(
    shared: &Arc<Shared>,
    spec: Arc<SubscriptionSpec>,
    app: &tender_channel::App,
) -> Option<Running> {
    match start(shared, &spec, Target::App(app.clone())).await {
        Ok(subscription) => Some(Running { spec, subscription }),
        Err(reason) => {
            tracing::error!(target: SCOPE, "{reason}");
            None
        }
    }
}

/// Begins to receive a subscription's messages.
pub(super) async fn start(
    shared: &Arc<Shared>,
    spec: &Arc<SubscriptionSpec>,
    target: Target,
) -> Result<Subscription, String> {
    let SubscriptionSpec { pubsub, topic, .. } = spec.as_ref();
    let component = shared
        .components
        .get(pubsub)
        .ok_or_else(|| format!("cannot subscribe to topic {topic}: pubsub {pubsub} is not found"))?;
    if !component.scopes.may_subscribe(topic) {
        return Err(format!("subscription to topic '{topic}' on pubsub '{pubsub}' is not allowed"));
    }
    let request = SubscribeRequest {
        topic: component.broker_topic(topic, &shared.namespace),
        metadata: spec.metadata.clone(),
    };
    let broker = component.broker.clone();
    let handler = Handler { shared: shared.clone(), component, spec: spec.clone(), target };
    broker
        .subscribe(request, Arc::new(handler))
        .await
        .map_err(|error| format!("failed to subscribe to topic {topic}: {error}"))
}

/// Tells which topics the app is subscribed to, a line for each component.
pub(crate) fn log_topics<'a>(running: impl Iterator<Item = &'a (String, String)>) {
    let mut topics: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (pubsub, topic) in running {
        topics.entry(pubsub).or_default().push(topic);
    }
    for (pubsub, topics) in topics {
        tracing::info!(
            target: SCOPE,
            "app is subscribed to the following topics: [[{}]] through pubsub={pubsub}", topics.join(" ")
        );
    }
}
