//! Apps that the tests call.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tender_core::body::{self, Body};
use tender_tasks::{TaskKind, Tasks};
use tokio::net::TcpListener;

/// Serves HTTP/1.1 and h2c on a port of its own, for as long as `tasks` live.
pub(crate) async fn serve<F, R>(tasks: &Tasks, handler: F) -> u16
where
    F: Fn(Request<Incoming>) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Response<Body>> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    serve_on(tasks, listener, None, handler);
    port
}

/// The same with TLS, under a certificate that nobody has signed and that is for somebody else.
pub(crate) async fn serve_tls<F, R>(tasks: &Tasks, alpn: &[u8], handler: F) -> u16
where
    F: Fn(Request<Incoming>) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Response<Body>> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let certificate = CertificateDer::from_pem_slice(include_bytes!("cert.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("key.pem")).unwrap();
    let mut config =
        rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
    config.alpn_protocols = vec![alpn.to_vec()];
    serve_on(tasks, listener, Some(tokio_rustls::TlsAcceptor::from(Arc::new(config))), handler);
    port
}

pub(crate) fn serve_on<F, R>(
    tasks: &Tasks,
    listener: TcpListener,
    tls: Option<tokio_rustls::TlsAcceptor>,
    handler: F,
) where
    F: Fn(Request<Incoming>) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Response<Body>> + Send,
{
    let connections = tasks.child();
    tasks.spawn(TaskKind::Finite, "test server", async move {
        loop {
            let Ok((tcp, _)) = listener.accept().await else { return };
            tcp.set_nodelay(true).unwrap();
            let (handler, tls) = (handler.clone(), tls.clone());
            connections.spawn(TaskKind::Finite, "test connection", async move {
                let service = service_fn(move |request| {
                    let handler = handler.clone();
                    async move { Ok::<_, Infallible>(handler(request).await) }
                });
                let server = auto::Builder::new(TokioExecutor::new());
                let _ = match tls {
                    None => server.serve_connection(TokioIo::new(tcp), service).await,
                    Some(tls) => {
                        let Ok(io) = tls.accept(tcp).await else { return };
                        server.serve_connection(TokioIo::new(io), service).await
                    }
                };
            });
        }
    });
}

/// A response of the given text.
pub(crate) fn text(text: impl Into<Bytes>) -> Response<Body> {
    Response::new(body::full(text))
}
