//! The sidecar's metadata as the wire's message.

use tender_core::metadata::{AppConnection, RuntimeMetadata};
use tender_proto::runtime::v1 as wire;
use tender_pubsub::{SubscriptionInfo, SubscriptionKind};

pub(crate) fn response(
    runtime: &RuntimeMetadata,
    subscriptions: Vec<SubscriptionInfo>,
) -> wire::GetMetadataResponse {
    let facts = &runtime.facts;
    wire::GetMetadataResponse {
        id: facts.app_id.clone(),
        registered_components: runtime
            .loaded()
            .iter()
            .map(|(name, component)| wire::RegisteredComponents {
                name: name.clone(),
                r#type: component.component_type.clone(),
                version: component.version.clone(),
                capabilities: component.capabilities.clone(),
            })
            .collect(),
        extended_metadata: runtime.extended().into_iter().collect(),
        subscriptions: subscriptions.into_iter().map(subscription).collect(),
        http_endpoints: facts
            .http_endpoints
            .iter()
            .map(|name| wire::MetadataHttpEndpoint { name: name.clone() })
            .collect(),
        app_connection_properties: Some(facts.app.as_ref().map(app).unwrap_or_default()),
        runtime_version: facts.version.clone(),
        enabled_features: facts.features.clone(),
        // Actors are not built yet, and that is what a client is told.
        actor_runtime: Some(wire::ActorRuntime {
            runtime_status: wire::actor_runtime::ActorRuntimeStatus::Disabled.into(),
            ..Default::default()
        }),
        resiliencies: facts
            .resiliencies
            .iter()
            .map(|name| wire::MetadataResiliency { name: name.clone() })
            .collect(),
        ..Default::default()
    }
}

fn app(app: &AppConnection) -> wire::AppConnectionProperties {
    wire::AppConnectionProperties {
        port: app.port.into(),
        protocol: app.protocol.clone(),
        channel_address: app.channel_address.clone(),
        max_concurrency: i32::try_from(app.max_concurrency).unwrap_or(i32::MAX),
        health: app.health.as_ref().map(|health| wire::AppConnectionHealthProperties {
            health_check_path: health.path.clone().unwrap_or_default(),
            health_probe_interval: health.interval.clone(),
            health_probe_timeout: health.timeout.clone(),
            health_threshold: i32::try_from(health.threshold).unwrap_or(i32::MAX),
        }),
    }
}

fn subscription(info: SubscriptionInfo) -> wire::PubsubSubscription {
    let kind = match info.kind {
        SubscriptionKind::Declarative => wire::PubsubSubscriptionType::Declarative,
        SubscriptionKind::Programmatic => wire::PubsubSubscriptionType::Programmatic,
        SubscriptionKind::Streaming => wire::PubsubSubscriptionType::Streaming,
    };
    wire::PubsubSubscription {
        pubsub_name: info.pubsub_name,
        topic: info.topic,
        metadata: info.metadata,
        rules: Some(wire::PubsubSubscriptionRules {
            rules: info
                .rules
                .into_iter()
                .map(|(expression, path)| wire::PubsubSubscriptionRule { r#match: expression, path })
                .collect(),
        }),
        dead_letter_topic: info.dead_letter_topic,
        r#type: kind.into(),
    }
}
