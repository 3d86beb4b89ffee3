//! An app that is called by HTTP requests.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, Uri, Version, header};
use tender_core::body::{self, Body};
use tender_tasks::{TaskKind, Tasks};
use tokio::sync::watch;

use crate::config::{ApiToken, AppConfig, Protocol};
use crate::connect::Connector;
use crate::error::CallError;
use crate::grpc::connector;
use crate::h2;
use crate::http1::Pool;
use crate::limit::{Held, Limit};

/// The header that carries the app's token.
pub(crate) const API_TOKEN: HeaderName = HeaderName::from_static("dapr-api-token");
/// How often idle connections are looked through.
const SWEEP: Duration = Duration::from_secs(30);

/// An HTTP app. A clone is another handle to the same connections.
#[derive(Clone)]
pub struct HttpApp {
    transport: Transport,
    host: HeaderValue,
    api_token: Option<ApiToken>,
    limit: Limit,
    max_body: usize,
    health: Option<watch::Receiver<bool>>,
}

#[derive(Clone)]
enum Transport {
    Http1(Arc<Pool>),
    Http2(h2::Client),
}

impl HttpApp {
    pub(crate) fn new(config: &AppConfig, tasks: &Tasks) -> Result<Self, CallError> {
        let transport = if config.protocol == Protocol::H2c {
            let connector = Connector::tcp(config.authority(), crate::grpc::CONNECT_TIMEOUT);
            Transport::Http2(h2::Client::new(connector, h2::Settings::default(), tasks)?)
        } else {
            Transport::Http1(http1(config, tasks)?)
        };
        Ok(Self {
            transport,
            host: HeaderValue::from_str(&config.authority())
                .map_err(|error| CallError::Request(error.to_string()))?,
            api_token: config.api_token.clone(),
            limit: Limit::new(config.max_concurrency),
            max_body: config.max_body,
            health: None,
        })
    }

    pub(crate) fn set_health(&mut self, health: watch::Receiver<bool>) {
        self.health = Some(health);
    }

    /// Calls the app. The request's URI is the path and query at the app; `Host` and `dapr-api-token` are added here.
    ///
    /// Waits while `--app-max-concurrency` calls are running; a call runs until its response's body has ended or is
    /// dropped. Dropping the future or the body cancels the call.
    pub async fn call(&self, mut request: Request<Body>) -> Result<Response<Body>, CallError> {
        if self.health.as_ref().is_some_and(|health| !*health.borrow()) {
            return Err(CallError::Unhealthy);
        }
        let permit = self.limit.enter().await;
        if let Some(token) = &self.api_token {
            request.headers_mut().insert(API_TOKEN, token.header().clone());
        }
        match &self.transport {
            Transport::Http1(pool) => {
                origin_form(&mut request);
                request.headers_mut().insert(header::HOST, self.host.clone());
                pool.call(request, permit).await
            }
            Transport::Http2(client) => {
                remove_connection_headers(request.headers_mut());
                let response = client.call(request).await?;
                Ok(response.map(|stream| body::boxed(Held::new(stream, permit))))
            }
        }
    }

    /// The limit of messages that must be held whole, in bytes.
    pub fn max_body(&self) -> usize {
        self.max_body
    }
}

fn http1(config: &AppConfig, tasks: &Tasks) -> Result<Arc<Pool>, CallError> {
    let pool = Arc::new(Pool::new(connector(config, &[b"http/1.1"])?));
    let weak = Arc::downgrade(&pool);
    let token = tasks.token();
    tasks.spawn(TaskKind::Finite, "idle app connections", async move {
        // Ends with the app's last handle, or with the sidecar.
        while token.run_until_cancelled(tokio::time::sleep(SWEEP)).await.is_some() {
            let Some(pool) = weak.upgrade() else { return };
            pool.sweep();
        }
    });
    Ok(pool)
}

/// Leaves only path and query in the URI.
fn origin_form<B>(request: &mut Request<B>) {
    if request.uri().authority().is_some() {
        let path = request.uri().path_and_query().cloned();
        *request.uri_mut() = path.map_or_else(|| Uri::from_static("/"), Uri::from);
    }
    *request.version_mut() = Version::HTTP_11;
}

/// HTTP/2 has no headers that are about the connection (RFC 9113, 8.2.2).
fn remove_connection_headers(headers: &mut HeaderMap) {
    for name in [
        header::CONNECTION,
        header::TRANSFER_ENCODING,
        header::UPGRADE,
        HeaderName::from_static("keep-alive"),
        HeaderName::from_static("proxy-connection"),
    ] {
        headers.remove(name);
    }
}
