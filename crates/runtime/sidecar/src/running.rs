//! A sidecar that serves, and its ordered end.

use std::sync::Arc;
use std::time::Duration;

use tender_api::Blocks;
use tender_api::listen::{Listener, ServeOptions, serve};
use tender_api::shutdown::{FORCED_DELAY, ShutdownRequest};
use tender_api_grpc::GrpcApi;
use tender_api_http::{HttpApi, HttpApiConfig};
use tender_channel::{App, AppHealth, wait_until_listening};
use tender_component::name_resolution::NameResolver;
use tender_invocation::serve_internal;
use tender_pubsub::SubscriptionSpec;
use tender_tasks::{Failure, TaskKind, Tasks};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use tracing::Dispatch;
use tracing::instrument::WithSubscriber;

use crate::build::{Addresses, RUNTIME, Sidecar, go_duration};
use crate::config::Config;
use crate::health_watch::{self, Work};
use crate::metrics_server::MetricsServer;
use crate::wiring;

/// How long closing components may take.
const CLOSE_GRACE: Duration = Duration::from_secs(5);

/// How a sidecar ended.
#[derive(Debug)]
pub enum Ended {
    /// All that was under way has ended by itself.
    Gracefully,
    /// Something was cut off: an API asked for that, or grace was over.
    Forced,
    /// A task that must run had died.
    Failed(Failure),
}

/// A sidecar that serves.
pub struct Running {
    config: Config,
    addresses: Addresses,
    blocks: Arc<Blocks>,
    resolver: Arc<dyn NameResolver>,
    work: Work,
    health: watch::Receiver<Option<AppHealth>>,
    servers: Tasks,
    lifecycle: Tasks,
    tasks: Tasks,
    dispatch: Dispatch,
}

impl Running {
    pub(crate) fn start(sidecar: Sidecar) -> Self {
        let Sidecar {
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
            ..
        } = sidecar;
        let dispatch = config.log.dispatch();
        let (servers, lifecycle) = (tasks.child(), tasks.child());
        let _ours = tracing::dispatcher::set_default(&dispatch);
        let options = |http2_only| ServeOptions { read_buffer: config.read_buffer, http2_only };
        let http_api = HttpApi::new(blocks.clone(), http.clone());
        for listener in listeners.http {
            tracing::info!(target: "dapr.runtime.http", "HTTP server listening on {listener}");
            serve(&servers, "HTTP API", listener, options(false), http_api.clone());
        }
        let grpc_api = GrpcApi::new(blocks.clone(), grpc);
        for listener in listeners.grpc {
            tracing::info!(target: "dapr.runtime.grpc.api", "gRPC server listening on {listener}");
            serve(&servers, "gRPC API", listener, options(true), grpc_api.clone());
        }
        if let Some(listener) = listeners.public {
            tracing::info!(target: "dapr.runtime.http", "HTTP server is listening on public {listener}");
            let public =
                HttpApi::new(blocks.clone(), HttpApiConfig { public_only: true, token: None, ..http });
            serve(&servers, "public port", listener, options(false), public);
        }
        if let Some(listener) = listeners.metrics {
            serve(
                &servers,
                "metrics server",
                listener,
                options(false),
                MetricsServer(blocks.metrics.clone()),
            );
        }
        if let Listener::Tcp(listener, address) = listeners.internal {
            tracing::info!(target: "dapr.runtime.grpc.internal", "Internal gRPC server is running on port {}", address.port());
            let serving = serve_internal(listener, blocks.invocation.clone(), servers.clone());
            servers.spawn(TaskKind::Essential, "internal gRPC server", serving);
        }
        blocks.outbound_health.ready(RUNTIME);
        let work = Work { pubsub: blocks.pubsub.clone(), inputs };
        let (sender, health) = watch::channel(None);
        let beginning =
            begin(config.clone(), blocks.clone(), app, declared, work.clone(), lifecycle.clone(), sender);
        lifecycle.spawn(TaskKind::Finite, "lifecycle", beginning);
        Self { config, addresses, blocks, resolver, work, health, servers, lifecycle, tasks, dispatch }
    }

    /// The ports that are bound.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// The app ID.
    pub fn app_id(&self) -> &str {
        &self.config.app_id
    }

    /// Waits until the sidecar can serve calls of its app, which is as soon as its servers listen.
    pub async fn ready(&self) {
        self.blocks.outbound_health.wait_ready().await;
    }

    /// Waits until everything is ready, the app and its subscriptions too.
    pub async fn fully_ready(&self) {
        self.blocks.health.wait_ready().await;
    }

    /// Notes a value in the sidecar's metadata, for tools to find.
    pub fn set_metadata(&self, key: &str, value: &str) {
        self.blocks.metadata.set_extended(key.to_owned(), value.to_owned());
    }

    /// Waits until the sidecar should end: because an API asks for it, or because a task has died.
    pub async fn ending(&self) {
        tokio::select! {
            _ = self.blocks.shutdown.requested() => {}
            _ = self.tasks.failed() => {}
        }
    }

