//! The parts of a configuration, and the smaller of them.

use serde_json::Value;

use super::{AccessControl, ApiLogging, Metric, SecretScope, Tracing, Workflow};
use crate::{ComponentType, GoDuration};

/// `spec` of a configuration. `Default` is what the peer has without any file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConfigurationSpec {
    /// `appHttpPipeline.handlers`: middleware between the sidecar and the application, outermost first.
    pub app_http_pipeline: Vec<Handler>,
    /// `httpPipeline.handlers`: middleware before the sidecar's own API, outermost first.
    pub http_pipeline: Vec<Handler>,
    /// `tracing`.
    pub tracing: Tracing,
    /// `metric` with what `metrics` says laid over it.
    pub metric: Metric,
    /// `mtls`.
    pub mtls: Mtls,
    /// `secrets.scopes`: what of each secret store may be read through the API.
    pub secret_scopes: Vec<SecretScope>,
    /// `accessControl`: who may call what of this application.
    pub access_control: AccessControl,
    /// `nameResolution`.
    pub name_resolution: NameResolution,
    /// `features` as written.
    pub features: Vec<Feature>,
    /// `api`: which parts of the API there are.
    pub api: Api,
    /// `components.deny`: component types, with or without a version, that may not be used.
    pub denied_components: Vec<String>,
    /// `logging.apiLogging`.
    pub api_logging: ApiLogging,
    /// `wasm.strictSandbox`.
    pub wasm_strict_sandbox: bool,
    /// `workflow`.
    pub workflow: Workflow,
}

/// One middleware of a pipeline: a component that is named and described again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handler {
    /// The name of the component.
    pub name: String,
    /// The type of the component.
    pub component_type: ComponentType,
    /// The version of the component type.
    pub version: String,
    /// `selector.fields`.
    pub selector: Vec<SelectorField>,
}

impl Handler {
    /// The name for log lines: `name (type/version)`, or `name (type)` without a version.
    pub fn log_name(&self) -> String {
        crate::component::log_name(&self.name, &self.component_type, &self.version)
    }
}

/// A condition under which a middleware applies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SelectorField {
    /// What is looked at.
    pub field: String,
    /// What it must be.
    pub value: String,
}

/// Mutual TLS between sidecars.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mtls {
    /// Whether it is on.
    pub enabled: bool,
    /// How long a certificate is valid.
    pub workload_cert_ttl: Option<GoDuration>,
    /// By how much clocks may differ.
    pub allowed_clock_skew: Option<GoDuration>,
    /// Where certificates are issued.
    pub sentry_address: String,
    /// The trust domain of the control plane.
    pub control_plane_trust_domain: String,
    /// How the issuer checks who asks.
    pub token_validators: Vec<TokenValidator>,
}

/// A way in which the issuer of certificates checks who asks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TokenValidator {
    /// The validator; `jwks` is the one there is.
    pub name: String,
    /// Its options.
    pub options: Value,
}

impl Eq for TokenValidator {}

/// How application IDs become addresses.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NameResolution {
    /// The resolver, such as `mdns` or `sqlite`; `None` leaves the choice to the runtime.
    pub component: Option<String>,
    /// Its version.
    pub version: String,
    /// Its options, any JSON value.
    pub configuration: Value,
}

/// A feature that is switched on or off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Feature {
    /// Its name.
    pub name: String,
    /// Whether it is on.
    pub enabled: bool,
}

/// Which parts of the API there are: with an allow list only what it names, and never what the deny list names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Api {
    /// What there is; empty means everything.
    pub allowed: Vec<ApiAccessRule>,
    /// What there is not.
    pub denied: Vec<ApiAccessRule>,
}

impl Api {
    /// `version/name` of every allowed part in one protocol. The lists of the two protocols are separate: a rule for
    /// one leaves the other open.
    pub fn allowed_in(&self, protocol: ApiProtocol) -> impl Iterator<Item = String> {
        in_protocol(&self.allowed, protocol)
    }

    /// `version/name` of every denied part in one protocol.
    pub fn denied_in(&self, protocol: ApiProtocol) -> impl Iterator<Item = String> {
        in_protocol(&self.denied, protocol)
    }
}

fn in_protocol(rules: &[ApiAccessRule], protocol: ApiProtocol) -> impl Iterator<Item = String> {
    rules
        .iter()
        .filter(move |rule| rule.protocol == Some(protocol))
        .map(|rule| format!("{}/{}", rule.version, rule.name))
}

/// A part of the API.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApiAccessRule {
    /// The building block, such as `state`.
    pub name: String,
    /// The version, such as `v1.0`.
    pub version: String,
    /// The protocol that the rule is for; a rule without a known protocol has no effect.
    pub protocol: Option<ApiProtocol>,
}

/// A protocol of the sidecar's API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is what its name says")]
pub enum ApiProtocol {
    Http,
    Grpc,
}
