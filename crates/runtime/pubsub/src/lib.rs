//! Pub/sub: CloudEvents, routing, subscriptions and delivery.
