//! A broker as the building block holds it.

use std::sync::Arc;

use tender_component::Metadata;
use tender_component::pubsub::PubSub as Broker;

use crate::scopes::TopicScopes;

/// What in a component's metadata makes its topics belong to the namespace.
const NAMESPACE_TEMPLATE: &str = "{namespace}";

/// An open broker, with what its metadata says of topics.
pub struct PubSubComponent {
    /// The open broker.
    pub broker: Arc<dyn Broker>,
    pub(crate) scopes: TopicScopes,
    namespaced: bool,
}

impl PubSubComponent {
    /// A broker with the scopes that `metadata` has for `app_id`. `values` are the items as they were written, before
    /// templates were replaced: if one of them holds `{namespace}`, the broker's topics carry the namespace.
    pub fn new<'a>(
        broker: Arc<dyn Broker>,
        metadata: &Metadata,
        app_id: &str,
        mut values: impl Iterator<Item = &'a str>,
    ) -> Self {
        Self {
            broker,
            scopes: TopicScopes::new(metadata, app_id),
            namespaced: values.any(|value| value.contains(NAMESPACE_TEMPLATE)),
        }
    }

    /// The topic as the broker knows it.
    pub(crate) fn broker_topic(&self, topic: &str, namespace: &str) -> String {
        if self.namespaced { [namespace, topic].concat() } else { topic.to_owned() }
    }

    /// The topic as apps know it.
    pub(crate) fn app_topic<'t>(&self, topic: &'t str, namespace: &str) -> &'t str {
        if self.namespaced { topic.strip_prefix(namespace).unwrap_or(topic) } else { topic }
    }
}
