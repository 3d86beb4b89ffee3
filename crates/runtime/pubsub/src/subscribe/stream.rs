//! Subscriptions whose messages go out on a stream that the app holds open.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use tender_component::Subscription;
use tender_proto::runtime::v1::TopicEventRequest;
use tokio::sync::{mpsc, oneshot, watch};

use super::run::start;
use super::spec::{SubscriptionInfo, SubscriptionKind, SubscriptionSpec};
use crate::block::Shared;
use crate::deliver::{self, Delivery, Target, Verdict};
use crate::routing::{Rule, Rules};

/// How many messages may wait for the stream's writer. The broker's own bound is what limits those in flight.
const BUFFERED: usize = 16;

/// What a stream asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamRequest {
    /// The component.
    pub pubsub: String,
    /// The topic.
    pub topic: String,
    /// Metadata of the subscription.
    pub metadata: HashMap<String, String>,
    /// Where messages go that the app cannot take.
    pub dead_letter_topic: Option<String>,
}

/// A stream that cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StreamError(String);

/// What the app says of a message: the number in its `TopicEventResponse`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamOutcome {
    /// The message's ID.
    pub id: String,
    /// The number of the status.
    pub status: i32,
}

/// Messages that wait for the app's word, by ID. One ID may be out more than once, after a redelivery.
type Pending = Arc<Mutex<HashMap<String, VecDeque<oneshot::Sender<i32>>>>>;

/// The side of a stream that the subscription writes to.
#[derive(Clone)]
pub(crate) struct StreamSender {
    events: mpsc::Sender<TopicEventRequest>,
    pending: Pending,
}

impl StreamSender {
    /// Sends a message to the app and waits for its word. A stream that ends gives the message back to the broker.
    pub(crate) async fn deliver(&self, delivery: &Delivery<'_>) -> Verdict {
        let event = match deliver::topic_event(delivery) {
            Ok(event) => event,
            Err(reason) => return Verdict::Retry(reason),
        };
        let id = event.id.clone();
        let (settled, outcome) = oneshot::channel();
        self.pending.lock().entry(id.clone()).or_default().push_back(settled);
        let closed = || Verdict::Retry("the stream of the subscription is closed".to_owned());
        if self.events.send(event).await.is_err() {
            self.pending.lock().remove(&id);
            return closed();
        }
        match outcome.await {
            Ok(status) => deliver::answered(&id, status),
            Err(_) => closed(),
        }
    }
}

/// A stream as its owner, an API, holds it. Dropping it ends the subscription.
pub struct OpenStream {
    events: mpsc::Receiver<TopicEventRequest>,
    pending: Pending,
    closed: watch::Receiver<bool>,
    _subscription: Subscription,
    _listed: Listed,
}

impl OpenStream {
    /// The next message for the app; nothing once the sidecar ends streams.
    pub async fn next(&mut self) -> Option<TopicEventRequest> {
        tokio::select! {
            biased;
            _ = self.closed.wait_for(|closed| *closed) => None,
            event = self.events.recv() => event,
        }
    }

    /// A handle that takes the app's words while [`next`](Self::next) waits.
    pub fn settler(&self) -> StreamSettler {
        StreamSettler { pending: self.pending.clone() }
    }
}

impl Drop for OpenStream {
    /// What waits for the app's word gets none: the broker delivers it again.
    fn drop(&mut self) {
        self.pending.lock().clear();
    }
}

/// Takes what the app says of messages.
#[derive(Clone)]
pub struct StreamSettler {
    pending: Pending,
}

impl StreamSettler {
    /// Settles a message. A word on one that is not out is ignored, as at the peer.
    pub fn settle(&self, outcome: &StreamOutcome) {
        let mut pending = self.pending.lock();
        let Some(waiting) = pending.get_mut(&outcome.id) else {
            tracing::debug!(target: "dapr.runtime.pubsub.streamer", "no message {} waits for a status", outcome.id);
            return;
        };
        if let Some(settled) = waiting.pop_front() {
            // The handler may be gone already.
            let _ = settled.send(outcome.status);
        }
        if waiting.is_empty() {
            pending.remove(&outcome.id);
        }
    }
}

type Open = Arc<Mutex<BTreeMap<u64, Arc<SubscriptionSpec>>>>;

/// An entry in the list of open streams, for as long as the stream lives.
struct Listed {
    open: Open,
    number: u64,
}

impl Drop for Listed {
    fn drop(&mut self) {
        self.open.lock().remove(&self.number);
    }
}

/// All open streams of a sidecar.
pub(crate) struct Streams {
    open: Open,
    next: AtomicU64,
    closed: watch::Sender<bool>,
}

impl Default for Streams {
    fn default() -> Self {
        Self { open: Open::default(), next: AtomicU64::default(), closed: watch::Sender::new(false) }
    }
}

impl Streams {
    pub(crate) async fn open(
        &self,
        shared: &Arc<Shared>,
        request: StreamRequest,
    ) -> Result<OpenStream, StreamError> {
        if request.pubsub.is_empty() {
            return Err(StreamError("pubsubName is required".to_owned()));
        }
        if request.topic.is_empty() {
            return Err(StreamError("topic is required".to_owned()));
        }
        if *self.closed.borrow() {
            return Err(StreamError("api server closed".to_owned()));
        }
        let everything = Rule::new("", "/").map_err(|error| StreamError(error.to_string()))?;
        let spec = Arc::new(SubscriptionSpec {
            pubsub: request.pubsub,
            topic: request.topic,
            metadata: request.metadata,
            rules: Rules::new(vec![everything]),
            dead_letter_topic: request.dead_letter_topic.filter(|topic| !topic.is_empty()),
            kind: SubscriptionKind::Streaming,
        });
        let (events, receiver) = mpsc::channel(BUFFERED);
        let pending = Pending::default();
        let sender = StreamSender { events, pending: pending.clone() };
        let subscription = start(shared, &spec, Target::Stream(sender)).await.map_err(StreamError)?;
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.open.lock().insert(number, spec);
        Ok(OpenStream {
            events: receiver,
            pending,
            closed: self.closed.subscribe(),
            _subscription: subscription,
            _listed: Listed { open: self.open.clone(), number },
        })
    }

    /// Ends all streams; none can be opened any more.
    pub(crate) fn close(&self) {
        self.closed.send_replace(true);
    }

    pub(crate) fn infos(&self) -> Vec<SubscriptionInfo> {
        self.open.lock().values().map(|spec| spec.info()).collect()
    }
}
