//! An app that is called by gRPC.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body as HttpBody;
use rustls::pki_types::ServerName;
use tender_core::body::{self, Body, BodyError};
use tender_tasks::Tasks;
use tokio::sync::watch;

use crate::config::{ApiToken, AppConfig};
use crate::connect::Connector;
use crate::error::CallError;
use crate::h2;
use crate::http::API_TOKEN;
use crate::limit::{Held, Limit};
use crate::tls;

/// What opening a connection to the app may take.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// A gRPC app. A clone is another handle to the same connection.
#[derive(Clone)]
pub struct GrpcApp {
    client: h2::Client,
    api_token: Option<ApiToken>,
    limit: Limit,
    max_body: usize,
    health: Option<watch::Receiver<bool>>,
}

impl GrpcApp {
    pub(crate) fn new(config: &AppConfig, tasks: &Tasks) -> Result<Self, CallError> {
        let client = h2::Client::new(connector(config, &[b"h2"])?, h2::Settings::default(), tasks)?;
        Ok(Self {
            client,
            api_token: config.api_token.clone(),
            limit: Limit::new(config.max_concurrency),
            max_body: config.max_body,
            health: None,
        })
    }

    pub(crate) fn set_health(&mut self, health: watch::Receiver<bool>) {
        self.health = Some(health);
    }

    /// For calls that the sidecar makes: `AppCallback` and its like. They respect `--app-max-concurrency` and fail
    /// while the app is unhealthy. Usable by the generated clients.
    pub fn service(&self) -> GrpcService {
        GrpcService { app: self.clone(), is_proxy: false }
    }

    /// For calls of others that only pass through. As at the peer, they count for no limit, since their streams may
    /// last for ever, and they reach an unhealthy app.
    pub fn proxy(&self) -> GrpcService {
        GrpcService { app: self.clone(), is_proxy: true }
    }

    /// The limit of messages that must be held whole, in bytes.
    pub fn max_body(&self) -> usize {
        self.max_body
    }
}

/// Sends gRPC requests to the app. The request's URI is the method's path; `dapr-api-token` is added here.
#[derive(Clone)]
pub struct GrpcService {
    app: GrpcApp,
    is_proxy: bool,
}

impl GrpcService {
    /// Sends a request. Dropping the future or the response's body cancels the call.
    pub async fn call<B>(&self, mut request: Request<B>) -> Result<Response<Body>, CallError>
    where
        B: HttpBody<Data = Bytes> + Unpin + Send + 'static,
        B::Error: Into<BodyError>,
    {
        let app = &self.app;
        if !self.is_proxy && app.health.as_ref().is_some_and(|health| !*health.borrow()) {
            return Err(CallError::Unhealthy);
        }
        let permit = if self.is_proxy { None } else { app.limit.enter().await };
        if let Some(token) = &app.api_token {
            request.headers_mut().insert(API_TOKEN, token.header().clone());
        }
        let response = app.client.call(request).await?;
        Ok(response.map(|stream| body::boxed(Held::new(stream, permit))))
    }
}

impl<B> tower_service::Service<Request<B>> for GrpcService
where
    B: HttpBody<Data = Bytes> + Unpin + Send + 'static,
    B::Error: Into<BodyError>,
{
    type Response = Response<Body>;
    type Error = CallError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, CallError>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), CallError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let this = self.clone();
        Box::pin(async move { Self::call(&this, request).await })
    }
}

/// The way to the app, with TLS if its protocol has it.
pub(crate) fn connector(config: &AppConfig, alpn: &[&[u8]]) -> Result<Connector, CallError> {
    let connector = Connector::tcp(config.authority(), CONNECT_TIMEOUT);
    if !config.protocol.has_tls() {
        return Ok(connector);
    }
    let bad = |error: &dyn std::fmt::Display| CallError::Request(error.to_string());
    let tls = tls::unverified(alpn).map_err(|error| bad(&error))?;
    let server = ServerName::try_from(config.address.clone()).map_err(|error| bad(&error))?;
    Ok(connector.with_tls(tls, server))
}
