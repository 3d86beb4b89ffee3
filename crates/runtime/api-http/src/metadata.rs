//! `/v1.0/metadata`, in the peer's JSON shape.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use tender_core::metadata::RuntimeMetadata;
use tender_pubsub::SubscriptionInfo;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Metadata {
    id: String,
    runtime_version: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    enabled_features: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    components: Vec<Component>,
    extended: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    subscriptions: Vec<Subscription>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    http_endpoints: Vec<Named>,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_connection_properties: Option<AppConnection>,
    actor_runtime: ActorRuntime,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resiliencies: Vec<Named>,
}

#[derive(Serialize)]
struct Component {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    version: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    capabilities: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Subscription {
    #[serde(rename = "pubsubname")]
    pubsub_name: String,
    topic: String,
    #[serde(skip_serializing_if = "HashMap::is_empty")]
    metadata: HashMap<String, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rules: Vec<Rule>,
    dead_letter_topic: String,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Serialize)]
struct Rule {
    #[serde(rename = "match", skip_serializing_if = "String::is_empty")]
    expression: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    path: String,
}

#[derive(Serialize)]
struct Named {
    name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AppConnection {
    port: u16,
    protocol: String,
    channel_address: String,
    #[serde(skip_serializing_if = "is_zero")]
    max_concurrency: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    health: Option<AppHealth>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AppHealth {
    #[serde(rename = "healthCheckPath", skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(rename = "healthProbeInterval")]
    interval: String,
    #[serde(rename = "healthProbeTimeout")]
    timeout: String,
    #[serde(rename = "healthThreshold")]
    threshold: u32,
}

/// Actors are not built yet, and that is what a client is told.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ActorRuntime {
    runtime_status: &'static str,
    host_ready: bool,
}

impl Metadata {
    pub(crate) fn new(runtime: &RuntimeMetadata, subscriptions: Vec<SubscriptionInfo>) -> Self {
        let facts = &runtime.facts;
        let named = |names: &[String]| names.iter().map(|name| Named { name: name.clone() }).collect();
        Self {
            id: facts.app_id.clone(),
            runtime_version: facts.version.clone(),
            enabled_features: facts.features.clone(),
            components: runtime
                .loaded()
                .iter()
                .map(|(name, component)| Component {
                    name: name.clone(),
                    kind: component.component_type.clone(),
                    version: component.version.clone(),
                    capabilities: component.capabilities.clone(),
                })
                .collect(),
            extended: runtime.extended(),
            subscriptions: subscriptions.into_iter().map(Subscription::from).collect(),
            http_endpoints: named(&facts.http_endpoints),
            app_connection_properties: facts.app.as_ref().map(|app| AppConnection {
                port: app.port,
                protocol: app.protocol.clone(),
                channel_address: app.channel_address.clone(),
                max_concurrency: app.max_concurrency,
                health: app.health.as_ref().map(|health| AppHealth {
                    path: health.path.clone(),
                    interval: health.interval.clone(),
                    timeout: health.timeout.clone(),
                    threshold: health.threshold,
                }),
            }),
            actor_runtime: ActorRuntime { runtime_status: "DISABLED", host_ready: false },
            resiliencies: named(&facts.resiliencies),
        }
    }
}

impl From<SubscriptionInfo> for Subscription {
    fn from(info: SubscriptionInfo) -> Self {
        Self {
            pubsub_name: info.pubsub_name,
            topic: info.topic,
            metadata: info.metadata,
            rules: info.rules.into_iter().map(|(expression, path)| Rule { expression, path }).collect(),
            dead_letter_topic: info.dead_letter_topic,
            kind: info.kind.name(),
        }
    }
}
