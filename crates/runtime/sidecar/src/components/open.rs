//! Opening one component.

use std::collections::HashMap;
use std::sync::Arc;

use tender_component::binding::Binding;
use tender_component::pubsub::PubSub;
use tender_component::registry::Kind;
use tender_component::secret::SecretStore;
use tender_component::state::StateStore;
use tender_component::{Context, Metadata, Registry};
use tender_core::secrets::Secrets;
use tender_resource::{Category, Component, Values};
use tender_tasks::Tasks;
use tender_telemetry::metrics::Metrics;

use super::failure::{ComponentFailure, Problem};
use super::secrets;

/// An open component of some kind.
pub(crate) enum Opened {
    State(Arc<dyn StateStore>),
    PubSub(Arc<dyn PubSub>),
    Binding(Binding),
    Secret(Arc<dyn SecretStore>),
    /// Of a building block that is not built yet. Its API says so when it is called.
    Unbuilt,
}

/// What opening needs.
pub(crate) struct Opener {
    pub(crate) registry: Arc<Registry>,
    pub(crate) app_id: String,
    pub(crate) namespace: String,
    pub(crate) environment: HashMap<String, String>,
    pub(crate) tasks: Tasks,
    pub(crate) secrets: Arc<Secrets>,
    pub(crate) metrics: Arc<Metrics>,
}

impl Opener {
    /// Resolves the metadata and opens the component, within its `initTimeout`.
    pub(crate) async fn open(&self, component: &Component) -> Result<(Opened, Metadata), ComponentFailure> {
        self.metrics.component.loaded();
        let opening = tokio::time::timeout(component.init_timeout, self.open_untimed(component));
        let outcome = opening.await.unwrap_or_else(|_| {
            Err(Problem::Timeout { entity: component.log_name(), timeout: component.init_timeout })
        });
        match outcome {
            Ok(opened) => {
                if !matches!(opened.0, Opened::Unbuilt) {
                    self.metrics.component.initialised(component.component_type.as_str());
                    tracing::info!(target: "dapr.runtime.processor", "Component loaded: {}", component.log_name());
                }
                Ok(opened)
            }
            Err(problem) => {
                let component_type = component.component_type.as_str();
                self.metrics.component.init_failed(component_type, problem.stage(), component.name());
                Err(problem.of(component))
            }
        }
    }

    async fn open_untimed(&self, component: &Component) -> Result<(Opened, Metadata), Problem> {
        let metadata = self.metadata(component).await?;
        let opened = match component.component_type.category() {
            Some(Category::State) => {
                Opened::State(self.one(&self.registry.state, "state store", component, &metadata).await?)
            }
            Some(Category::PubSub) => {
                Opened::PubSub(self.one(&self.registry.pubsub, "message bus", component, &metadata).await?)
            }
            Some(Category::Bindings) => {
                Opened::Binding(self.one(&self.registry.bindings, "binding", component, &metadata).await?)
            }
            Some(Category::SecretStores) => {
                Opened::Secret(self.one(&self.registry.secrets, "secret store", component, &metadata).await?)
            }
            Some(Category::Workflow | Category::WorkflowBackend | Category::NameResolution) | None => {
                return Err(Problem::Type(component.component_type.as_str().to_owned()));
            }
            Some(unbuilt) => {
                tracing::warn!(
                    target: "dapr.runtime.processor",
                    "component {} ({}) is not loaded: {unbuilt} components are not built into this version of tender",
                    component.log_name(), component.source
                );
                Opened::Unbuilt
            }
        };
        Ok((opened, metadata))
    }

    async fn one<T: Send + 'static>(
        &self,
        kind: &Kind<T>,
        what: &'static str,
        component: &Component,
        metadata: &Metadata,
    ) -> Result<T, Problem> {
        let Some(factory) = kind.find(component.component_type.backend(), &component.version) else {
            return Err(Problem::Unknown {
                entity: component.log_name(),
                kind: what,
                component_type: format!("{}/{}", component.component_type, component.version),
            });
        };
        let context = Context {
            app_id: self.app_id.clone(),
            namespace: self.namespace.clone(),
            tasks: self.tasks.child(),
        };
        factory
            .open(metadata.clone(), context)
            .await
            .map_err(|error| Problem::Init { entity: component.log_name(), reason: error.to_string() })
    }

    async fn metadata(&self, component: &Component) -> Result<Metadata, Problem> {
        let secrets = secrets::fetch(&self.secrets, component).await;
        let resolved = component
            .resolve(&Values {
                secrets: &secrets,
                environment: &|name| self.environment.get(name).cloned(),
                app_id: &self.app_id,
                namespace: &self.namespace,
                pod_name: self.environment.get("POD_NAME").map_or("", String::as_str),
            })
            .map_err(|error| Problem::Init { entity: component.log_name(), reason: error.to_string() })?;
        for warning in &resolved.warnings {
            tracing::warn!(target: "dapr.runtime.processor", "{warning} ({})", component.source);
        }
        let items = resolved.items.into_iter().map(|(name, value)| (name, value.into_exposed()));
        Ok(Metadata::new(component.name(), items))
    }
}
