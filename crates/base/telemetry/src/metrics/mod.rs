//! Metrics under the peer's names, one registry per sidecar.
//!
//! OpenCensus named them at the peer (`http/server/request_count`); Prometheus shows them with the prefix `dapr_`.

mod api;
mod component;
mod process;
mod vectors;

use prometheus::{Encoder, Registry, TextEncoder};

pub use api::{GrpcMetrics, HttpMetrics};
pub use component::ComponentMetrics;

/// Upper bounds of latency histograms, in milliseconds, where a Configuration says nothing else.
pub const DEFAULT_LATENCY_BUCKETS_MS: &[f64] = &[
    1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 13.0, 16.0, 20.0, 25.0, 30.0, 40.0, 50.0, 65.0, 80.0, 100.0,
    130.0, 160.0, 200.0, 250.0, 300.0, 400.0, 500.0, 650.0, 800.0, 1_000.0, 2_000.0, 5_000.0, 10_000.0,
    20_000.0, 50_000.0, 100_000.0,
];

/// How metrics are kept.
#[derive(Clone, Debug)]
pub struct MetricsOptions {
    /// The app ID, a label of every metric.
    pub app_id: String,
    /// The namespace, a label of component metrics; may be empty.
    pub namespace: String,
    /// Upper bounds of latency histograms, in milliseconds.
    pub latency_buckets_ms: Vec<f64>,
    /// Keeps the HTTP verb out of the labels.
    pub exclude_verbs: bool,
    /// Counts the error codes that the APIs answer with.
    pub record_error_codes: bool,
}

impl MetricsOptions {
    /// The defaults for an app.
    pub fn new(app_id: impl Into<String>, namespace: impl Into<String>) -> Self {
        Self {
            app_id: app_id.into(),
            namespace: namespace.into(),
            latency_buckets_ms: DEFAULT_LATENCY_BUCKETS_MS.to_vec(),
            exclude_verbs: false,
            record_error_codes: false,
        }
    }
}

/// A metric that the registry would not take. It is a mistake of the program: two of one name, or a name that is none.
#[derive(Debug, thiserror::Error)]
#[error("could not register the metrics")]
pub struct MetricsError(#[from] prometheus::Error);

/// All metrics of one sidecar.
pub struct Metrics {
    registry: Registry,
    /// The HTTP API and the HTTP app.
    pub http: HttpMetrics,
    /// The gRPC API and the gRPC app.
    pub grpc: GrpcMetrics,
    /// The building blocks.
    pub component: ComponentMetrics,
    errors: Option<prometheus::IntCounterVec>,
    app_id: String,
}

impl Metrics {
    /// Fresh metrics, all at nothing.
    pub fn new(options: &MetricsOptions) -> Result<Self, MetricsError> {
        let registry = Registry::new();
        process::register(&registry)?;
        let vectors = vectors::Vectors::new(&registry, &options.latency_buckets_ms);
        let errors = if options.record_error_codes {
            Some(vectors.counter(
                "error_code_total",
                "Number of times an error with a specific errorcode was encountered.",
                &["app_id", "category", "error_code"],
            )?)
        } else {
            None
        };
        Ok(Self {
            http: HttpMetrics::new(&vectors, options)?,
            grpc: GrpcMetrics::new(&vectors, options)?,
            component: ComponentMetrics::new(&vectors, options)?,
            errors,
            app_id: options.app_id.clone(),
            registry,
        })
    }

    /// Counts an error code that an API answered with, if the Configuration asks for it.
    pub fn error_code(&self, category: &str, code: &str) {
        if let Some(errors) = &self.errors {
            errors.with_label_values(&[&self.app_id, category, code]).inc();
        }
    }

    /// The text that Prometheus scrapes.
    pub fn encode(&self) -> Vec<u8> {
        let mut text = Vec::new();
        // Writing to memory fails only if a metric is malformed, and then the rest is still worth showing.
        if let Err(error) = TextEncoder::new().encode(&self.registry.gather(), &mut text) {
            tracing::error!(target: "dapr.metrics", "could not write all metrics: {error}");
        }
        text
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Metrics").field("app_id", &self.app_id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn metrics_have_the_peers_names_and_labels() {
        let metrics = Metrics::new(&MetricsOptions::new("orders", "")).unwrap();
        metrics.http.server_request("GET", "/v1.0/healthz", 204, Duration::from_millis(2));
        metrics.component.state("store", "get", true, Duration::from_millis(3));
        let text = String::from_utf8(metrics.encode()).unwrap();
        for line in [
            r#"dapr_http_server_request_count{app_id="orders",method="GET",path="/v1.0/healthz",status="204"} 1"#,
            r#"dapr_component_state_count{app_id="orders",component="store",namespace="",operation="get",success="true"} 1"#,
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
        assert!(text.contains("process_resident_memory_bytes "));
    }

    #[test]
    fn error_codes_are_counted_only_when_asked_for() {
        let mut options = MetricsOptions::new("orders", "");
        let silent = Metrics::new(&options).unwrap();
        silent.error_code("state", "ERR_STATE_GET");
        assert!(!String::from_utf8(silent.encode()).unwrap().contains("dapr_error_code_total"));
        options.record_error_codes = true;
        let counting = Metrics::new(&options).unwrap();
        counting.error_code("state", "ERR_STATE_GET");
        let text = String::from_utf8(counting.encode()).unwrap();
        assert!(text.contains(
            r#"dapr_error_code_total{app_id="orders",category="state",error_code="ERR_STATE_GET"} 1"#
        ));
    }
}
