//! What a backend implements.
//!
//! A backend is one crate per system (Redis, SQLite …). It implements the traits of the building blocks that the
//! system can serve, states its [`Capabilities`](state::StateCapabilities), declares its metadata as one typed struct
//! with [`metadata_fields!`], and offers its component types to a [`Registry`]. Everything above these traits is `dyn`.
//!
//! Retries, timeouts, key prefixes, encryption and metrics are layers around a trait, never inside a backend.

pub mod binding;
pub mod error;
pub mod metadata;
pub mod name_resolution;
pub mod pubsub;
pub mod registry;
pub mod secret;
pub mod state;
pub mod subscription;

pub use error::{Error, ErrorKind};
pub use metadata::Metadata;
pub use registry::{Context, Registry};
pub use subscription::Subscription;
