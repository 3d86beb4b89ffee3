//! What is subscribed to.

use std::collections::HashMap;

use tender_resource::Subscription;

use crate::routing::{InvalidRule, Rule, Rules};

/// Where a subscription comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubscriptionKind {
    /// A resource.
    Declarative,
    /// The app's answer when it was asked.
    Programmatic,
    /// A stream that the app holds open.
    Streaming,
}

impl SubscriptionKind {
    /// The word of the metadata API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Declarative => "DECLARATIVE",
            Self::Programmatic => "PROGRAMMATIC",
            Self::Streaming => "STREAMING",
        }
    }
}

/// One subscription.
#[derive(Debug)]
pub struct SubscriptionSpec {
    /// The component.
    pub pubsub: String,
    /// The topic, as the app knows it.
    pub topic: String,
    /// `rawPayload`, and what the broker understands.
    pub metadata: HashMap<String, String>,
    /// Which path gets which event.
    pub rules: Rules,
    /// Where messages go that the app cannot take.
    pub dead_letter_topic: Option<String>,
    /// Where it comes from.
    pub kind: SubscriptionKind,
}

/// A subscription as the metadata API lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionInfo {
    /// The component.
    pub pubsub_name: String,
    /// The topic.
    pub topic: String,
    /// Its metadata.
    pub metadata: HashMap<String, String>,
    /// Expressions and paths, in order.
    pub rules: Vec<(String, String)>,
    /// The dead-letter topic; empty if none.
    pub dead_letter_topic: String,
    /// Where it comes from.
    pub kind: SubscriptionKind,
}

impl SubscriptionSpec {
    /// A subscription that a resource declares.
    pub fn declared(resource: &Subscription) -> Result<Self, InvalidRule> {
        let mut rules = Vec::with_capacity(resource.routes.rules.len() + 1);
        for rule in &resource.routes.rules {
            rules.push(Rule::new(&rule.matches, rule.path.clone())?);
        }
        if let Some(default) = &resource.routes.default {
            rules.push(Rule::new("", default.clone())?);
        }
        warn_of_bulk(resource.bulk_subscribe.enabled, &resource.pubsub_name, &resource.topic);
        Ok(Self {
            pubsub: resource.pubsub_name.clone(),
            topic: resource.topic.clone(),
            metadata: resource.metadata.clone().into_iter().collect(),
            rules: Rules::new(rules),
            dead_letter_topic: resource.dead_letter_topic.clone().filter(|topic| !topic.is_empty()),
            kind: SubscriptionKind::Declarative,
        })
    }

    /// As the metadata API lists it.
    pub fn info(&self) -> SubscriptionInfo {
        SubscriptionInfo {
            pubsub_name: self.pubsub.clone(),
            topic: self.topic.clone(),
            metadata: self.metadata.clone(),
            rules: self
                .rules
                .iter()
                .map(|rule| (rule.expression().to_owned(), rule.path().to_owned()))
                .collect(),
            dead_letter_topic: self.dead_letter_topic.clone().unwrap_or_default(),
            kind: self.kind,
        }
    }
}

/// Bulk subscriptions are not built yet: the app gets its messages one by one, and is told so.
pub(super) fn warn_of_bulk(enabled: bool, pubsub: &str, topic: &str) {
    if enabled {
        tracing::warn!(
            target: "dapr.runtime.processor.subscription",
            "bulkSubscribe of topic {topic} in pubsub {pubsub}: bulk subscriptions are not built into this version of tender; messages are delivered one by one"
        );
    }
}
