//! Pub/sub: CloudEvents, topic scopes, routing, subscriptions and delivery.
//!
//! [`PubSub`] is the building block. Publishing wraps what an app sends into an [envelope] and hands it to a
//! broker; a [subscription](subscribe) takes messages from a broker, finds the route by the subscription's rules, and
//! [delivers](deliver) them to the app: by HTTP, by gRPC, or on a stream that the app holds open. A message is
//! acknowledged only when the app has answered.

mod block;
mod component;
mod deliver;
pub mod envelope;
mod errors;
mod publish;
mod routing;
mod scopes;
mod subscribe;

pub use block::{App, PubSub};
pub use component::PubSubComponent;
pub use publish::{BulkFailure, BulkPublish, Publish, PublishEntry, TraceContext};
pub use routing::{InvalidRule, Rule, Rules};
pub use subscribe::{
    OpenStream, StreamError, StreamOutcome, StreamRequest, StreamSettler, SubscriptionInfo, SubscriptionKind,
    SubscriptionSpec,
};
