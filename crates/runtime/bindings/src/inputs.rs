//! The input bindings of one sidecar, started while its app is healthy.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use tender_channel::App;
use tender_component::binding::InputBinding as Component;
use tender_component::{Error, Subscription};
use tender_core::bindings::OutputBindings;
use tender_telemetry::metrics::Metrics;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::app;
use crate::deliver::Delivery;

/// An input binding as the building block holds it.
#[derive(Clone)]
pub struct InputBinding {
    /// The open component.
    pub component: Arc<dyn Component>,
    /// The app's path for its events: the component's name, or its metadata item `route`.
    pub route: String,
    /// Whether the component says that it is an input: then the app is not asked whether it wants it.
    pub explicit: bool,
}

/// A binding that could not be started.
#[derive(Debug, thiserror::Error)]
#[error("error reading from input binding {binding}: {source}")]
pub struct StartError {
    /// Which one.
    pub binding: String,
    /// Why.
    pub source: Error,
}

/// All input bindings, and those of them that are read from now.
pub struct InputBindings {
    app: App,
    outputs: Arc<OutputBindings>,
    metrics: Arc<Metrics>,
    options_timeout: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    components: BTreeMap<String, InputBinding>,
    reading: BTreeMap<String, Subscription>,
}

impl InputBindings {
    /// No bindings yet. `options_timeout` is how long the app may take to say whether it wants one.
    pub fn new(
        app: App,
        outputs: Arc<OutputBindings>,
        metrics: Arc<Metrics>,
        options_timeout: Duration,
    ) -> Self {
        Self { app, outputs, metrics, options_timeout, state: Mutex::default() }
    }

    /// Adds a binding; it is read from the next [`start`](Self::start) on.
    pub async fn add(&self, name: impl Into<String>, binding: InputBinding) {
        self.state.lock().await.components.insert(name.into(), binding);
    }

    /// Begins to read from every binding that the app wants and that is not read from yet.
    pub async fn start(&self) -> Result<(), StartError> {
        let mut state = self.state.lock().await;
        let idle: Vec<_> = state
            .components
            .iter()
            .filter(|(name, _)| !state.reading.contains_key(*name))
            .map(|(name, binding)| (name.clone(), binding.clone()))
            .collect();
        if idle.is_empty() {
            return Ok(());
        }
        let listed = match &self.app {
            App::Grpc(app) => timeout(self.options_timeout, app::listed(app)).await.unwrap_or_default(),
            App::Http(_) => Vec::new(),
        };
        for (name, binding) in idle {
            let failed = |source| StartError { binding: name.clone(), source };
            if !self.is_wanted(&name, &binding, &listed).await.map_err(failed)? {
                tracing::info!(
                    target: "dapr.runtime.processor.binding", "app has not subscribed to binding {name}."
                );
                continue;
            }
            let delivery = Delivery {
                binding: name.clone(),
                route: binding.route,
                app: self.app.clone(),
                outputs: self.outputs.clone(),
                metrics: self.metrics.clone(),
            };
            let subscription = binding.component.read(Arc::new(delivery)).await.map_err(failed)?;
            state.reading.insert(name, subscription);
        }
        Ok(())
    }

    async fn is_wanted(&self, name: &str, binding: &InputBinding, listed: &[String]) -> Result<bool, Error> {
        match &self.app {
            _ if binding.explicit => Ok(true),
            App::Grpc(_) => Ok(listed.iter().any(|wanted| wanted == name)),
            App::Http(app) => {
                match timeout(self.options_timeout, app::has_endpoint(app, &binding.route)).await {
                    Ok(answer) => answer,
                    Err(_) => Err(Error::unavailable(format!(
                        "the app did not answer OPTIONS {:?} within {:?}",
                        binding.route, self.options_timeout
                    ))),
                }
            }
        }
    }

    /// Reads no more, and waits at most `grace` for the events that the app has in hand.
    pub async fn stop(&self, grace: Duration) {
        let reading = std::mem::take(&mut self.state.lock().await.reading);
        join_all(reading.into_values().map(|subscription| subscription.close(grace))).await;
    }

    /// Lets go of the components.
    pub async fn close(&self) {
        let components = std::mem::take(&mut self.state.lock().await.components);
        for (name, binding) in components {
            if let Err(error) = binding.component.close().await {
                tracing::warn!(target: "dapr.runtime.processor.binding", "error closing input binding {name}: {error}");
            }
        }
    }
}
