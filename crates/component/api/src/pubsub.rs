//! Message brokers.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use crate::error::Error;
use crate::subscription::Subscription;

/// What a broker can do. The names are those of `GET /v1.0/metadata`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PubSubCapabilities {
    /// Expires messages itself; else the runtime puts the expiry into the envelope.
    pub message_ttl: bool,
    /// Takes topics with wildcards in subscriptions.
    pub subscribe_wildcards: bool,
    /// Publishes many messages in one request to the broker.
    pub bulk_publish: bool,
}

impl PubSubCapabilities {
    /// The names that the metadata API lists.
    pub fn names(self) -> Vec<&'static str> {
        [
            (self.message_ttl, "MESSAGE_TTL"),
            (self.subscribe_wildcards, "SUBSCRIBE_WILDCARDS"),
            (self.bulk_publish, "BULK_PUBSUB"),
        ]
        .into_iter()
        .filter_map(|(has, name)| has.then_some(name))
        .collect()
    }
}

/// One message to publish.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublishRequest {
    /// The topic, as the broker knows it.
    pub topic: String,
    /// The whole message: an envelope, or raw bytes.
    pub data: Bytes,
    /// The media type of `data`.
    pub content_type: Option<String>,
    /// Per-request metadata, such as `ttlInSeconds` or a partition key.
    pub metadata: HashMap<String, String>,
}

/// One entry of a bulk publish.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BulkEntry {
    /// Names the entry within its request.
    pub entry_id: String,
    /// The whole message.
    pub data: Bytes,
    /// The media type of `data`.
    pub content_type: String,
    /// Metadata of this entry.
    pub metadata: HashMap<String, String>,
}

/// Many messages for one topic.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BulkPublishRequest {
    /// The topic, as the broker knows it.
    pub topic: String,
    /// The messages, in order.
    pub entries: Vec<BulkEntry>,
    /// Metadata of the whole request.
    pub metadata: HashMap<String, String>,
}

/// An entry that was not published.
#[derive(Debug)]
pub struct FailedEntry {
    /// Which one.
    pub entry_id: String,
    /// Why.
    pub error: Error,
}

/// A topic to receive from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubscribeRequest {
    /// The topic, as the broker knows it.
    pub topic: String,
    /// Metadata of the subscription.
    pub metadata: HashMap<String, String>,
}

/// A message from the broker.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// The topic it came from.
    pub topic: String,
    /// The whole message.
    pub data: Bytes,
    /// The media type, where the broker carries one.
    pub content_type: Option<String>,
    /// What else the broker says of it.
    pub metadata: HashMap<String, String>,
}

/// Takes messages from a broker.
#[async_trait]
pub trait MessageHandler: Send + Sync {
    /// Deals with one message. Success acknowledges it; an error asks the broker to deliver it again, as it may.
    async fn handle(&self, message: Message) -> Result<(), Error>;
}

/// A message broker.
#[async_trait]
pub trait PubSub: Send + Sync {
    /// What this broker can do.
    fn capabilities(&self) -> PubSubCapabilities;

    /// Publishes one message. Success means that the broker has it, as safely as it keeps anything.
    async fn publish(&self, request: PublishRequest) -> Result<(), Error>;

    /// Publishes many messages and answers with those that failed; empty means that all are published.
    async fn bulk_publish(&self, request: BulkPublishRequest) -> Vec<FailedEntry> {
        let mut failed = Vec::new();
        for entry in request.entries {
            let mut metadata = request.metadata.clone();
            metadata.extend(entry.metadata);
            let single = PublishRequest {
                topic: request.topic.clone(),
                data: entry.data,
                content_type: Some(entry.content_type),
                metadata,
            };
            if let Err(error) = self.publish(single).await {
                failed.push(FailedEntry { entry_id: entry.entry_id, error });
            }
        }
        failed
    }

    /// Begins to receive. Returns when the broker has accepted the subscription: what is published after that arrives.
    ///
    /// The backend bounds how many messages are in the handler at once, and stops fetching while it is full.
    async fn subscribe(
        &self,
        request: SubscribeRequest,
        handler: Arc<dyn MessageHandler>,
    ) -> Result<Subscription, Error>;

    /// Whether the backend answers.
    async fn ping(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Settles what is under way and lets go of connections. Subscriptions are closed before.
    async fn close(&self) -> Result<(), Error> {
        Ok(())
    }
}