    /// Ends the sidecar in order: takes no more messages and events, lets what is under way end within its grace,
    /// withdraws its name, stops the servers, closes the components.
    pub async fn drain(self) -> Ended {
        let dispatch = self.dispatch.clone();
        self.drain_logged().with_subscriber(dispatch).await
    }

    async fn drain_logged(self) -> Ended {
        if let Some(failure) = now(self.tasks.failed()).await {
            self.tasks.stop(Duration::ZERO).await;
            return Ended::Failed(failure);
        }
        if now(self.blocks.shutdown.requested()).await == Some(ShutdownRequest::Forced) {
            // The answer to the request is still on its way.
            tokio::time::sleep(FORCED_DELAY).await;
            self.tasks.stop(Duration::ZERO).await;
            return Ended::Forced;
        }
        self.block().await;
        let grace = self.config.grace;
        tracing::info!(target: "dapr.runtime", "dapr shutting down. Waiting {grace:?} to finish outstanding operations");
        let started = Instant::now();
        let left = || grace.saturating_sub(started.elapsed());
        self.lifecycle.stop(Duration::ZERO).await;
        self.blocks.pubsub.close(grace).await;
        self.work.stop(left()).await;
        if let Err(error) = self.resolver.close().await {
            tracing::warn!(target: "dapr.runtime", "could not withdraw from name resolution: {error}");
        }
        let all_ended = self.servers.stop(left()).await;
        if !all_ended {
            tracing::warn!(target: "dapr.runtime", "Graceful shutdown timeout exceeded, forcing shutdown");
        }
        let blocks = &self.blocks;
        let closing = async {
            if let Some(inputs) = &self.work.inputs {
                inputs.close().await;
            }
            wiring::close_all(&blocks.state, &blocks.secrets, &blocks.bindings, &blocks.pubsub).await;
        };
        if timeout(CLOSE_GRACE, closing).await.is_err() {
            tracing::warn!(target: "dapr.runtime", "components did not close within {CLOSE_GRACE:?}");
        }
        self.tasks.stop(Duration::from_secs(1)).await;
        if all_ended {
            tracing::info!(target: "dapr.runtime", "Daprd shutdown gracefully");
            Ended::Gracefully
        } else {
            Ended::Forced
        }
    }

    /// Puts the end off while the app is healthy, where that is asked for.
    async fn block(&self) {
        let Some(longest) = self.config.block_shutdown else { return };
        tracing::info!(
            target: "dapr.runtime",
            "Blocking graceful shutdown for {} or until app reports unhealthy...",
            go_duration(longest)
        );
        let health = self.health.borrow().clone();
        let unhealthy = async {
            match health {
                Some(health) => {
                    let mut changes = health.subscribe();
                    // The probes end only with the sidecar.
                    let _ = changes.wait_for(|healthy| !healthy).await;
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = unhealthy => tracing::info!(target: "dapr.runtime", "App reported unhealthy, entering shutdown..."),
            () = tokio::time::sleep(longest) => {
                tracing::info!(target: "dapr.runtime", "Block shutdown period expired, entering shutdown...");
            }
        }
    }
}

/// The output of a future that is ready already.
async fn now<T>(future: impl Future<Output = T>) -> Option<T> {
    timeout(Duration::ZERO, future).await.ok()
}

/// Waits for the app, then starts what depends on it.
async fn begin(
    config: Config,
    blocks: Arc<Blocks>,
    app: Option<App>,
    declared: Vec<SubscriptionSpec>,
    work: Work,
    lifecycle: Tasks,
    health: watch::Sender<Option<AppHealth>>,
) {
    let started = Instant::now();
    let token = lifecycle.token();
    if let (Some(app), Some(told)) = (app, &config.app) {
        tokio::select! {
            // An address that is none was refused when the app's channel was made.
            _ = wait_until_listening(&told.channel) => {}
            () = token.cancelled() => return,
        }
        let ask = !config.disabled_init_endpoints.iter().any(|name| name.trim() == "subscribe");
        let subscriber = tender_pubsub::App { channel: app.clone(), ask };
        blocks.pubsub.set_app(subscriber, declared).await;
        match told.health.clone().map(|probes| AppHealth::start(app, probes, &lifecycle)) {
            None => work.start().await,
            Some(Ok(probes)) => {
                health.send_replace(Some(probes.clone()));
                let (work, owner) = (work.clone(), lifecycle.clone());
                lifecycle.spawn(TaskKind::Finite, "app health", async move {
                    health_watch::follow(probes, work, &owner).await;
                });
            }
            Some(Err(error)) => {
                tracing::error!(target: "dapr.runtime", "app health checks are off: {error}");
                work.start().await;
            }
        }
    } else {
        tracing::warn!(target: "dapr.runtime", "app channel is not initialized. did you configure an app-port?");
    }
    blocks.health.ready(RUNTIME);
    let elapsed = started.elapsed().as_millis();
    tracing::info!(target: "dapr.runtime", "dapr initialized. Status: Running. Init Elapsed {elapsed}ms");
}
