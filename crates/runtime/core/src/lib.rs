//! The building blocks: what a sidecar does, knowing neither HTTP nor gRPC above nor a backend below.
//!
//! Both APIs call the same services of this crate; each answers with [`ApiError`] when it cannot, which is turned into
//! either wire form in one place.

pub mod bindings;
pub mod body;
pub mod error;
pub mod health;
pub mod live;
pub mod metadata;
pub mod secrets;
pub mod state;

pub use body::Body;
pub use error::ApiError;
