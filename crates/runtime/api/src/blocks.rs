//! The building blocks that both APIs call.

use std::sync::Arc;

use tender_core::bindings::OutputBindings;
use tender_core::health::Health;
use tender_core::metadata::RuntimeMetadata;
use tender_core::secrets::Secrets;
use tender_core::state::State;
use tender_invocation::Invocation;
use tender_pubsub::PubSub;
use tender_telemetry::metrics::Metrics;

use crate::shutdown::Shutdown;

/// Everything that an API can be asked for, of one sidecar.
pub struct Blocks {
    /// The app ID.
    pub app_id: String,
    /// State stores.
    pub state: Arc<State>,
    /// Secret stores.
    pub secrets: Arc<Secrets>,
    /// Output bindings.
    pub bindings: Arc<OutputBindings>,
    /// Publishing, and subscriptions of all kinds.
    pub pubsub: Arc<PubSub>,
    /// Service invocation.
    pub invocation: Arc<Invocation>,
    /// What the sidecar says of itself.
    pub metadata: RuntimeMetadata,
    /// Whether the sidecar is ready.
    pub health: Health,
    /// Whether everything but the app is ready.
    pub outbound_health: Health,
    /// How the APIs ask for the sidecar's end.
    pub shutdown: Shutdown,
    /// The sidecar's metrics.
    pub metrics: Arc<Metrics>,
}
