//! Subscriptions: those that resources declare, those that the app asks for, and streams.

mod ask;
mod run;
mod spec;
mod stream;

pub(crate) use ask::ask;
pub(crate) use run::{Running, log_topics, merge, run};
pub use spec::{SubscriptionInfo, SubscriptionKind, SubscriptionSpec};
pub use stream::{OpenStream, StreamError, StreamOutcome, StreamRequest, StreamSettler};
pub(crate) use stream::{StreamSender, Streams};
