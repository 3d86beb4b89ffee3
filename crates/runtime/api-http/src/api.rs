//! One request's way: token, route, access rules, handler, metrics, log.

use std::sync::Arc;

use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use tender_api::Blocks;
use tender_api::access::ApiAccess;
use tender_api::listen::Handler;
use tender_api::shutdown::ShutdownRequest;
use tender_core::body::boxed;
use tender_core::error::codes;
use tender_core::{ApiError, Body};
use tokio::time::Instant;

use crate::cors::Cors;
use crate::path::{clean, decode};
use crate::route::{Found, Route, find};
use crate::{bindings, metadata, publish, request, respond, state};

/// The header that carries the token of the API.
const TOKEN: &str = "dapr-api-token";
/// The header that asks for an end without grace.
const FORCE_SHUTDOWN: &str = "dapr-force-shutdown";

/// How the HTTP API is served.
#[derive(Clone, Debug, Default)]
pub struct HttpApiConfig {
    /// What callers must send in `dapr-api-token`; nothing if they need not.
    pub token: Option<HeaderValue>,
    /// Which APIs may be called.
    pub access: ApiAccess,
    /// The largest body that is held, in bytes.
    pub max_body: usize,
    /// Origins that CORS allows, separated by commas; empty for no CORS.
    pub allowed_origins: String,
    /// How calls are logged; nothing if they are not.
    pub logging: Option<CallLogging>,
    /// Serves health and metadata alone: the public port.
    pub public_only: bool,
}

/// How calls are logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallLogging {
    /// Shows the name of the API in place of the path.
    pub obfuscate_urls: bool,
    /// Leaves health checks out.
    pub omit_health_checks: bool,
}

/// The HTTP API. A clone is another handle to the same.
#[derive(Clone)]
pub struct HttpApi {
    inner: Arc<Inner>,
}

struct Inner {
    blocks: Arc<Blocks>,
    config: HttpApiConfig,
    cors: Option<Cors>,
}

impl HttpApi {
    /// The API over `blocks`.
    pub fn new(blocks: Arc<Blocks>, config: HttpApiConfig) -> Self {
        let cors = Cors::new(&config.allowed_origins);
        Self { inner: Arc::new(Inner { blocks, config, cors }) }
    }
}

impl Handler for HttpApi {
    async fn handle(&self, request: Request<Incoming>) -> Response<Body> {
        let started = Instant::now();
        let (parts, body) = request.into_parts();
        let path = parts.uri.path().to_owned();
        let cleaned = clean(&path);
        let found = self.inner.route(&parts.method, &cleaned);
        let (method, agent) = (parts.method.clone(), parts.headers.get(header::USER_AGENT).cloned());
        let origin = parts.headers.get(header::ORIGIN).cloned();
        let mut response = match self.inner.cors.as_ref().and_then(|cors| cors.preflight(&parts)) {
            Some(preflight) => preflight,
            None => self.inner.answer(parts, body, found).await,
        };
        if let (Some(cors), Some(origin)) = (&self.inner.cors, origin) {
            cors.allow(&origin, &mut response);
        }
        let elapsed = started.elapsed();
        let status = response.status().as_u16();
        self.inner.blocks.metrics.http.server_request(method.as_str(), &path, status, elapsed);
        self.inner.log(&method, &path, found, status, agent.as_ref(), elapsed);
        response
    }
}

