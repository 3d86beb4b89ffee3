//! Bindings: events from, and operations on, outside systems.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use crate::error::Error;
use crate::subscription::Subscription;

/// An event from outside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// What arrived.
    pub data: Bytes,
    /// The media type, where the source has one.
    pub content_type: Option<String>,
    /// What else is known of it.
    pub metadata: HashMap<String, String>,
}

/// Takes events from an input binding.
#[async_trait]
pub trait EventHandler: Send + Sync {
    /// Deals with one event and may answer with bytes. An error asks the source to deliver it again, as it may.
    async fn handle(&self, event: Event) -> Result<Option<Bytes>, Error>;
}

/// A source of events.
#[async_trait]
pub trait InputBinding: Send + Sync {
    /// Begins to read. Returns once events will arrive.
    async fn read(&self, handler: Arc<dyn EventHandler>) -> Result<Subscription, Error>;

    /// Whether the backend answers.
    async fn ping(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Lets go of connections. The subscription is closed before.
    async fn close(&self) -> Result<(), Error> {
        Ok(())
    }
}

/// An operation on an outside system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InvokeRequest {
    /// Which operation, such as `create` or `get`.
    pub operation: String,
    /// Its input.
    pub data: Bytes,
    /// Its parameters.
    pub metadata: HashMap<String, String>,
}

/// What an operation answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InvokeResponse {
    /// Its output; none where the operation has none.
    pub data: Option<Bytes>,
    /// The media type of `data`, where known.
    pub content_type: Option<String>,
    /// What else it answered.
    pub metadata: HashMap<String, String>,
}

/// A target of operations.
#[async_trait]
pub trait OutputBinding: Send + Sync {
    /// The operations that [`invoke`](Self::invoke) takes.
    fn operations(&self) -> Vec<String>;

    /// Runs one operation. A failure may carry response metadata.
    async fn invoke(&self, request: InvokeRequest) -> Result<InvokeResponse, Error>;

    /// Whether the backend answers.
    async fn ping(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Lets go of connections.
    async fn close(&self) -> Result<(), Error> {
        Ok(())
    }
}

/// What a binding component opens to: either direction, or both.
#[derive(Clone, Default)]
pub struct Binding {
    /// Present if events can come in.
    pub input: Option<Arc<dyn InputBinding>>,
    /// Present if operations can go out.
    pub output: Option<Arc<dyn OutputBinding>>,
}
