//! Logs and metrics, one set per sidecar.
//!
//! Nothing here is process-wide: a [`log::LogOptions`] makes a `tracing` subscriber that the sidecar's tasks run with,
//! and a [`metrics::Metrics`] is a registry of its own. Two sidecars in one process share neither.

pub mod log;
pub mod metrics;
