//! The internal port, where other sidecars call.
//!
//! It is a gRPC server without layers: `ServiceInvocation` is served by hand, everything else is proxied to the app.
//! What will check a caller's identity and the policies stands between the two, in [`call_local`], where the request is
//! known and the app not yet called; what will check certificates wraps the connections given to
//! [`serve_connection`].

mod call_local;
mod server;

pub use server::{serve_connection, serve_internal};
