//! The secrets building block: stores, and the scopes that a Configuration puts on them.

use std::collections::HashMap;
use std::sync::Arc;

use tender_component::secret::{SecretData, SecretStore};
use tender_telemetry::metrics::Metrics;
use tokio::time::Instant;

use crate::error::{ApiError, codes};
use crate::live::Live;

/// Which secrets of a store the app may read. Without a scope it may read all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecretScope {
    /// Whether a secret that neither list names is denied.
    pub deny_by_default: bool,
    /// If there are any, these alone may be read.
    pub allowed: Vec<String>,
    /// These may not be read.
    pub denied: Vec<String>,
}

impl SecretScope {
    /// Whether the app may read the secret `name`.
    pub fn allows(&self, name: &str) -> bool {
        if !self.allowed.is_empty() {
            return self.allowed.iter().any(|allowed| allowed == name);
        }
        !self.deny_by_default && !self.denied.iter().any(|denied| denied == name)
    }
}

/// The secrets building block of one sidecar.
pub struct Secrets {
    stores: Live<Arc<dyn SecretStore>>,
    scopes: HashMap<String, SecretScope>,
    metrics: Arc<Metrics>,
}

impl Secrets {
    /// A building block without stores. `scopes` go by the name of the store.
    pub fn new(scopes: HashMap<String, SecretScope>, metrics: Arc<Metrics>) -> Self {
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
        self.scopes.get(store).is_none_or(|scope| scope.allows(name))
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

#[cfg(test)]
mod tests {
    use super::SecretScope;

    #[test]
    fn scopes_allow_and_deny_as_the_peer() {
        let list = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        for (deny_by_default, allowed, denied, expected) in [
            (false, list(&[]), list(&[]), true),
            (true, list(&[]), list(&[]), false),
            (true, list(&["s"]), list(&[]), true),
            (false, list(&["other"]), list(&[]), false),
            (false, list(&[]), list(&["s"]), false),
            (false, list(&["s"]), list(&["s"]), true),
        ] {
            let scope = SecretScope { deny_by_default, allowed, denied };
            assert_eq!(scope.allows("s"), expected, "{scope:?}");
        }
    }
}
