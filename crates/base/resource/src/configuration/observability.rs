//! Traces, metrics and logs.

use std::collections::BTreeMap;

use crate::{GoDuration, Secret};

/// Traces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tracing {
    /// The share of requests that are traced, as a number from `0` to `1`; empty when absent.
    pub sampling_rate: String,
    /// Whether traces go to standard output too.
    pub stdout: bool,
    /// `zipkin.endpointAddress`; empty when absent.
    pub zipkin_endpoint: String,
    /// Export in the OpenTelemetry protocol.
    pub otel: Otel,
}

/// Export in the OpenTelemetry protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Otel {
    /// The protocol; empty when absent.
    pub protocol: OtelProtocol,
    /// Host and port of the collector; empty means no export.
    pub endpoint_address: String,
    /// Whether the connection is encrypted; on when absent.
    pub is_secure: bool,
    /// Headers for every export. Values may be credentials.
    pub headers: Vec<(String, Secret)>,
    /// How long one export may take.
    pub timeout: Option<GoDuration>,
}

impl Default for Otel {
    fn default() -> Self {
        Self {
            protocol: OtelProtocol::default(),
            endpoint_address: String::new(),
            is_secure: true,
            headers: Vec::new(),
            timeout: None,
        }
    }
}

/// The protocol of the export, as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum OtelProtocol {
    /// Nothing is written.
    #[default]
    Unset,
    /// `http`.
    Http,
    /// `grpc`.
    Grpc,
    /// Anything else, which the runtime refuses when it has to export.
    Other(String),
}

/// Metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Whether there are any; on when absent.
    pub enabled: bool,
    /// Whether errors are counted by code.
    pub record_error_codes: bool,
    /// Metrics of the HTTP server.
    pub http: MetricHttp,
    /// Rules that rewrite labels.
    pub rules: Vec<MetricRule>,
    /// The bounds of latency histograms in milliseconds; empty means the standard ones.
    pub latency_distribution_buckets: Vec<i64>,
    /// Histograms of workflows.
    pub workflow: WorkflowMetrics,
}

impl Default for Metric {
    fn default() -> Self {
        Self {
            enabled: true,
            record_error_codes: false,
            http: MetricHttp::default(),
            rules: Vec::new(),
            latency_distribution_buckets: Vec::new(),
            workflow: WorkflowMetrics::default(),
        }
    }
}

/// Metrics of the HTTP server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetricHttp {
    /// Whether there is a series for every path; the peer's default is yes, with a warning.
    pub increased_cardinality: Option<bool>,
    /// Patterns of paths that have a series of their own.
    pub path_matching: Vec<String>,
    /// Whether the verb is left out.
    pub exclude_verbs: bool,
}

/// A rule that rewrites labels of one metric.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetricRule {
    /// The metric.
    pub name: String,
    /// Its labels.
    pub labels: Vec<MetricLabel>,
}

/// How the values of one label are rewritten.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetricLabel {
    /// The label.
    pub name: String,
    /// The new value and the expression that the old one matches.
    pub regex: BTreeMap<String, String>,
}

/// Histograms of workflows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkflowMetrics {
    /// The bounds in units; empty means those of all latencies.
    pub latency_distribution_buckets: Vec<i64>,
    /// The unit; `None` is a millisecond.
    pub latency_distribution_units: Option<GoDuration>,
}

/// The log of API calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApiLogging {
    /// Whether there is one, unless a flag says otherwise.
    pub enabled: bool,
    /// Whether routes are logged instead of paths.
    pub obfuscate_urls: bool,
    /// Whether health checks are left out.
    pub omit_health_checks: bool,
}
