//! Dapr's gRPC API: thin handlers over the building blocks.
//!
//! Methods of the `Dapr` service and reflection are served here; a method of any other service is passed on to the app
//! that the call's metadata names.

mod access;
mod api;
mod metadata;
mod publish;
mod reflection;
mod service;
mod state;
mod stream;

pub use api::{GrpcApi, GrpcApiConfig};
