//! Making and registering the vectors that all metrics are.

use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry};

pub(super) struct Vectors<'a> {
    registry: &'a Registry,
    latency_buckets_ms: &'a [f64],
}

impl<'a> Vectors<'a> {
    pub(super) fn new(registry: &'a Registry, latency_buckets_ms: &'a [f64]) -> Self {
        Self { registry, latency_buckets_ms }
    }

    /// A counter `dapr_<name>`.
    pub(super) fn counter(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> Result<IntCounterVec, prometheus::Error> {
        let counter = IntCounterVec::new(Opts::new(format!("dapr_{name}"), help), labels)?;
        self.registry.register(Box::new(counter.clone()))?;
        Ok(counter)
    }

    /// A histogram `dapr_<name>` of milliseconds.
    pub(super) fn latency(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> Result<HistogramVec, prometheus::Error> {
        let options =
            HistogramOpts::new(format!("dapr_{name}"), help).buckets(self.latency_buckets_ms.to_vec());
        let histogram = HistogramVec::new(options, labels)?;
        self.registry.register(Box::new(histogram.clone()))?;
        Ok(histogram)
    }
}

/// A duration in the unit of all latency metrics.
pub(super) fn milliseconds(duration: std::time::Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// A boolean as a label value.
pub(super) fn truth(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}
