//! `pubsub.sqlite`: a durable broker in a file, shared by the sidecars of one machine.
//!
//! A message that is published gets a row, and a delivery for each group that has ever subscribed to its topic. A
//! sidecar takes deliveries on lease and renews the lease while its app works; one that dies lets its leases run out,
//! and another sidecar of the group takes over. A delivery is removed when the app has dealt with the message, and the
//! message with its last delivery. So a message that was published is delivered at least once to each group, whatever
//! process dies; deliveries begin in the order of publishing, and a redelivery comes later.
//!
//! Sidecars of one process wake each other at once; those of other processes look for changes every few milliseconds,
//! which costs one read of a counter in shared memory.

mod broker;
mod schema;
mod subscription;
mod wake;

pub(crate) use broker::SqliteBroker;
