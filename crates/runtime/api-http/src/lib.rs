//! Dapr's HTTP API: thin handlers over the building blocks.
//!
//! Paths are matched by hand (see `route`), because what is no route of the API is an invocation, and its path must
//! reach the other app as it came.

mod api;
mod bindings;
mod cors;
mod metadata;
mod path;
mod publish;
mod request;
mod respond;
mod route;
mod state;

pub use api::{CallLogging, HttpApi, HttpApiConfig};
