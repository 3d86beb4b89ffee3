//! The output side of the bindings building block.

use std::sync::Arc;

use tender_component::Error;
use tender_component::binding::{InvokeRequest, InvokeResponse, OutputBinding};
use tender_telemetry::metrics::Metrics;
use tokio::time::Instant;

use crate::error::{ApiError, codes};
use crate::live::Live;

/// An operation that failed, with the response metadata that the caller still gets.
#[derive(Debug)]
pub struct BindingFailure {
    /// What the caller is told.
    pub error: ApiError,
    /// Response metadata of the component.
    pub metadata: std::collections::HashMap<String, String>,
}

impl From<ApiError> for BindingFailure {
    fn from(error: ApiError) -> Self {
        Self { error, metadata: std::collections::HashMap::new() }
    }
}

/// The output bindings of one sidecar.
pub struct OutputBindings {
    components: Live<Arc<dyn OutputBinding>>,
    metrics: Arc<Metrics>,
}

impl OutputBindings {
    /// A building block without components.
    pub fn new(metrics: Arc<Metrics>) -> Self {
        Self { components: Live::default(), metrics }
    }

    /// The components, to add and remove them.
    pub fn components(&self) -> &Live<Arc<dyn OutputBinding>> {
        &self.components
    }

    /// Runs one operation of one binding.
    pub async fn invoke(
        &self,
        binding: &str,
        request: InvokeRequest,
    ) -> Result<InvokeResponse, BindingFailure> {
        let operation = request.operation.clone();
        let started = Instant::now();
        let result = self.run(binding, request).await;
        self.metrics.component.output_binding(binding, &operation, result.is_ok(), started.elapsed());
        result.map_err(|error| {
            let message = format!("error invoking output binding {binding}: {error}");
            BindingFailure {
                metadata: error.metadata().clone(),
                error: ApiError::new(&codes::INVOKE_OUTPUT_BINDING, message).tagged(),
            }
        })
    }

    async fn run(&self, binding: &str, request: InvokeRequest) -> Result<InvokeResponse, Error> {
        if request.operation.is_empty() {
            return Err(Error::invalid("operation field is missing from request"));
        }
        let Some(component) = self.components.get(binding) else {
            return Err(Error::invalid(format!("couldn't find output binding {binding}")));
        };
        let supported = component.operations();
        if !supported.contains(&request.operation) {
            let message = format!(
                "binding {binding} does not support operation {}. supported operations:{}",
                request.operation,
                supported.join(" ")
            );
            return Err(Error::unsupported(message));
        }
        component.invoke(request).await
    }
}
