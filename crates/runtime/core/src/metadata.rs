//! What a sidecar says of itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::RwLock;

use crate::live::Live;

/// A component as the metadata API lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredComponent {
    /// Its type, such as `state.redis`.
    pub component_type: String,
    /// Its version, such as `v1`.
    pub version: String,
    /// What it can do.
    pub capabilities: Vec<String>,
}

/// How the sidecar reaches its app.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppConnection {
    /// The app's port.
    pub port: u16,
    /// The app's protocol, such as `http`.
    pub protocol: String,
    /// The app's address.
    pub channel_address: String,
    /// How many calls the app may be given at once; 0 for no limit.
    pub max_concurrency: usize,
    /// How its health is checked, if it is.
    pub health: Option<AppConnectionHealth>,
}

/// How the health of the app is checked, as the metadata API shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppConnectionHealth {
    /// The path, for HTTP apps.
    pub path: Option<String>,
    /// The time between probes, in Go's notation.
    pub interval: String,
    /// The time that a probe may take, in Go's notation.
    pub timeout: String,
    /// Failures in a row that make the app unhealthy.
    pub threshold: u32,
}

/// The facts that do not change while a sidecar runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The app ID.
    pub app_id: String,
    /// The version of the runtime.
    pub version: String,
    /// Features that are switched on.
    pub features: Vec<String>,
    /// How the app is reached; nothing if there is no app.
    pub app: Option<AppConnection>,
    /// Names of the HTTPEndpoint resources.
    pub http_endpoints: Vec<String>,
    /// Names of the Resiliency resources.
    pub resiliencies: Vec<String>,
}

/// The metadata building block of one sidecar.
#[derive(Debug)]
pub struct RuntimeMetadata {
    /// What does not change.
    pub facts: Facts,
    components: Live<RegisteredComponent>,
    extended: RwLock<BTreeMap<String, String>>,
}

/// The extended key under which the peer repeats its version.
const VERSION_KEY: &str = "daprRuntimeVersion";

impl RuntimeMetadata {
    /// A building block that lists no components yet.
    pub fn new(facts: Facts) -> Self {
        Self { facts, components: Live::default(), extended: RwLock::default() }
    }

    /// The components, to add and remove them.
    pub fn components(&self) -> &Live<RegisteredComponent> {
        &self.components
    }

    /// The components that are loaded now, by name.
    pub fn loaded(&self) -> Arc<BTreeMap<String, Arc<RegisteredComponent>>> {
        self.components.all()
    }

    /// What applications and tools have noted, and the version.
    pub fn extended(&self) -> BTreeMap<String, String> {
        let mut extended = self.extended.read().clone();
        extended.insert(VERSION_KEY.to_owned(), self.facts.version.clone());
        extended
    }

    /// Notes a value under a key; an empty key is ignored, as at the peer.
    pub fn set_extended(&self, key: String, value: String) {
        if !key.is_empty() {
            self.extended.write().insert(key, value);
        }
    }
}
