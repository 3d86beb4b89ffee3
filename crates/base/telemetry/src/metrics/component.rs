//! What the building blocks do with their components.

use std::time::Duration;

use prometheus::{HistogramVec, IntCounterVec};

use super::MetricsOptions;
use super::vectors::{Vectors, milliseconds, truth};

/// A counter and a histogram that are always recorded together.
struct Pair {
    count: IntCounterVec,
    latency: HistogramVec,
}

impl Pair {
    fn new(
        vectors: &Vectors<'_>,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> Result<Self, prometheus::Error> {
        Ok(Self {
            count: vectors.counter(&format!("component_{name}_count"), help, labels)?,
            latency: vectors.latency(&format!("component_{name}_latencies"), help, labels)?,
        })
    }

    fn record(&self, labels: &[&str], elapsed: Duration) {
        self.count.with_label_values(labels).inc();
        self.latency.with_label_values(labels).observe(milliseconds(elapsed));
    }
}

/// State, secrets, bindings, messages.
pub struct ComponentMetrics {
    app_id: String,
    namespace: String,
    state: Pair,
    secret: Pair,
    input_binding: Pair,
    output_binding: Pair,
    ingress: Pair,
    egress: Pair,
    bulk_egress: Pair,
    bulk_egress_events: IntCounterVec,
    loaded: prometheus::IntCounterVec,
    initialised: IntCounterVec,
    init_failed: IntCounterVec,
}

impl ComponentMetrics {
    pub(super) fn new(vectors: &Vectors<'_>, options: &MetricsOptions) -> Result<Self, prometheus::Error> {
        let operation = ["app_id", "component", "namespace", "operation", "success"];
        let topic = ["app_id", "component", "namespace", "success", "topic"];
        let pair = |name, help, labels: &[&str]| Pair::new(vectors, name, help, labels);
        Ok(Self {
            app_id: options.app_id.clone(),
            namespace: options.namespace.clone(),
            state: pair("state", "Operations performed on the state component.", &operation)?,
            secret: pair("secret", "Operations performed on the secret component.", &operation)?,
            input_binding: pair(
                "input_binding",
                "Events arriving from the input binding component.",
                &["app_id", "component", "namespace", "success"],
            )?,
            output_binding: pair(
                "output_binding",
                "Operations invoked on the output binding component.",
                &operation,
            )?,
            ingress: pair(
                "pubsub_ingress",
                "Messages arriving from the pub/sub component.",
                &["app_id", "component", "namespace", "process_status", "status", "topic"],
            )?,
            egress: pair("pubsub_egress", "Messages published to the pub/sub component.", &topic)?,
            bulk_egress: pair("pubsub_egress_bulk", "Bulk publish calls to the pub/sub component.", &topic)?,
            bulk_egress_events: vectors.counter(
                "component_pubsub_egress_bulk_event_count",
                "Messages published to the pub/sub component through the bulk API.",
                &topic,
            )?,
            loaded: vectors.counter(
                "runtime_component_loaded",
                "The number of successfully loaded components.",
                &["app_id"],
            )?,
            initialised: vectors.counter(
                "runtime_component_init_total",
                "The number of initialized components.",
                &["app_id", "type"],
            )?,
            init_failed: vectors.counter(
                "runtime_component_init_fail_total",
                "The number of component initialization failures.",
                &["app_id", "componentName", "reason", "type"],
            )?,
        })
    }

    /// An operation (`get`, `set`, `delete`, `bulk_get`, `transaction` …) on a state store.
    pub fn state(&self, component: &str, operation: &str, success: bool, elapsed: Duration) {
        self.state.record(&[&self.app_id, component, &self.namespace, operation, truth(success)], elapsed);
    }

    /// An operation (`get`, `bulk_get`) on a secret store.
    pub fn secret(&self, component: &str, operation: &str, success: bool, elapsed: Duration) {
        self.secret.record(&[&self.app_id, component, &self.namespace, operation, truth(success)], elapsed);
    }

    /// An event from an input binding.
    pub fn input_binding(&self, component: &str, success: bool, elapsed: Duration) {
        self.input_binding.record(&[&self.app_id, component, &self.namespace, truth(success)], elapsed);
    }

    /// An operation on an output binding.
    pub fn output_binding(&self, component: &str, operation: &str, success: bool, elapsed: Duration) {
        self.output_binding
            .record(&[&self.app_id, component, &self.namespace, operation, truth(success)], elapsed);
    }

    /// A message was dealt with. `process_status` is `success`, `retry` or `drop`, `status` what the app answered.
    pub fn pubsub_ingress(
        &self,
        component: &str,
        process_status: &str,
        status: &str,
        topic: &str,
        elapsed: Duration,
    ) {
        let labels = [&self.app_id, component, &self.namespace, process_status, status, topic];
        self.ingress.record(&labels, elapsed);
    }

    /// A message was published, or could not be.
    pub fn pubsub_egress(&self, component: &str, topic: &str, success: bool, elapsed: Duration) {
        self.egress.record(&[&self.app_id, component, &self.namespace, truth(success), topic], elapsed);
    }

    /// A bulk publish of which `events` messages were published.
    pub fn bulk_pubsub_egress(
        &self,
        component: &str,
        topic: &str,
        success: bool,
        events: u64,
        elapsed: Duration,
    ) {
        let labels = [&self.app_id, component, &self.namespace, truth(success), topic];
        self.bulk_egress.record(&labels, elapsed);
        self.bulk_egress_events.with_label_values(&labels).inc_by(events);
    }

    /// A component was read from its file.
    pub fn loaded(&self) {
        self.loaded.with_label_values(&[&self.app_id]).inc();
    }

    /// A component of a type such as `state.redis` serves.
    pub fn initialised(&self, component_type: &str) {
        self.initialised.with_label_values(&[self.app_id.as_str(), component_type]).inc();
    }

    /// A component could not be opened. `reason` is `creation` or `init`.
    pub fn init_failed(&self, component_type: &str, reason: &str, name: &str) {
        self.init_failed.with_label_values(&[self.app_id.as_str(), name, reason, component_type]).inc();
    }
}
