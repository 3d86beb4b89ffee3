//! The secrets that a component's metadata refers to.

use std::collections::HashMap;

use tender_core::secrets::Secrets;
use tender_resource::{Component, Secret, SecretRef};

/// Fetches what a component refers to. What cannot be had is told and left out: the component may do without it, and
/// says so itself if it cannot.
pub(super) async fn fetch(secrets: &Secrets, component: &Component) -> HashMap<SecretRef, Secret> {
    let mut found = HashMap::new();
    for reference in component.secret_refs() {
        let Some(store) = secrets.stores().get(&reference.store) else {
            tracing::warn!(
                target: "dapr.runtime.processor",
                "Component {} references a secret store that isn't loaded: {}", component.name(), reference.store
            );
            continue;
        };
        // Scopes limit the app, not the components that the platform wrote.
        match store.get(&reference.name, &HashMap::new()).await {
            Ok(data) => {
                // As the peer: where the key is not said, or a secret has one value only, its name is the key.
                let value = data.0.get(&reference.key).or_else(|| data.0.get(&reference.name));
                if let Some(value) = value {
                    found.insert(reference, Secret::new(value.clone()));
                }
            }
            Err(error) => tracing::error!(
                target: "dapr.runtime.processor", "Error getting secret for component {}: {error}", component.name()
            ),
        }
    }
    found
}
