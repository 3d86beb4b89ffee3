//! The secrets building block: stores, and the scopes that a Configuration puts on them.

use std::collections::HashMap;
use std::sync::Arc;

use tender_component::secret::{SecretData, SecretStore};
use tender_resource::configuration::SecretScope;
use tender_telemetry::metrics::Metrics;
use tokio::time::Instant;

use crate::error::{ApiError, codes};
use crate::live::Live;

/// The secrets building block of one sidecar.
pub struct Secrets {
    stores: Live<Arc<dyn SecretStore>>,
    scopes: Vec<SecretScope>,
    metrics: Arc<Metrics>,
}

impl Secrets {
    /// A building block without stores. A store that no scope names is open.
    pub fn new(scopes: Vec<SecretScope>, metrics: Arc<Metrics>) -> Self {
        Self { stores: Live::default(), scopes, metrics }
    }

    /// The stores, to add and remove them.
    pub fn stores(&self) -> &Live<Arc<dyn SecretStore>> {
        &self.stores
    }

    /// One secret.
    pub async fn get(
        &self,
        store: &str,
        name: &str,
        metadata: &HashMap<String, String>,
    ) -> Result<SecretData, ApiError> {
        let component = self.component(store)?;
        if !self.allows(store, name) {
            let message = format!("access denied by policy to get {name:?} from {store:?}");
            return Err(ApiError::new(&codes::PERMISSION_DENIED, message));
        }
        let started = Instant::now();
        let result = component.get(name, metadata).await;
        self.metrics.component.secret(store, "get", result.is_ok(), started.elapsed());
        result.map_err(|error| {
            let message = format!("failed getting secret with key {name} from secret store {store}: {error}");
            ApiError::new(&codes::SECRET_GET, message)
        })
    }

    /// All secrets of a store that the app may read.
    pub async fn bulk_get(
        &self,
        store: &str,
        metadata: &HashMap<String, String>,
    ) -> Result<HashMap<String, SecretData>, ApiError> {
        let component = self.component(store)?;
        let started = Instant::now();
        let result = component.bulk_get(metadata).await;
        self.metrics.component.secret(store, "bulk_get", result.is_ok(), started.elapsed());
        let mut secrets = result.map_err(|error| {
            ApiError::new(
                &codes::SECRET_GET,
                format!("failed getting secrets from secret store {store}: {error}"),
            )
        })?;
        secrets.retain(|name, _| self.allows(store, name));
        Ok(secrets)
    }

    fn allows(&self, store: &str, name: &str) -> bool {
        self.scopes.iter().find(|scope| scope.store_name == store).is_none_or(|scope| scope.allows(name))
    }

    fn component(&self, store: &str) -> Result<Arc<dyn SecretStore>, ApiError> {
        if self.stores.is_empty() {
            return Err(ApiError::new(
                &codes::SECRET_STORES_NOT_CONFIGURED,
                "secret store is not configured",
            ));
        }
        let component = self.stores.get(store).map(|component| Arc::clone(&*component));
        component.ok_or_else(|| {
            let message = format!("failed finding secret store with key {store}");
            ApiError::new(&codes::SECRET_STORE_NOT_FOUND, message)
        })
    }
}
