//! Other sidecars: where they are, and the connections to them.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use parking_lot::{Mutex, RwLock};
use tender_channel::Connector;
use tender_channel::h2::{Client, Settings};
use tender_component::name_resolution::{NameResolver, ResolveRequest};
use tender_tasks::{TaskKind, Tasks};
use tokio::time::Instant;

use crate::config::InvocationConfig;
use crate::headers::{CALLEE_APP_ID, DESTINATION_APP_ID};
use crate::target::Target;
use crate::wire::entry;

/// How long what name resolution said is believed. Short enough that an app that moved is found again at once.
const RESOLVED_FOR: Duration = Duration::from_secs(1);
/// What opening a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// Ping an idle sidecar this often, and give it so long to answer; the values of the peer, which cuts off who pings
/// more often than every eight seconds.
pub(crate) const KEEPALIVE: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(5));
/// Name resolution that answers with no address is asked again, so often, after such a pause.
const EMPTY_ANSWERS: (u32, Duration) = (5, Duration::from_millis(100));

/// Finds and reaches other sidecars.
pub(crate) struct Peers {
    resolver: Arc<dyn NameResolver>,
    port: u16,
    settings: Settings,
    tasks: Tasks,
    started: Instant,
    routes: RwLock<HashMap<String, Arc<Route>>>,
    connections: Arc<Mutex<HashMap<String, Arc<Peer>>>>,
}

/// The way to an app.
pub(crate) struct Route {
    peers: Vec<Arc<Peer>>,
    next: AtomicUsize,
    resolved: Instant,
    /// The entries of a request's metadata that name the app.
    pub(crate) stamps: Bytes,
}

/// The connection to one sidecar.
struct Peer {
    client: Client,
    /// Milliseconds after the start.
    last_used: AtomicU64,
}

impl Peers {
    pub(crate) fn new(config: &InvocationConfig, resolver: Arc<dyn NameResolver>, tasks: &Tasks) -> Self {
        let peers = Self {
            resolver,
            port: config.internal_port,
            settings: Settings { keepalive: Some(KEEPALIVE), max_header_list: config.max_headers },
            tasks: tasks.clone(),
            started: Instant::now(),
            routes: RwLock::default(),
            connections: Arc::default(),
        };
        peers.purge_idle(config.idle_check, config.idle_timeout);
        peers
    }

    /// The way to `target`, which was written as `text`. The error is what name resolution said.
    pub(crate) async fn route(&self, text: &str, target: &Target) -> Result<Arc<Route>, String> {
        let known = self.routes.read().get(text).cloned();
        if let Some(route) = known
            && route.resolved.elapsed() < RESOLVED_FOR
        {
            return Ok(route);
        }
        let addresses = self.resolve(target).await?;
        let peers: Result<Vec<_>, _> = addresses.into_iter().map(|address| self.peer(address)).collect();
        let stamps = [
            entry(DESTINATION_APP_ID.as_str(), &target.app_id),
            entry(CALLEE_APP_ID.as_str(), &target.app_id),
        ];
        let route = Arc::new(Route {
            peers: peers?,
            next: AtomicUsize::new(0),
            resolved: Instant::now(),
            stamps: stamps.concat().into(),
        });
        self.routes.write().insert(text.to_owned(), route.clone());
        Ok(route)
    }

    async fn resolve(&self, target: &Target) -> Result<Vec<String>, String> {
        let request = ResolveRequest {
            app_id: target.app_id.clone(),
            namespace: target.namespace.clone(),
            port: self.port,
        };
        for _ in 0..EMPTY_ANSWERS.0 {
            let addresses = self.resolver.resolve(&request).await.map_err(|error| error.to_string())?;
            if !addresses.is_empty() {
                return Ok(addresses);
            }
            tokio::time::sleep(EMPTY_ANSWERS.1).await;
        }
        Err(format!("resolver returned empty address for app id {}/{}", target.namespace, target.app_id))
    }

    fn peer(&self, address: String) -> Result<Arc<Peer>, String> {
        let mut connections = self.connections.lock();
        if let Some(peer) = connections.get(&address) {
            return Ok(peer.clone());
        }
        let connector = Connector::tcp(address.clone(), CONNECT_TIMEOUT);
        let client = Client::new(connector, self.settings, &self.tasks).map_err(|error| error.to_string())?;
        let peer = Arc::new(Peer { client, last_used: AtomicU64::new(self.now()) });
        connections.insert(address, peer.clone());
        Ok(peer)
    }

    /// The next of the sidecars on this way, in turn.
    pub(crate) fn pick(&self, route: &Route) -> Option<Client> {
        let turn = route.next.fetch_add(1, Ordering::Relaxed);
        let peer = route.peers.get(turn % route.peers.len().max(1))?;
        peer.last_used.store(self.now(), Ordering::Relaxed);
        Some(peer.client.clone())
    }

    /// Forgets where `text` is, because it is not there.
    pub(crate) fn forget(&self, text: &str) {
        self.routes.write().remove(text);
    }

    fn now(&self) -> u64 {
        self.started.elapsed().as_millis() as u64
    }

    fn purge_idle(&self, every: Duration, timeout: Duration) {
        let connections = Arc::downgrade(&self.connections);
        let (token, started) = (self.tasks.token(), self.started);
        self.tasks.spawn(TaskKind::Finite, "idle sidecar connections", async move {
            while token.run_until_cancelled(tokio::time::sleep(every)).await.is_some() {
                let Some(connections) = connections.upgrade() else { return };
                let now = started.elapsed().as_millis() as u64;
                connections.lock().retain(|address, peer| {
                    let is_used = now.saturating_sub(peer.last_used.load(Ordering::Relaxed))
                        < timeout.as_millis() as u64;
                    if !is_used {
                        // Streams that still run keep the connection until they end.
                        tracing::debug!(
                            target: "dapr.runtime.grpc.manager",
                            "Purged 1 expired gRPC connection(s) to {address}"
                        );
                    }
                    is_used
                });
            }
        });
    }
}
