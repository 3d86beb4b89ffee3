//! `pubsub.in-memory`: messages go straight to the subscribers of this component, and only to those that are there.
//!
//! As at the peer, a message that a subscriber fails on is not delivered again. Each subscription takes its messages
//! in order, one at a time.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::RwLock;
use tender_component::pubsub::{
    Message, MessageHandler, PubSub, PubSubCapabilities, PublishRequest, SubscribeRequest,
};
use tender_component::{Error, Subscription};
use tender_tasks::{TaskKind, Tasks};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// How many messages may wait for one subscription before publishing waits for it.
const QUEUE: usize = 1024;
/// How long publishing waits for a subscription whose queue is full.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Clone)]
struct Subscriber {
    /// The topic, or its beginning if it ends with `*`.
    topic: String,
    queue: mpsc::Sender<Message>,
}

impl Subscriber {
    fn wants(&self, topic: &str) -> bool {
        match self.topic.strip_suffix('*') {
            Some(prefix) => topic.starts_with(prefix),
            None => self.topic == topic,
        }
    }
}

type Subscribers = Arc<RwLock<HashMap<u64, Subscriber>>>;

pub(crate) struct MemoryBus {
    tasks: Tasks,
    subscribers: Subscribers,
    next: std::sync::atomic::AtomicU64,
}

impl MemoryBus {
    pub(crate) fn new(tasks: Tasks) -> Self {
        Self { tasks, subscribers: Subscribers::default(), next: std::sync::atomic::AtomicU64::new(0) }
    }
}

#[async_trait]
impl PubSub for MemoryBus {
    fn capabilities(&self) -> PubSubCapabilities {
        PubSubCapabilities { subscribe_wildcards: true, ..PubSubCapabilities::default() }
    }

    async fn publish(&self, request: PublishRequest) -> Result<(), Error> {
        if self.tasks.is_cancelled() {
            return Err(Error::failed("component is closed"));
        }
        let wanting: Vec<Subscriber> = self
            .subscribers
            .read()
            .values()
            .filter(|subscriber| subscriber.wants(&request.topic))
            .cloned()
            .collect();
        for subscriber in wanting {
            let message = Message {
                topic: request.topic.clone(),
                data: request.data.clone(),
                content_type: None,
                metadata: request.metadata.clone(),
            };
            match timeout(PATIENCE, subscriber.queue.send(message)).await {
                // A subscription that has just ended gets nothing, as one that never was.
                Ok(_) => {}
                Err(_) => {
                    return Err(Error::unavailable(format!(
                        "the subscribers of topic {:?} do not keep up",
                        request.topic
                    )));
                }
            }
        }
        Ok(())
    }

    async fn subscribe(
        &self,
        request: SubscribeRequest,
        handler: Arc<dyn MessageHandler>,
    ) -> Result<Subscription, Error> {
        if self.tasks.is_cancelled() {
            return Err(Error::failed("component is closed"));
        }
        let (queue, mut messages) = mpsc::channel(QUEUE);
        let number = self.next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        self.subscribers.write().insert(number, Subscriber { topic: request.topic, queue });
        let tasks = self.tasks.child();
        let (token, subscribers) = (tasks.token(), self.subscribers.clone());
        tasks.spawn(TaskKind::Finite, "pubsub.in-memory subscription", async move {
            loop {
                let message = tokio::select! {
                    biased;
                    () = token.cancelled() => break,
                    message = messages.recv() => message,
                };
                let Some(message) = message else { break };
                if let Err(error) = handler.handle(message).await {
                    tracing::error!(target: "dapr.contrib.pubsub.in-memory", "{error}");
                }
            }
            subscribers.write().remove(&number);
        });
        Ok(Subscription::new(tasks))
    }

    async fn close(&self) -> Result<(), Error> {
        self.tasks.cancel();
        Ok(())
    }
}
