//! Publishing one message, or many.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use bytes::Bytes;
use tender_component::pubsub::{BulkEntry, BulkPublishRequest, PublishRequest};
use tender_core::ApiError;
use tokio::time::Instant;

use crate::block::Shared;
use crate::component::PubSubComponent;
use crate::envelope::{self, Publication};
use crate::errors;

/// The trace that a publisher's request belongs to, as W3C headers; empty if none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TraceContext {
    /// `traceparent`
    pub parent: String,
    /// `tracestate`
    pub state: String,
}

/// One message to publish.
#[derive(Clone, Debug, Default)]
pub struct Publish {
    /// The component.
    pub pubsub: String,
    /// The topic.
    pub topic: String,
    /// What the app sends.
    pub data: Bytes,
    /// Its media type; empty if the app does not say.
    pub content_type: String,
    /// `rawPayload`, `ttlInSeconds`, `cloudevent.…`, and what the broker understands.
    pub metadata: HashMap<String, String>,
    /// The trace of the request.
    pub trace: TraceContext,
}

/// One message of a bulk.
#[derive(Clone, Debug, Default)]
pub struct PublishEntry {
    /// Names it within the bulk; must be there, and only once.
    pub entry_id: String,
    /// What the app sends.
    pub data: Bytes,
    /// Its media type.
    pub content_type: String,
    /// Its own metadata, which wins over that of the bulk.
    pub metadata: HashMap<String, String>,
}

/// Many messages for one topic.
#[derive(Clone, Debug, Default)]
pub struct BulkPublish {
    /// The component.
    pub pubsub: String,
    /// The topic.
    pub topic: String,
    /// The messages.
    pub entries: Vec<PublishEntry>,
    /// Metadata of all of them.
    pub metadata: HashMap<String, String>,
    /// The trace of the request.
    pub trace: TraceContext,
}

/// A message of a bulk that was not published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BulkFailure {
    /// Which one.
    pub entry_id: String,
    /// Why.
    pub error: String,
}

impl Shared {
    /// The component that a request names, checked in the peer's order: its name, itself, the topic.
    pub(crate) fn find(&self, pubsub: &str, topic: &str) -> Result<Arc<PubSubComponent>, ApiError> {
        if pubsub.is_empty() {
            return Err(errors::name_empty(&self.app_id));
        }
        if self.components.is_empty() {
            return Err(errors::not_configured(pubsub, &self.app_id));
        }
        let component = self.components.get(pubsub).ok_or_else(|| errors::not_found(pubsub, &self.app_id))?;
        if topic.is_empty() {
            return Err(errors::topic_empty(pubsub, &self.app_id));
        }
        Ok(component)
    }

    pub(crate) async fn publish(&self, request: Publish) -> Result<(), ApiError> {
        let component = self.find(&request.pubsub, &request.topic)?;
        let raw = raw_payload(&request.pubsub, &request.metadata)?;
        let data = if raw {
            request.data
        } else {
            let publication = Publication {
                app_id: &self.app_id,
                pubsub: &request.pubsub,
                topic: &request.topic,
                data: &request.data,
                content_type: &request.content_type,
                metadata: &request.metadata,
                trace: &request.trace,
                broker_expires: component.broker.capabilities().message_ttl,
            };
            envelope::publication(&publication)
                .map_err(|error| errors::cloud_event(&request.pubsub, &self.app_id, &error))?
        };
        let content_type = (!request.content_type.is_empty()).then_some(request.content_type);
        self.send(&component, &request.pubsub, &request.topic, data, content_type, request.metadata).await
    }

    /// Hands finished bytes to the broker: an envelope, a raw payload, or a dead letter.
    pub(crate) async fn send(
        &self,
        component: &PubSubComponent,
        pubsub: &str,
        topic: &str,
        data: Bytes,
        content_type: Option<String>,
        metadata: HashMap<String, String>,
    ) -> Result<(), ApiError> {
        if !component.scopes.may_publish(topic) {
            return Err(errors::forbidden(pubsub, topic, &self.app_id));
        }
        let request = PublishRequest {
            topic: component.broker_topic(topic, &self.namespace),
            data,
            content_type,
            metadata,
        };
        let started = Instant::now();
        let outcome = component.broker.publish(request).await;
        self.metrics.component.pubsub_egress(pubsub, topic, outcome.is_ok(), started.elapsed());
        outcome.map_err(|error| errors::publish(pubsub, topic, &error))
    }

    pub(crate) async fn bulk_publish(&self, request: BulkPublish) -> Result<Vec<BulkFailure>, ApiError> {
        let BulkPublish { pubsub, topic, entries, metadata, trace } = request;
        let component = self.find(&pubsub, &topic)?;
        let raw = raw_payload(&pubsub, &metadata)?;
        let mut ids = HashSet::with_capacity(entries.len());
        if !entries.iter().all(|entry| !entry.entry_id.is_empty() && ids.insert(entry.entry_id.as_str())) {
            return Err(errors::entry_ids(&pubsub, &topic, &self.app_id));
        }
        if !component.scopes.may_publish(&topic) {
            return Err(errors::forbidden(&pubsub, &topic, &self.app_id));
        }
        let broker_expires = component.broker.capabilities().message_ttl;
        let mut wrapped = Vec::with_capacity(entries.len());
        for PublishEntry { entry_id, data, content_type, metadata: own } in entries {
            let mut all = metadata.clone();
            all.extend(own);
            let data = if raw {
                data
            } else {
                envelope::publication(&Publication {
                    app_id: &self.app_id,
                    pubsub: &pubsub,
                    topic: &topic,
                    data: &data,
                    content_type: &content_type,
                    metadata: &all,
                    trace: &trace,
                    broker_expires,
                })
                .map_err(|error| errors::cloud_event(&pubsub, &self.app_id, &error))?
            };
            wrapped.push(BulkEntry { entry_id, data, content_type, metadata: all });
        }
        let total = wrapped.len();
        let broker_topic = component.broker_topic(&topic, &self.namespace);
        let started = Instant::now();
        let failed = component
            .broker
            .bulk_publish(BulkPublishRequest { topic: broker_topic, entries: wrapped, metadata })
            .await;
        let published = u64::try_from(total - failed.len().min(total)).unwrap_or_default();
        let elapsed = started.elapsed();
        self.metrics.component.bulk_pubsub_egress(&pubsub, &topic, failed.is_empty(), published, elapsed);
        Ok(failed
            .into_iter()
            .map(|failure| BulkFailure { entry_id: failure.entry_id, error: failure.error.to_string() })
            .collect())
    }
}

fn raw_payload(pubsub: &str, metadata: &HashMap<String, String>) -> Result<bool, ApiError> {
    envelope::raw_payload(metadata).map_err(|error| errors::metadata(pubsub, metadata.clone(), &error))
}
