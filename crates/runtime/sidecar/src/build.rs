//! From a configuration to a sidecar that is ready to serve.

use std::sync::Arc;

use http::HeaderValue;
use serde_json::Value;
use tender_api::Blocks;
use tender_api::access::{ApiAccess, Protocol, Rule};
use tender_api::listen::{BindError, Listener};
use tender_api::shutdown::Shutdown;
use tender_api_grpc::GrpcApiConfig;
use tender_api_http::{CallLogging, HttpApiConfig};
use tender_bindings::InputBindings;
use tender_channel::{App, CallError};
use tender_component::name_resolution::{Instance, NameResolver};
use tender_component::{Context, Metadata, Registry};
use tender_core::bindings::OutputBindings;
use tender_core::health::Health;
use tender_core::metadata::{AppConnection, AppConnectionHealth, Facts, RuntimeMetadata};
use tender_core::secrets::Secrets;
use tender_core::state::{IllegalKey, State};
use tender_invocation::{Invocation, InvocationConfig};
use tender_pubsub::{InvalidRule, PubSub, SubscriptionSpec};
use tender_resource::configuration::{ApiAccessRule, ApiProtocol, Configuration};
use tender_resource::{AppId, ConfigurationErrors, GoDuration, InvalidAppId, LoadErrors};
use tender_tasks::Tasks;
use tender_telemetry::metrics::{Metrics, MetricsError, MetricsOptions};
use tracing::instrument::WithSubscriber;

use crate::address;
use crate::components::{ComponentFailure, Opener};
use crate::config::Config;
use crate::resources;
use crate::running::Running;
use crate::wiring;

