//! One event's way from a binding to the app, and on to output bindings.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::future::join_all;
use tender_channel::App;
use tender_component::Error;
use tender_component::binding::{Event, EventHandler, InvokeRequest};
use tender_core::bindings::OutputBindings;
use tender_telemetry::metrics::Metrics;
use tokio::time::Instant;

use crate::app::{self, Forward};

/// Hands the events of one binding to the app.
pub(crate) struct Delivery {
    pub(crate) binding: String,
    pub(crate) route: String,
    pub(crate) app: App,
    pub(crate) outputs: Arc<OutputBindings>,
    pub(crate) metrics: Arc<Metrics>,
}

#[async_trait]
impl EventHandler for Delivery {
    async fn handle(&self, event: Event) -> Result<Option<Bytes>, Error> {
        let started = Instant::now();
        let answer = app::deliver(&self.app, &self.binding, &self.route, event).await;
        self.metrics.component.input_binding(&self.binding, answer.is_ok(), started.elapsed());
        let answer = answer.inspect_err(|error| {
            tracing::error!(
                target: "dapr.runtime.processor.binding",
                "error from app consumer for binding [{}]: {error}", self.binding
            );
        })?;
        self.forward(answer.forward).await;
        Ok(answer.body)
    }
}

impl Delivery {
    /// Sends the app's data to the output bindings that it names. The event itself is dealt with by then, so a failure
    /// is only told.
    async fn forward(&self, forward: Forward) {
        let send = |name: String| {
            let request = InvokeRequest {
                operation: "create".to_owned(),
                data: forward.data.clone(),
                ..Default::default()
            };
            async move { self.outputs.invoke(&name, request).await }
        };
        let tell = |failure: &tender_core::bindings::BindingFailure| {
            tracing::error!(
                target: "dapr.runtime.processor.binding",
                "error executing app response: {}", failure.error
            );
        };
        if forward.parallel {
            for outcome in join_all(forward.to.into_iter().map(send)).await {
                let _ = outcome.inspect_err(tell);
            }
            return;
        }
        for name in forward.to {
            // In sequence, the first failure ends the rest.
            if send(name).await.inspect_err(tell).is_err() {
                return;
            }
        }
    }
}
