//! A world of sidecars that find each other.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use parking_lot::Mutex;
use tender_channel::{App, AppConfig, Connector, Protocol, h2};
use tender_component::name_resolution::{Instance, NameResolver, ResolveRequest};
use tender_component::{Error, ErrorKind};
use tender_core::body::{self, Body, BodyError};
use tender_invocation::{Invocation, InvocationConfig, serve_internal};
use tender_tasks::{TaskKind, Tasks};
use tokio::net::TcpListener;

/// Knows where every sidecar of the world is.
#[derive(Default)]
pub(crate) struct Directory(Mutex<HashMap<String, Vec<String>>>);

impl Directory {
    pub(crate) fn set(&self, app_id: &str, addresses: Vec<String>) {
        self.0.lock().insert(app_id.to_owned(), addresses);
    }
}

#[async_trait]
impl NameResolver for Directory {
    async fn register(&self, instance: Instance) -> Result<(), Error> {
        self.set(&instance.app_id, vec![SocketAddr::new(instance.host, instance.internal_port).to_string()]);
        Ok(())
    }

    async fn resolve(&self, request: &ResolveRequest) -> Result<Vec<String>, Error> {
        let missing =
            || Error::new(ErrorKind::NotFound, format!("couldn't find service: {}", request.app_id));
        self.0.lock().get(&request.app_id).cloned().ok_or_else(missing)
    }
}

/// Where the tests take place. Everything in it ends with it.
pub(crate) struct World {
    pub(crate) directory: Arc<Directory>,
    pub(crate) tasks: Tasks,
}

/// A sidecar with its API ports.
pub(crate) struct Sidecar {
    pub(crate) invocation: Arc<Invocation>,
    pub(crate) internal: SocketAddr,
    pub(crate) http: SocketAddr,
    pub(crate) grpc: SocketAddr,
    pub(crate) tasks: Tasks,
}

pub(crate) const NAMESPACE: &str = "here";

impl World {
    pub(crate) fn new() -> Self {
        Self { directory: Arc::default(), tasks: Tasks::new() }
    }

    /// A sidecar without an app.
    pub(crate) async fn caller(&self, app_id: &str) -> Sidecar {
        self.start(app_id, None).await
    }

    /// A sidecar beside an app.
    pub(crate) async fn sidecar(&self, app_id: &str, protocol: Protocol, port: u16) -> Sidecar {
        self.start(app_id, Some(AppConfig::new(protocol, port))).await
    }

    /// A sidecar that lets so many calls into its app at once.
    pub(crate) async fn narrow(&self, app_id: &str, protocol: Protocol, port: u16, most: usize) -> Sidecar {
        let mut config = AppConfig::new(protocol, port);
        config.max_concurrency = NonZeroUsize::new(most);
        self.start(app_id, Some(config)).await
    }

    pub(crate) async fn start(&self, app_id: &str, app: Option<AppConfig>) -> Sidecar {
        let tasks = self.tasks.child();
        let app = app.map(|config| App::new(&config, &tasks).unwrap());
        self.start_with(app_id, app, tasks).await
    }

    pub(crate) async fn start_with(&self, app_id: &str, app: Option<App>, tasks: Tasks) -> Sidecar {
        let mut config = InvocationConfig::new(app_id, NAMESPACE);
        config.host_address = Some([10, 1, 2, 3].into());
        config.host_name = Some("myhost".to_owned());
        let invocation = Arc::new(Invocation::new(config, app, self.directory.clone(), &tasks));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let internal = listener.local_addr().unwrap();
        tasks.spawn(TaskKind::Finite, "internal server", {
            let (invocation, tasks) = (invocation.clone(), tasks.clone());
            async move { serve_internal(listener, invocation, tasks).await }
        });
        self.directory.set(app_id, vec![internal.to_string()]);
        let called = invocation.clone();
        let http = serve(&tasks, move |request: Request<Incoming>| {
            let invocation = called.clone();
            async move {
                let request = request.map(body::boxed);
                invocation.invoke_http(request).await.unwrap_or_else(|error| {
                    let mut response = Response::new(body::full(error.to_json()));
                    *response.status_mut() = error.http_status();
                    response
                })
            }
        })
        .await;
        let called = invocation.clone();
        let grpc = serve(&tasks, move |request: Request<Incoming>| {
            let invocation = called.clone();
            async move { invocation.proxy(request).await }
        })
        .await;
        Sidecar { invocation, internal, http, grpc, tasks }
    }
}

/// Serves HTTP/1.1 and HTTP/2 without TLS.
pub(crate) async fn serve<F, R>(tasks: &Tasks, handler: F) -> SocketAddr
where
    F: Fn(Request<Incoming>) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Response<Body>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connections = tasks.child();
    tasks.spawn(TaskKind::Finite, "test server", async move {
        loop {
            let Ok((tcp, _)) = listener.accept().await else { return };
            tcp.set_nodelay(true).unwrap();
            let handler = handler.clone();
            connections.spawn(TaskKind::Finite, "test connection", async move {
                let service = service_fn(move |request| {
                    let handled = handler(request);
                    async move { Ok::<_, Infallible>(handled.await) }
                });
                let _ = auto::Builder::new(TokioExecutor::new())
                    .serve_connection(TokioIo::new(tcp), service)
                    .await;
            });
        }
    });
    address
}

/// A response that was read to its end.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Read {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

impl Sidecar {
    /// Sends an HTTP request to the API.
    pub(crate) async fn send(&self, request: Request<Body>) -> Response<Incoming> {
        send_http(self.http, request).await
    }

    /// Sends an HTTP request to the API, and reads the response.
    pub(crate) async fn ask(&self, request: Request<Body>) -> Read {
        let (head, body) = self.send(request).await.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Read { status: head.status.as_u16(), headers: head.headers, body }
    }

    /// Sends a gRPC request to the API.
    pub(crate) async fn call(&self, request: Request<Body>) -> Response<Body> {
        let connector = Connector::tcp(self.grpc.to_string(), std::time::Duration::from_secs(5));
        let client = h2::Client::new(connector, h2::Settings::default(), &self.tasks).unwrap();
        client.call(request).await.unwrap().map(body::boxed)
    }
}

/// Sends an HTTP/1.1 request on a connection of its own.
pub(crate) async fn send_http(address: SocketAddr, mut request: Request<Body>) -> Response<Incoming> {
    let tcp = tokio::net::TcpStream::connect(address).await.unwrap();
    tcp.set_nodelay(true).unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(tcp)).await.unwrap();
    let host = HeaderValue::from_str(&address.to_string()).unwrap();
    request.headers_mut().insert("host", host);
    // Ends with the connection.
    let tasks = Tasks::new();
    tasks.spawn(TaskKind::Finite, "test client", async move {
        let _ = connection.await;
    });
    sender.send_request(request).await.unwrap()
}

pub(crate) fn request(method: &str, path: &str, body: Body) -> Request<Body> {
    Request::builder().method(method).uri(path).body(body).unwrap()
}

/// A body that is sent piece by piece: the length is not known.
pub(crate) fn chunked(stream: impl futures::Stream<Item = Bytes> + Send + Unpin + 'static) -> Body {
    use futures::StreamExt;
    body::boxed(http_body_util::StreamBody::new(
        stream.map(|data| Ok::<_, BodyError>(hyper::body::Frame::data(data))),
    ))
}
