//! Declared subscriptions to topics.

use std::collections::BTreeMap;

use crate::{ObjectMeta, Scopes, Source};

/// A subscription to a topic (`kind: Subscription`). Both versions become this type: the `route` of `v1alpha1` is the
/// default of [`Routes`].
#[derive(Clone, Debug)]
pub struct Subscription {
    /// Its name and namespace. Several subscriptions may have the same name.
    pub meta: ObjectMeta,
    /// Where it stands.
    pub source: Source,
    /// The pub/sub component.
    pub pubsub_name: String,
    /// The topic.
    pub topic: String,
    /// Options for the component.
    pub metadata: BTreeMap<String, String>,
    /// Where in the application the messages go.
    pub routes: Routes,
    /// The topic for messages that could not be delivered.
    pub dead_letter_topic: Option<String>,
    /// Delivery of several messages at a time.
    pub bulk_subscribe: BulkSubscribe,
    /// The applications that are subscribed.
    pub scopes: Scopes,
}

impl Subscription {
    /// `metadata.name`.
    pub fn name(&self) -> &str {
        &self.meta.name
    }
}

/// The place in the file does not count.
impl PartialEq for Subscription {
    fn eq(&self, other: &Self) -> bool {
        let Self {
            meta,
            source: _,
            pubsub_name,
            topic,
            metadata,
            routes,
            dead_letter_topic,
            bulk_subscribe,
            scopes,
        } = self;
        *meta == other.meta
            && *pubsub_name == other.pubsub_name
            && *topic == other.topic
            && *metadata == other.metadata
            && *routes == other.routes
            && *dead_letter_topic == other.dead_letter_topic
            && *bulk_subscribe == other.bulk_subscribe
            && *scopes == other.scopes
    }
}

impl Eq for Subscription {}

/// Where the messages of a topic go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Routes {
    /// Rules, tried in this order.
    pub rules: Vec<Rule>,
    /// The path for what no rule matches; `None` when absent or empty.
    pub default: Option<String>,
}

/// A condition on a message and the path for the messages that meet it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// A CEL expression over `event`; empty means that every message matches.
    pub matches: String,
    /// The path in the application.
    pub path: String,
}

/// Delivery of several messages at a time. Zero or absent means the runtime's own defaults.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BulkSubscribe {
    /// Whether it is on.
    pub enabled: bool,
    /// The most messages in one delivery.
    pub max_messages_count: i32,
    /// The longest wait for more messages, in milliseconds.
    pub max_await_duration_ms: i32,
}