/// Why a sidecar could not be built.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each variant is told by its message")]
pub enum BuildError {
    #[error(transparent)]
    AppId(#[from] InvalidAppId),
    #[error("error loading configuration: {0}")]
    Configuration(#[from] ConfigurationErrors),
    #[error("failed to load components: {0}")]
    Resources(#[from] LoadErrors),
    #[error(transparent)]
    Component(#[from] ComponentFailure),
    #[error("keyPrefix of component {component}")]
    KeyPrefix { component: String, source: IllegalKey },
    #[error("component {component} ({place}): {feature} is not built into this version of tender")]
    Unbuilt { component: String, place: String, feature: &'static str },
    #[error("name resolution {0:?} is not built into this version of tender; there are {1}")]
    UnknownResolver(String, String),
    #[error("could not start name resolution {0:?}: {1}")]
    Resolver(String, tender_component::Error),
    #[error("subscription {0}: {1}")]
    Subscription(String, InvalidRule),
    #[error(transparent)]
    Bind(#[from] BindError),
    #[error("the app cannot be reached: {0}")]
    App(#[from] CallError),
    #[error("{0} cannot be sent: it holds characters that no header may have")]
    Token(&'static str),
    #[error(transparent)]
    Metrics(#[from] MetricsError),
}

/// The ports that a sidecar has bound.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    /// The HTTP API; nothing on a Unix socket.
    pub http_port: Option<u16>,
    /// The gRPC API; nothing on a Unix socket.
    pub grpc_port: Option<u16>,
    /// What other sidecars call.
    pub internal_port: u16,
    /// Health and metadata alone.
    pub public_port: Option<u16>,
    /// Metrics.
    pub metrics_port: Option<u16>,
}

/// Bound listeners that take no connection yet.
pub(crate) struct Listeners {
    pub(crate) http: Vec<Listener>,
    pub(crate) grpc: Vec<Listener>,
    pub(crate) internal: Listener,
    pub(crate) public: Option<Listener>,
    pub(crate) metrics: Option<Listener>,
}

/// A sidecar that is ready to serve: resources read, components open, ports bound.
pub struct Sidecar {
    pub(crate) config: Config,
    pub(crate) blocks: Arc<Blocks>,
    pub(crate) app: Option<App>,
    pub(crate) inputs: Option<Arc<InputBindings>>,
    pub(crate) declared: Vec<SubscriptionSpec>,
    pub(crate) resolver: Arc<dyn NameResolver>,
    pub(crate) listeners: Listeners,
    pub(crate) http: HttpApiConfig,
    pub(crate) grpc: GrpcApiConfig,
    pub(crate) addresses: Addresses,
    /// Owns everything that must outlive the servers: components, connections.
    pub(crate) tasks: Tasks,
}

impl Sidecar {
    /// Validates, reads, opens and binds. After an error nothing is left open.
    pub async fn build(config: Config, registry: Arc<Registry>) -> Result<Self, BuildError> {
        let dispatch = config.log.dispatch();
        let tasks = Tasks::with_dispatch(dispatch.clone());
        let built = build(config, registry, &tasks).with_subscriber(dispatch).await;
        built.inspect_err(|_| tasks.cancel())
    }

    /// The ports that are bound.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Begins to serve.
    pub fn spawn(self) -> Running {
        Running::start(self)
    }
}

/// What must be there before a sidecar is ready.
pub(crate) const RUNTIME: &str = "runtime";

async fn build(config: Config, registry: Arc<Registry>, tasks: &Tasks) -> Result<Sidecar, BuildError> {
    AppId::new(config.app_id.clone())?;
    let resources::Loaded { configuration, resources } = resources::load(&config)?;
    // Ports first: that one is in use is the commonest mistake, and should not wait for a slow backend.
    let listeners = bind(&config).await?;
    let addresses = addresses(&listeners);
    let metrics = Arc::new(Metrics::new(&metrics_options(&config, &configuration))?);
    let app = config.app.as_ref().map(|app| App::new(&app.channel, tasks)).transpose()?;

    let state = Arc::new(State::new(config.app_id.clone(), metrics.clone()));
    let secrets = Arc::new(Secrets::new(configuration.spec.secret_scopes.clone(), metrics.clone()));
    let bindings = Arc::new(OutputBindings::new(metrics.clone()));
    let pubsub = Arc::new(PubSub::new(config.app_id.clone(), config.namespace.clone(), metrics.clone()));
    let inputs = app.clone().map(|app| {
        let timeout = config.binding_options_timeout;
        Arc::new(InputBindings::new(app, bindings.clone(), metrics.clone(), timeout))
    });
    let metadata = RuntimeMetadata::new(facts(&config, &configuration, &resources));
    for (key, value) in &config.extended_metadata {
        metadata.set_extended(key.clone(), value.clone());
    }
    let opener = Opener {
        registry: registry.clone(),
        app_id: config.app_id.clone(),
        namespace: config.namespace.clone(),
        environment: config.environment.clone(),
        tasks: tasks.clone(),
        secrets: secrets.clone(),
        metrics: metrics.clone(),
    };
    let places = wiring::Blocks {
        app_id: &config.app_id,
        namespace: &config.namespace,
        state: &state,
        secrets: &secrets,
        bindings: &bindings,
        inputs: inputs.as_deref(),
        pubsub: &pubsub,
        metadata: &metadata,
    };
    places.open_all(&opener, resources.components, &configuration).await?;
    let mut declared = Vec::with_capacity(resources.subscriptions.len());
    for resource in &resources.subscriptions {
        let spec = SubscriptionSpec::declared(resource)
            .map_err(|error| BuildError::Subscription(resource.source.to_string(), error))?;
        declared.push(spec);
    }

    let host = config.listen.advertised.unwrap_or_else(address::host_address);
    let instance = Instance {
        app_id: config.app_id.clone(),
        namespace: config.namespace.clone(),
        host,
        internal_port: addresses.internal_port,
        http_port: addresses.http_port.unwrap_or_default(),
        grpc_port: addresses.grpc_port.unwrap_or_default(),
    };
    let resolver = open_resolver(&config, &configuration, &registry, &instance, tasks).await?;
    let invocation = InvocationConfig {
        host_address: Some(host),
        host_name: Some(config.log.instance.clone()).filter(|name| !name.is_empty()),
        internal_port: addresses.internal_port,
        max_body: config.max_body,
        max_headers: u32::try_from(config.read_buffer.max(64 << 10)).unwrap_or(u32::MAX),
        ..InvocationConfig::new(config.app_id.clone(), config.namespace.clone())
    };
    let invocation = Arc::new(Invocation::new(invocation, app.clone(), resolver.clone(), tasks));
    let (http, grpc) = api_configs(&config, &configuration)?;
    let blocks = Arc::new(Blocks {
        app_id: config.app_id.clone(),
        state,
        secrets,
        bindings,
        pubsub,
        invocation,
        metadata,
        health: Health::new([RUNTIME]),
        outbound_health: Health::new([RUNTIME]),
        shutdown: Shutdown::default(),
        metrics,
    });
    let tasks = tasks.clone();
    Ok(Sidecar {
        config,
        blocks,
        app,
        inputs,
        declared,
        resolver,

        listeners,
        http,
        grpc,
        addresses,
        tasks,
    })
}

async fn bind(config: &Config) -> Result<Listeners, BindError> {
    let listen = &config.listen;
    let purpose = |what: &str| format!("{what} of app {:?}", config.app_id);
    let (mut http, mut grpc) = (Vec::new(), Vec::new());
    if let Some(folder) = &listen.unix_socket_dir {
        let socket = |api: &str| folder.join(format!("dapr-{}-{api}.socket", config.app_id));
        http.push(Listener::unix(&socket("http"), &purpose("HTTP API"))?);
        grpc.push(Listener::unix(&socket("grpc"), &purpose("gRPC API"))?);
    } else {
        for address in &listen.addresses {
            http.push(Listener::tcp(*address, listen.http_port, &purpose("HTTP API")).await?);
            grpc.push(Listener::tcp(*address, listen.grpc_port, &purpose("gRPC API")).await?);
        }
    }
    let internal_purpose = purpose("internal gRPC server");
    let internal = if listen.internal_port == 0 {
        let stable =
            Listener::tcp(listen.internal_address, address::stable_port(&config.app_id), &internal_purpose);
        match stable.await {
            Ok(listener) => listener,
            Err(_) => Listener::tcp(listen.internal_address, 0, &internal_purpose).await?,
        }
    } else {
        Listener::tcp(listen.internal_address, listen.internal_port, &internal_purpose).await?
    };
    let public = match listen.public {
        Some((address, port)) => Some(Listener::tcp(address, port, &purpose("public port")).await?),
        None => None,
    };
    let metrics = match listen.metrics {
        Some((address, port)) => Some(Listener::tcp(address, port, &purpose("metrics server")).await?),
        None => None,
    };
    Ok(Listeners { http, grpc, internal, public, metrics })
}

fn addresses(listeners: &Listeners) -> Addresses {
    let first = |listeners: &[Listener]| listeners.first().and_then(Listener::port);
    Addresses {
        http_port: first(&listeners.http),
        grpc_port: first(&listeners.grpc),
        internal_port: listeners.internal.port().unwrap_or_default(),
        public_port: listeners.public.as_ref().and_then(Listener::port),
        metrics_port: listeners.metrics.as_ref().and_then(Listener::port),
    }
}

fn metrics_options(config: &Config, configuration: &Configuration) -> MetricsOptions {
    let metric = &configuration.spec.metric;
    let mut options = MetricsOptions::new(config.app_id.clone(), config.namespace.clone());
    options.exclude_verbs = metric.http.exclude_verbs;
    options.record_error_codes = metric.record_error_codes;
    if !metric.latency_distribution_buckets.is_empty() {
        options.latency_buckets_ms =
            metric.latency_distribution_buckets.iter().map(|bound| *bound as f64).collect();
    }
    options
}

fn facts(config: &Config, configuration: &Configuration, resources: &tender_resource::Resources) -> Facts {
    Facts {
        app_id: config.app_id.clone(),
        version: config.version.clone(),
        features: configuration.spec.enabled_features().into_iter().map(str::to_owned).collect(),
        app: config.app.as_ref().map(|app| AppConnection {
            port: app.channel.port,
            protocol: app.channel.protocol.to_string(),
            channel_address: app.channel.address.clone(),
            max_concurrency: app.channel.max_concurrency.map_or(0, std::num::NonZeroUsize::get),
            health: app.health.as_ref().map(|health| AppConnectionHealth {
                path: app.channel.protocol.is_http().then(|| health.path.clone()),
                interval: go_duration(health.interval),
                timeout: go_duration(health.timeout),
                threshold: health.threshold,
            }),
        }),
        http_endpoints: resources.http_endpoints.iter().map(|endpoint| endpoint.name().to_owned()).collect(),
        resiliencies: resources.resiliencies.iter().map(|resiliency| resiliency.meta.name.clone()).collect(),
    }
}

/// The resolver of a sidecar whose Configuration names none, as at the peer.
const DEFAULT_RESOLVER: &str = "mdns";

async fn open_resolver(
    config: &Config,
    configuration: &Configuration,
    registry: &Registry,
    instance: &Instance,
    tasks: &Tasks,
) -> Result<Arc<dyn NameResolver>, BuildError> {
    let resolution = &configuration.spec.name_resolution;
    let name = resolution.component.clone().filter(|name| !name.is_empty());
    let name =
        name.or_else(|| config.default_resolver.clone()).unwrap_or_else(|| DEFAULT_RESOLVER.to_owned());
    let factory = registry.name_resolution.find(&name, &resolution.version).ok_or_else(|| {
        BuildError::UnknownResolver(name.clone(), registry.name_resolution.names().join(", "))
    })?;
    let options = resolution.configuration.as_object().into_iter().flatten().map(|(key, value)| {
        let text = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        (key, text)
    });
    let context =
        Context { app_id: config.app_id.clone(), namespace: config.namespace.clone(), tasks: tasks.child() };
    let failed = |error| BuildError::Resolver(name.clone(), error);
    let resolver = factory.open(Metadata::new(name.clone(), options), context).await.map_err(failed)?;
    resolver.register(instance.clone()).await.map_err(failed)?;
    tracing::info!(target: "dapr.runtime", "Initialized name resolution to {name}");
    Ok(resolver)
}

fn api_configs(
    config: &Config,
    configuration: &Configuration,
) -> Result<(HttpApiConfig, GrpcApiConfig), BuildError> {
    let token = match &config.api_token {
        Some(token) => {
            let mut value =
                HeaderValue::try_from(token.expose()).map_err(|_| BuildError::Token("DAPR_API_TOKEN"))?;
            value.set_sensitive(true);
            Some(value)
        }
        None => None,
    };
    let api = &configuration.spec.api;
    let access = |protocol| ApiAccess::new(protocol, &rules(&api.allowed), &rules(&api.denied));
    let logging = &configuration.spec.api_logging;
    let is_logged = config.api_logging.unwrap_or(logging.enabled);
    let http = HttpApiConfig {
        token: token.clone(),
        access: access(Protocol::Http),
        max_body: config.max_body,
        allowed_origins: config.allowed_origins.clone(),
        logging: is_logged.then_some(CallLogging {
            obfuscate_urls: logging.obfuscate_urls,
            omit_health_checks: logging.omit_health_checks,
        }),
        public_only: false,
    };
    let grpc = GrpcApiConfig {
        token,
        access: access(Protocol::Grpc),
        max_body: config.max_body,
        logging: is_logged,
    };
    Ok((http, grpc))
}

/// A rule without a known protocol has no effect, as at the peer.
fn rules(rules: &[ApiAccessRule]) -> Vec<Rule> {
    rules
        .iter()
        .filter_map(|rule| {
            let protocol = match rule.protocol? {
                ApiProtocol::Http => Protocol::Http,
                ApiProtocol::Grpc => Protocol::Grpc,
            };
            Some(Rule { name: rule.name.clone(), version: rule.version.clone(), protocol })
        })
        .collect()
}

/// A duration as the peer writes it.
pub(crate) fn go_duration(duration: std::time::Duration) -> String {
    GoDuration::from_nanos(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)).to_string()
}
