//! Service invocation: from an app, through its sidecar and the sidecar of another app, to that app.
//!
//! Both APIs and the internal server stand on one [`Invocation`]. It takes an [`InvokeRequest`], finds out where it
//! goes, and answers with an [`InvokeResponse`]; between sidecars it speaks the peer's
//! `dapr.proto.internals.v1.ServiceInvocation`, so the other side may be a daprd. Requests of either kind reach apps of
//! either kind. Bodies stream both ways, and no more of them is held than is under way.
//!
//! | who | calls |
//! |---|---|
//! | HTTP API | [`Invocation::invoke_http`] |
//! | gRPC API, `InvokeService` | [`Invocation::invoke_service`] |
//! | gRPC API, any service that it does not know | [`Invocation::proxy`] |
//! | other sidecars, on the internal port | [`serve_internal`] |

mod app;
mod config;
mod entry;
mod headers;
mod incoming;
mod internal;
mod invocation;
mod legacy;
mod method;
mod outgoing;
mod peers;
mod proxy;
mod remote;
mod request;
mod response;
mod status;
mod target;
mod trace;
mod wire;

pub use config::InvocationConfig;
pub use entry::{Destination, find_destination};
pub use internal::{serve_connection, serve_internal};
pub use invocation::Invocation;
pub use legacy::InvokeServiceResponse;
pub use request::{InvokeRequest, Origin};
pub use response::{InvokeResponse, Outcome};
pub use status::{RpcStatus, code_from_http, http_from_code};
