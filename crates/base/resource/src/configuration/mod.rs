//! Configuration: the settings of a sidecar (`kind: Configuration`, `dapr.io/v1alpha1`).
//!
//! Several files make one value: each is laid over what the ones before it say, where lists are replaced as a whole.

mod access;
mod expand;
mod features;
mod load;
mod metric;
mod observability;
mod otel_environment;
mod read;
mod spec;
mod workflow;
mod written;

pub use access::{AccessControl, Action, AppOperation, AppPolicy, SecretScope};
pub use load::{ConfigurationErrors, Loaded};
pub use observability::{
    ApiLogging, Metric, MetricHttp, MetricLabel, MetricRule, Otel, OtelProtocol, Tracing, WorkflowMetrics,
};
pub use otel_environment::InvalidOtelEnvironment;
pub use spec::{
    Api, ApiAccessRule, ApiProtocol, ConfigurationSpec, Feature, Handler, Mtls, NameResolution,
    SelectorField, TokenValidator,
};
pub use workflow::{NamedConcurrencyLimit, StateRetention, Workflow};
pub use written::WrittenField;

use std::collections::BTreeMap;

use crate::Source;

/// The settings of a sidecar.
#[derive(Clone, Debug, Default)]
pub struct Configuration {
    /// `metadata.name` of the last file that has one; empty without files.
    pub name: String,
    /// `metadata.namespace` of the last file that has one.
    pub namespace: String,
    /// The settings, with the peer's defaults where nothing is written.
    pub spec: ConfigurationSpec,
    /// Every field that is written, without list positions (`spec.tracing.otel.headers`), and where.
    written: BTreeMap<String, Source>,
}

/// Where things are written does not count.
impl PartialEq for Configuration {
    fn eq(&self, other: &Self) -> bool {
        let Self { name, namespace, spec, written: _ } = self;
        *name == other.name && *namespace == other.namespace && *spec == other.spec
    }
}
