//! The app, whatever it speaks.

use tender_tasks::Tasks;

use crate::config::AppConfig;
use crate::error::CallError;
use crate::grpc::GrpcApp;
use crate::health::AppHealth;
use crate::http::HttpApp;

/// The application beside the sidecar. A clone is another handle to the same connections.
#[derive(Clone)]
pub enum App {
    /// It is called by HTTP requests.
    Http(HttpApp),
    /// It is called by gRPC.
    Grpc(GrpcApp),
}

impl App {
    /// An app that no connection has been opened to yet. What its connections need runs in `tasks`.
    ///
    /// An error means that the address is none.
    pub fn new(config: &AppConfig, tasks: &Tasks) -> Result<Self, CallError> {
        if config.protocol.is_http() {
            HttpApp::new(config, tasks).map(Self::Http)
        } else {
            GrpcApp::new(config, tasks).map(Self::Grpc)
        }
    }

    /// The same app; calls of this handle fail with [`CallError::Unhealthy`] while it is unhealthy.
    #[must_use]
    pub fn with_health(mut self, health: &AppHealth) -> Self {
        match &mut self {
            Self::Http(app) => app.set_health(health.subscribe()),
            Self::Grpc(app) => app.set_health(health.subscribe()),
        }
        self
    }
}
