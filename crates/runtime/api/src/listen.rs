//! Listeners: binding an address, and serving connections until the sidecar drains.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tender_core::Body;
use tender_tasks::{TaskKind, Tasks};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};

/// A listener that could not be bound. It names the address and what wanted it.
#[derive(Debug, thiserror::Error)]
#[error("could not listen on {address} for the {purpose}: {}", reason(source))]
pub struct BindError {
    /// Whom it was for, such as `HTTP API of app "orders"`.
    purpose: String,
    address: String,
    source: io::Error,
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => "the port is in use by another process".to_owned(),
        _ => error.to_string(),
    }
}

/// A bound listener that takes no connection yet.
#[derive(Debug)]
pub enum Listener {
    /// An address of the network.
    Tcp(TcpListener, SocketAddr),
    /// A socket in the file system, removed when it is no longer served.
    Unix(UnixListener, PathBuf),
}

impl Listener {
    /// Binds an address; port 0 takes any free one.
    pub async fn tcp(address: IpAddr, port: u16, purpose: &str) -> Result<Self, BindError> {
        let address = SocketAddr::new(address, port);
        let failed = |source| BindError { purpose: purpose.to_owned(), address: address.to_string(), source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let bound = listener.local_addr().map_err(failed)?;
        Ok(Self::Tcp(listener, bound))
    }

    /// Binds a socket in the file system, in place of one that a dead process left there.
    pub fn unix(path: &Path, purpose: &str) -> Result<Self, BindError> {
        let failed =
            |source| BindError { purpose: purpose.to_owned(), address: path.display().to_string(), source };
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        Ok(Self::Unix(UnixListener::bind(path).map_err(failed)?, path.to_owned()))
    }

    /// The port; nothing for a socket in the file system.
    pub fn port(&self) -> Option<u16> {
        match self {
            Self::Tcp(_, address) => Some(address.port()),
            Self::Unix(..) => None,
        }
    }
}

impl std::fmt::Display for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tcp(_, address) => write!(f, "TCP address: {address}"),
            Self::Unix(_, path) => write!(f, "UNIX socket: {}", path.display()),
        }
    }
}

/// What connections are served with.
#[derive(Clone, Copy, Debug)]
pub struct ServeOptions {
    /// The largest set of headers, in bytes.
    pub read_buffer: usize,
    /// Only HTTP/2, as gRPC wants it.
    pub http2_only: bool,
}

/// Answers one request. It cannot fail: a failure is an answer too.
pub trait Handler: Clone + Send + Sync + 'static {
    /// Answers `request`.
    fn handle(&self, request: Request<Incoming>) -> impl Future<Output = Response<Body>> + Send;
}

/// Serves `listener` on `tasks` until they are cancelled; then it takes no new connection, and connections end when
/// the requests under way have been answered.
pub fn serve(
    tasks: &Tasks,
    name: &'static str,
    listener: Listener,
    options: ServeOptions,
    handler: impl Handler,
) {
    let owner = tasks.clone();
    tasks.spawn(TaskKind::Essential, name, async move {
        match listener {
            Listener::Tcp(listener, _) => loop {
                tokio::select! {
                    accepted = listener.accept() => match accepted {
                        Ok((stream, _)) => {
                            // Without it small answers wait for the peer's delayed acknowledgement.
                            let _ = stream.set_nodelay(true);
                            connection(&owner, stream, options, handler.clone());
                        }
                        Err(error) => accept_failed(name, &error).await,
                    },
                    () = owner.cancelled() => break,
                }
            },
            Listener::Unix(listener, path) => {
                loop {
                    tokio::select! {
                        accepted = listener.accept() => match accepted {
                            Ok((stream, _)) => connection(&owner, stream, options, handler.clone()),
                            Err(error) => accept_failed(name, &error).await,
                        },
                        () = owner.cancelled() => break,
                    }
                }
                let _ = std::fs::remove_file(path);
            }
        }
    });
}

/// A failed accept is the connection's fault or a lack of descriptors: waiting a little lets the latter pass.
async fn accept_failed(name: &str, error: &io::Error) {
    tracing::warn!(target: "dapr.runtime", "could not accept a connection for the {name}: {error}");
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
}

/// The largest HTTP/2 window. Large enough that a body streams at full speed, small enough that it is not held whole.
const HTTP2_WINDOW: u32 = 1 << 20;

fn connection<S>(tasks: &Tasks, stream: S, options: ServeOptions, handler: impl Handler)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let cancelled = tasks.token();
    tasks.spawn(TaskKind::Finite, "connection", async move {
        let mut builder = auto::Builder::new(TokioExecutor::new());
        if options.http2_only {
            builder = builder.http2_only();
        }
        builder.http1().timer(TokioTimer::new()).max_buf_size(options.read_buffer.max(8 << 10));
        builder
            .http2()
            .timer(TokioTimer::new())
            .initial_stream_window_size(HTTP2_WINDOW)
            .initial_connection_window_size(2 * HTTP2_WINDOW)
            .max_concurrent_streams(None)
            .max_header_list_size(u32::try_from(options.read_buffer.max(8 << 10)).unwrap_or(u32::MAX));
        let service = service_fn(move |request| {
            let handler = handler.clone();
            async move { Ok::<_, Infallible>(handler.handle(request).await) }
        });
        let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
        tokio::pin!(connection);
        // An error here is a client that went away in the middle of something: nothing to tell anybody.
        tokio::select! {
            _ = connection.as_mut() => {}
            () = cancelled.cancelled() => {
                connection.as_mut().graceful_shutdown();
                let _ = connection.await;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[tokio::test]
    async fn a_port_in_use_names_the_port_and_who_asked() {
        let first = Listener::tcp(Ipv4Addr::LOCALHOST.into(), 0, "test").await.unwrap();
        let port = first.port().unwrap();
        let error =
            Listener::tcp(Ipv4Addr::LOCALHOST.into(), port, r#"HTTP API of app "orders""#).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                r#"could not listen on 127.0.0.1:{port} for the HTTP API of app "orders": the port is in use by another process"#
            )
        );
    }
}
