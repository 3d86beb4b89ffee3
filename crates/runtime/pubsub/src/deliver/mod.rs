//! Handing one message to the app, and settling it by what the app answers.

mod grpc;
mod http;

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use tender_component::Error;
use tender_component::pubsub::{Message, MessageHandler};
use tokio::time::Instant;

pub(crate) use grpc::{answered, request as topic_event};

use crate::block::Shared;
use crate::component::PubSubComponent;
use crate::envelope::{self, Event};
use crate::subscribe::{StreamSender, SubscriptionSpec};

/// Where messages go.
#[derive(Clone)]
pub(crate) enum Target {
    App(tender_channel::App),
    Stream(StreamSender),
}

/// What the app made of a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It has dealt with it.
    Success,
    /// It wants it again.
    Retry(String),
    /// It does not want it: it goes to the dead letters, if there are any.
    Drop,
    /// It has no method for it: the message is gone, as at the peer.
    Discard,
}

/// A message on its way to the app.
pub(crate) struct Delivery<'a> {
    pub(crate) event: &'a Event,
    pub(crate) pubsub: &'a str,
    pub(crate) topic: &'a str,
    pub(crate) path: &'a str,
    pub(crate) metadata: &'a HashMap<String, String>,
}

/// Takes the messages of one subscription.
pub(crate) struct Handler {
    pub(crate) shared: Arc<Shared>,
    pub(crate) component: Arc<PubSubComponent>,
    pub(crate) spec: Arc<SubscriptionSpec>,
    pub(crate) target: Target,
}

const SCOPE: &str = "dapr.runtime.processor.subscription";

#[async_trait]
impl MessageHandler for Handler {
    async fn handle(&self, message: Message) -> Result<(), Error> {
        let started = Instant::now();
        let (verdict, status) = self.verdict(&message).await;
        let settled = self.settle(&message, verdict).await;
        let process_status = match &settled {
            Ok(Settled::Done) => "success",
            Ok(Settled::Gone) => "drop",
            Err(_) => "retry",
        };
        let topic = self.component.app_topic(&message.topic, &self.shared.namespace);
        self.shared.metrics.component.pubsub_ingress(
            &self.spec.pubsub,
            process_status,
            status,
            topic,
            started.elapsed(),
        );
        settled.map(drop)
    }
}

/// How a message ended that is not wanted again.
#[derive(Clone, Copy)]
enum Settled {
    Done,
    Gone,
}

impl Handler {
    /// What is to become of the message, and the `status` label of its metric.
    async fn verdict(&self, message: &Message) -> (Verdict, &'static str) {
        let topic = self.component.app_topic(&message.topic, &self.shared.namespace);
        let pubsub = self.spec.pubsub.as_str();
        let event = match self.read(message, topic) {
            Ok(event) => event,
            Err(reason) => {
                tracing::error!(target: SCOPE, "{reason}");
                return (Verdict::Retry(reason), "");
            }
        };
        if event.has_expired() {
            tracing::warn!(target: SCOPE, "dropping expired pub/sub event {} as of {}", event.text("id"), event.text("expiration"));
            return (Verdict::Drop, "");
        }
        let path = match self.spec.rules.route(&event) {
            Ok(Some(path)) => path,
            Ok(None) => {
                tracing::debug!(target: SCOPE, "no matching route for event {} in pubsub {pubsub} and topic {topic}; skipping", event.text("id"));
                return (Verdict::Drop, "success");
            }
            Err(error) => {
                let reason = format!(
                    "error finding matching route for event {} in pubsub {pubsub} and topic {topic}: {error}",
                    event.text("id")
                );
                tracing::error!(target: SCOPE, "{reason}");
                return (Verdict::Retry(reason), "");
            }
        };
        let delivery = Delivery { event: &event, pubsub, topic, path, metadata: &message.metadata };
        let verdict = match &self.target {
            Target::App(tender_channel::App::Http(app)) => http::deliver(app, &delivery).await,
            Target::App(tender_channel::App::Grpc(app)) => grpc::deliver(app, &delivery).await,
            Target::Stream(stream) => stream.deliver(&delivery).await,
        };
        (verdict, "")
    }

    fn read(&self, message: &Message, topic: &str) -> Result<Event, String> {
        let pubsub = &self.spec.pubsub;
        let raw = envelope::raw_payload(&self.spec.metadata)
            .map_err(|error| format!("error deserializing pubsub metadata: {error}"))?;
        let event =
            if raw { envelope::from_raw(message, pubsub, topic) } else { envelope::from_message(message) };
        event.map_err(|error| {
            format!("error deserializing cloud event in pubsub {pubsub} and topic {topic}: {error}")
        })
    }

    /// Acknowledges, asks for redelivery, or sends to the dead letters. A retriable failure goes to the dead letters
    /// too, since the inbound policy (one attempt, as long as no resiliency policy says otherwise) is exhausted then.
    async fn settle(&self, message: &Message, verdict: Verdict) -> Result<Settled, Error> {
        let (reason, wanted_again) = match verdict {
            Verdict::Success => return Ok(Settled::Done),
            Verdict::Discard => return Ok(Settled::Gone),
            Verdict::Drop => ("dropped".to_owned(), false),
            Verdict::Retry(reason) => (reason, true),
        };
        let Some(dead_letters) = &self.spec.dead_letter_topic else {
            return if wanted_again { Err(Error::failed(reason)) } else { Ok(Settled::Gone) };
        };
        let letter = self.shared.send(
            &self.component,
            &self.spec.pubsub,
            dead_letters,
            message.data.clone(),
            message.content_type.clone(),
            message.metadata.clone(),
        );
        letter.await.map(|()| Settled::Gone).map_err(|error| {
            tracing::error!(
                target: SCOPE,
                "error sending message to dead letter queue, origin topic: {} dead letter topic: {dead_letters} err: {error}",
                self.spec.topic
            );
            Error::failed(reason)
        })
    }
}