impl Inner {
    /// The route of a path, if its API may be called. A denied one is as if it were not there.
    fn route<'p>(&self, method: &Method, path: &'p str) -> Option<Found<'p>> {
        let found = find(method, path)?;
        let is_open = found.route.is_health_check() || self.config.access.allows(found.version, found.api);
        let is_public = found.route.is_health_check()
            || matches!(found.route, Route::GetMetadata | Route::SetMetadata { .. });
        (is_open && (is_public || !self.config.public_only)).then_some(found)
    }

    async fn answer(&self, mut parts: Parts, body: Incoming, found: Option<Found<'_>>) -> Response<Body> {
        if let Some(token) = &self.config.token {
            let is_exempt = found.is_some_and(|found| found.route.is_health_check());
            if parts.headers.get(TOKEN) != Some(token) && !is_exempt {
                return respond::text(StatusCode::UNAUTHORIZED, "invalid api token\n");
            }
            parts.headers.remove(TOKEN);
        }
        let outcome = match found {
            Some(found) => self.serve(found.route, parts, body).await,
            None if self.config.public_only => {
                return respond::text(StatusCode::NOT_FOUND, "404 page not found\n");
            }
            None => {
                let request = Request::from_parts(parts, boxed(body));
                self.blocks.invocation.invoke_http(request).await
            }
        };
        outcome.unwrap_or_else(|error| {
            self.blocks.metrics.error_code(error.code().category, error.code().tag);
            respond::error(&error)
        })
    }

    async fn serve(
        &self,
        route: Route<'_>,
        parts: Parts,
        body: Incoming,
    ) -> Result<Response<Body>, ApiError> {
        let (blocks, limit) = (&self.blocks, self.config.max_body);
        let name = |part: &str| {
            decode(part).ok_or_else(|| {
                ApiError::new(&codes::BAD_REQUEST, format!("failed to unescape request parameter {part:?}"))
            })
        };
        match route {
            Route::GetState { store, key } => {
                state::get(&blocks.state, &name(store)?, &name(key)?, &parts).await
            }
            Route::SaveState { store } => {
                state::save(&blocks.state, &name(store)?, &parts, body, limit).await
            }
            Route::DeleteState { store, key } => {
                state::delete(&blocks.state, &name(store)?, &name(key)?, &parts).await
            }
            Route::GetBulkState { store } => {
                state::bulk_get(&blocks.state, &name(store)?, &parts, body, limit).await
            }
            Route::ExecuteStateTransaction { store } => {
                state::transact(&blocks.state, &name(store)?, &parts, body, limit).await
            }
            Route::QueryState { store } => state::query(&blocks.state, &name(store)?),
            Route::PublishEvent { pubsub, topic } => {
                publish::publish(&blocks.pubsub, name(pubsub)?, name(topic)?, &parts, body, limit).await
            }
            Route::BulkPublishEvent { pubsub, topic } => {
                publish::bulk_publish(&blocks.pubsub, name(pubsub)?, name(topic)?, &parts, body, limit).await
            }
            Route::InvokeBinding { name: binding } => {
                Ok(bindings::invoke(&blocks.bindings, &name(binding)?, body, limit).await)
            }
            Route::GetSecret { store, key } => {
                let secret =
                    blocks.secrets.get(&name(store)?, &name(key)?, &request::metadata(&parts)).await?;
                Ok(respond::json(&secret.0))
            }
            Route::GetBulkSecret { store } => {
                let secrets = blocks.secrets.bulk_get(&name(store)?, &request::metadata(&parts)).await?;
                let secrets: std::collections::HashMap<_, _> =
                    secrets.iter().map(|(name, secret)| (name, &secret.0)).collect();
                Ok(respond::json(&secrets))
            }
            Route::GetMetadata => {
                let subscriptions = blocks.pubsub.subscriptions().await;
                Ok(respond::json(&metadata::Metadata::new(&blocks.metadata, subscriptions)))
            }
            Route::SetMetadata { key } => {
                let value = request::body(body, limit).await.map_err(|cause| {
                    ApiError::new(&codes::BODY_READ, format!("failed to read request body: {cause}"))
                })?;
                blocks.metadata.set_extended(name(key)?, String::from_utf8_lossy(&value).into_owned());
                Ok(respond::no_content())
            }
            Route::Healthz => self.healthz(&parts),
            Route::HealthzOutbound if blocks.outbound_health.is_ready() => Ok(respond::no_content()),
            Route::HealthzOutbound => {
                Err(ApiError::new(&codes::OUTBOUND_HEALTH_NOT_READY, "dapr outbound is not ready"))
            }
            Route::Shutdown => {
                let force = parts
                    .headers
                    .get(FORCE_SHUTDOWN)
                    .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"true"));
                blocks.shutdown.request(if force {
                    ShutdownRequest::Forced
                } else {
                    ShutdownRequest::Graceful
                });
                Ok(respond::no_content())
            }
            Route::Unbuilt { name } => Err(ApiError::unimplemented(name)),
        }
    }

    fn healthz(&self, parts: &Parts) -> Result<Response<Body>, ApiError> {
        let blocks = &self.blocks;
        if !blocks.health.is_ready() {
            let missing = blocks.health.missing().join(" ");
            return Err(ApiError::new(&codes::HEALTH_NOT_READY, format!("dapr is not ready: [{missing}]")));
        }
        match request::parameter(parts, "appid") {
            Some(app_id) if app_id != blocks.app_id => {
                Err(ApiError::new(&codes::HEALTH_APP_ID_NOT_MATCH, "dapr app-id does not match"))
            }
            _ => Ok(respond::no_content()),
        }
    }

    fn log(
        &self,
        method: &Method,
        path: &str,
        found: Option<Found<'_>>,
        status: u16,
        agent: Option<&HeaderValue>,
        elapsed: std::time::Duration,
    ) {
        let Some(logging) = self.config.logging else { return };
        if logging.omit_health_checks && found.is_some_and(|found| found.route.is_health_check()) {
            return;
        }
        let called = match (logging.obfuscate_urls, found) {
            (true, Some(found)) => found.route.name().to_owned(),
            (true, None) => "InvokeService".to_owned(),
            (false, _) => format!("{method} {path}"),
        };
        let agent = agent.and_then(|agent| agent.to_str().ok()).unwrap_or_default();
        tracing::info!(
            target: "dapr.runtime.http-info",
            code = %status, duration = %elapsed.as_millis(), method = called, useragent = agent, "HTTP API Called"
        );
    }
}
