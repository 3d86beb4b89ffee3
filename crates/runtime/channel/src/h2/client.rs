//! One address, one connection.

use std::sync::Arc;

use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Request, Response, Uri, header};
use http_body::Body;
use parking_lot::Mutex;
use tender_core::body::BodyError;
use tender_tasks::Tasks;

use super::connection::{Connection, Settings};
use super::download::Download;
use super::payload::Payload;
use crate::connect::Connector;
use crate::error::CallError;

/// Calls one address. A clone is another handle to the same connection.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    connector: Connector,
    scheme: Scheme,
    authority: Authority,
    settings: Settings,
    tasks: Tasks,
    current: Mutex<Option<Connection>>,
    /// Held while a connection is opened, so that calls that need one wait for the same.
    opening: tokio::sync::Mutex<()>,
}

impl Client {
    /// A client without a connection yet. An error means that the address is none.
    pub fn new(connector: Connector, settings: Settings, tasks: &Tasks) -> Result<Self, CallError> {
        let authority = Authority::try_from(connector.address())
            .map_err(|error| CallError::Request(format!("address {:?}: {error}", connector.address())))?;
        let scheme = if connector.has_tls() { Scheme::HTTPS } else { Scheme::HTTP };
        let inner = Inner {
            connector,
            scheme,
            authority,
            settings,
            tasks: tasks.clone(),
            current: Mutex::new(None),
            opening: tokio::sync::Mutex::new(()),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The address.
    pub fn address(&self) -> &str {
        self.inner.connector.address()
    }

    /// The connection, opened if need be, ready for another stream.
    pub async fn connection(&self) -> Result<Connection, CallError> {
        let mut connection = self.current_or_open().await?;
        if connection.ready().await.is_ok() {
            return Ok(connection);
        }
        // It broke or is going away, which is known only now.
        self.forget();
        let mut connection = self.current_or_open().await?;
        connection.ready().await?;
        Ok(connection)
    }

    async fn current_or_open(&self) -> Result<Connection, CallError> {
        if let Some(connection) = self.current() {
            return Ok(connection);
        }
        let _opening = self.inner.opening.lock().await;
        if let Some(connection) = self.current() {
            return Ok(connection);
        }
        let io = self.inner.connector.connect().await?;
        let connection = Connection::open(io, self.inner.settings, &self.inner.tasks).await?;
        *self.inner.current.lock() = Some(connection.clone());
        Ok(connection)
    }

    fn current(&self) -> Option<Connection> {
        self.inner.current.lock().as_ref().filter(|connection| connection.is_open()).cloned()
    }

    fn forget(&self) {
        let mut current = self.inner.current.lock();
        if current.as_ref().is_some_and(|connection| !connection.is_open()) {
            *current = None;
        }
    }

    /// Sends a request whose URI is a path. Scheme and authority are this client's, a `Host` header is not sent.
    pub async fn call<B>(&self, request: Request<B>) -> Result<Response<Download>, CallError>
    where
        B: Body + Unpin + Send + 'static,
        B::Data: Into<Payload> + Send,
        B::Error: Into<BodyError>,
    {
        let connection = self.connection().await?;
        self.call_on(connection, request).await
    }

    /// The same on a connection that this client gave out.
    pub async fn call_on<B>(
        &self,
        mut connection: Connection,
        request: Request<B>,
    ) -> Result<Response<Download>, CallError>
    where
        B: Body + Unpin + Send + 'static,
        B::Data: Into<Payload> + Send,
        B::Error: Into<BodyError>,
    {
        let (mut head, body) = request.into_parts();
        let path = head.uri.path_and_query().cloned();
        head.uri = self.uri(path.unwrap_or_else(|| PathAndQuery::from_static("/")))?;
        head.version = http::Version::HTTP_2;
        head.headers.remove(header::HOST);
        connection.send(Request::from_parts(head, ()), body).await
    }

    /// The absolute URI of a path at this address.
    pub fn uri(&self, path: PathAndQuery) -> Result<Uri, CallError> {
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(self.inner.scheme.clone());
        parts.authority = Some(self.inner.authority.clone());
        parts.path_and_query = Some(path);
        Uri::from_parts(parts).map_err(|error| CallError::Request(error.to_string()))
    }
}
