//! Name resolution: from an app ID to the internal address of its sidecar.

use std::net::IpAddr;

use async_trait::async_trait;

use crate::error::Error;

/// A sidecar that others can call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// Whose sidecar it is.
    pub app_id: String,
    /// The app's namespace; empty if none.
    pub namespace: String,
    /// Where its internal gRPC server can be reached.
    pub host: IpAddr,
    /// The port of its internal gRPC server.
    pub internal_port: u16,
    /// The ports that others may want to know: HTTP and gRPC API, as the peer announces them.
    pub http_port: u16,
    /// See `http_port`.
    pub grpc_port: u16,
}

/// Whom to look up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolveRequest {
    /// The app ID.
    pub app_id: String,
    /// The namespace; empty for the default.
    pub namespace: String,
    /// The internal port to assume where a resolver knows only hosts.
    pub port: u16,
}

/// Finds sidecars.
#[async_trait]
pub trait NameResolver: Send + Sync {
    /// Makes this sidecar known, and keeps it known until [`close`](Self::close).
    async fn register(&self, instance: Instance) -> Result<(), Error>;

    /// The addresses (`host:port`) of all known sidecars of an app, at least one; or an error of kind
    /// [`NotFound`](crate::ErrorKind::NotFound).
    async fn resolve(&self, request: &ResolveRequest) -> Result<Vec<String>, Error>;

    /// Withdraws this sidecar.
    async fn close(&self) -> Result<(), Error> {
        Ok(())
    }
}
