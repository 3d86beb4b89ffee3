//! Putting open components where the building blocks find them.

use futures::future::join_all;
use tender_bindings::{InputBinding, InputBindings};
use tender_component::Metadata;
use tender_core::bindings::OutputBindings;
use tender_core::metadata::{RegisteredComponent, RuntimeMetadata};
use tender_core::secrets::Secrets;
use tender_core::state::{KeyPrefix, State, StateComponent};
use tender_pubsub::{PubSub, PubSubComponent};
use tender_resource::configuration::Configuration;
use tender_resource::{Category, Component};

use crate::build::BuildError;
use crate::components::{ComponentFailure, Opened, Opener};

/// The building blocks that components belong to.
pub(crate) struct Blocks<'a> {
    pub(crate) app_id: &'a str,
    pub(crate) namespace: &'a str,
    pub(crate) state: &'a State,
    pub(crate) secrets: &'a Secrets,
    pub(crate) bindings: &'a OutputBindings,
    pub(crate) inputs: Option<&'a InputBindings>,
    pub(crate) pubsub: &'a PubSub,
    pub(crate) metadata: &'a RuntimeMetadata,
}

impl Blocks<'_> {
    /// Opens all components: secret stores one after another, then the rest at once. A failure is told, and ends the
    /// start unless the component says `ignoreErrors`.
    pub(crate) async fn open_all(
        &self,
        opener: &Opener,
        components: Vec<Component>,
        configuration: &Configuration,
    ) -> Result<(), BuildError> {
        let (denied, allowed): (Vec<_>, Vec<_>) =
            components.into_iter().partition(|component| configuration.spec.denies(component));
        for component in denied {
            tracing::warn!(
                target: "dapr.runtime", "component {} is denied by the Configuration and is not loaded", component.log_name()
            );
        }
        let (stores, others): (Vec<_>, Vec<_>) = allowed
            .into_iter()
            .partition(|component| component.component_type.category() == Some(Category::SecretStores));
        let mut failures = Vec::new();
        for store in stores {
            let outcome = opener.open(&store).await;
            failures.extend(self.take(store, outcome).await?);
        }
        let opened = join_all(others.into_iter().map(|component| async move {
            let outcome = opener.open(&component).await;
            (component, outcome)
        }))
        .await;
        for (component, outcome) in opened {
            failures.extend(self.take(component, outcome).await?);
        }
        match failures.into_iter().next() {
            Some(first) => Err(first.into()),
            None => Ok(()),
        }
    }

    /// Puts a component in its place; gives its failure, if that must end the start.
    async fn take(
        &self,
        component: Component,
        outcome: Result<(Opened, Metadata), ComponentFailure>,
    ) -> Result<Option<ComponentFailure>, BuildError> {
        match outcome {
            Ok((opened, metadata)) => {
                let capabilities = self.place(&component, opened, &metadata).await?;
                let Some(capabilities) = capabilities else { return Ok(None) };
                let registered = RegisteredComponent {
                    component_type: component.component_type.as_str().to_owned(),
                    version: component.version.clone(),
                    capabilities: capabilities.into_iter().map(str::to_owned).collect(),
                };
                self.metadata.components().insert(component.name(), registered);
                Ok(None)
            }
            Err(failure) if component.ignore_errors => {
                tracing::error!(target: "dapr.runtime.processor", "Ignoring error processing component: {failure}");
                Ok(None)
            }
            Err(failure) => {
                tracing::error!(
                    target: "dapr.runtime.processor",
                    "Error processing component, daprd will exit gracefully: {failure}"
                );
                Ok(Some(failure))
            }
        }
    }

    /// Gives the component's capabilities; nothing if its building block is not built.
    async fn place(
        &self,
        component: &Component,
        opened: Opened,
        metadata: &Metadata,
    ) -> Result<Option<Vec<&'static str>>, BuildError> {
        let name = component.name();
        Ok(Some(match opened {
            Opened::State(store) => {
                let prefix = KeyPrefix::new(metadata.get("keyPrefix"), name, self.app_id, self.namespace)
                    .map_err(|error| BuildError::KeyPrefix { component: name.to_owned(), source: error })?;
                refuse_unbuilt(component, metadata)?;
                let capabilities = store.capabilities().names();
                self.state.stores().insert(name, StateComponent { store, prefix });
                capabilities
            }
            Opened::Secret(store) => {
                let capabilities = store.capabilities().names();
                self.secrets.stores().insert(name, store);
                capabilities
            }
            Opened::PubSub(broker) => {
                let capabilities = broker.capabilities().names();
                let written = component.metadata.iter().filter_map(|item| item.value.as_ref());
                let written = written.map(tender_resource::Secret::expose);
                let entry = PubSubComponent::new(broker, metadata, self.app_id, written);
                self.pubsub.components().insert(name, entry);
                capabilities
            }
            Opened::Binding(binding) => {
                let direction = metadata.get("direction").map(str::to_lowercase);
                let goes = |way: &str| {
                    direction.as_deref().map(|words| words.split(',').any(|word| word.trim() == way))
                };
                let mut capabilities = Vec::new();
                if let Some(input) = binding.input.filter(|_| goes("input").unwrap_or(true)) {
                    capabilities.push("INPUT_BINDING");
                    if let Some(inputs) = self.inputs {
                        let route = metadata
                            .get("route")
                            .filter(|route| !route.is_empty())
                            .unwrap_or(name)
                            .to_owned();
                        let explicit = goes("input").unwrap_or(false);
                        inputs.add(name, InputBinding { component: input, route, explicit }).await;
                    }
                }
                if let Some(output) = binding.output.filter(|_| goes("output").unwrap_or(true)) {
                    capabilities.push("OUTPUT_BINDING");
                    self.bindings.components().insert(name, output);
                }
                capabilities
            }
            Opened::Unbuilt => return Ok(None),
        }))
    }
}

/// State stores have metadata that the runtime acts on, and not the store. What of it is not built is refused: values
/// must not be stored in plain text, and messages must not be left out, where somebody relies on it.
fn refuse_unbuilt(component: &Component, metadata: &Metadata) -> Result<(), BuildError> {
    let encrypted =
        ["primaryEncryptionKey", "secondaryEncryptionKey"].iter().any(|key| metadata.get(key).is_some());
    let outbox = metadata.get("outboxPublishPubsub").is_some();
    match (encrypted, outbox) {
        (false, false) => Ok(()),
        (encrypted, _) => Err(BuildError::Unbuilt {
            component: component.log_name(),
            place: component.source.to_string(),
            feature: if encrypted { "state encryption" } else { "the outbox" },
        }),
    }
}

/// Closes every component, and tells what does not close.
pub(crate) async fn close_all(state: &State, secrets: &Secrets, bindings: &OutputBindings, pubsub: &PubSub) {
    let told = |name: &str, outcome: Result<(), tender_component::Error>| {
        if let Err(error) = outcome {
            tracing::warn!(target: "dapr.runtime.processor", "error closing component {name}: {error}");
        }
    };
    for (name, entry) in pubsub.components().clear().iter() {
        told(name, entry.broker.close().await);
    }
    for (name, entry) in bindings.components().clear().iter() {
        told(name, entry.close().await);
    }
    for (name, entry) in state.stores().clear().iter() {
        told(name, entry.store.close().await);
    }
    for (name, entry) in secrets.stores().clear().iter() {
        told(name, entry.close().await);
    }
}
