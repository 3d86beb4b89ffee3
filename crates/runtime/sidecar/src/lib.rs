//! The sidecar as a value.
//!
//! A [`Config`](config::Config) says everything that it is told. [`Sidecar::build`] reads its resources, opens its
//! components and binds its ports, without any traffic; [`Sidecar::spawn`] begins to serve; [`Running::drain`] stops
//! taking work, lets what is under way end, and closes everything. Two sidecars in one process share nothing.

mod address;
mod build;
mod components;
pub mod config;
mod health_watch;
mod metrics_server;
mod resources;
mod running;
mod wiring;

pub use build::{Addresses, BuildError, Sidecar};
pub use components::ComponentFailure;
pub use running::{Ended, Running};
