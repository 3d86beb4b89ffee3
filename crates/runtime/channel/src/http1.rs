//! HTTP/1.1 connections to the app.
//!
//! A connection has no task of its own. Whoever waits for a response drives the connection, and so does the response's
//! body while it is read; in between it lies idle in the pool. That saves two task switches per call, and a caller who
//! goes away takes its connection along, which is how an HTTP/1.1 call is cancelled.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, header};
use http_body::{Body as _, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tender_core::body::{self, Body, BodyError};
use tokio::time::Instant;

use crate::connect::{Connector, Io};
use crate::error::CallError;
use crate::limit::Permit;

/// How many idle connections are kept, as at the peer.
const MAX_IDLE: usize = 64;
/// How long a connection may lie idle.
const IDLE_TIMEOUT: Duration = Duration::from_secs(90);

/// The idle connections to one address.
pub(crate) struct Pool {
    connector: Connector,
    idle: Mutex<Vec<Idle>>,
}

struct Idle {
    connection: Connection,
    since: Instant,
}

struct Connection {
    sender: SendRequest<Body>,
    driver: Pin<Box<http1::Connection<TokioIo<Io>, Body>>>,
}

impl Connection {
    /// Drives an idle connection once. Says whether a request can be sent on it.
    fn is_usable(&mut self) -> bool {
        let mut cx = Context::from_waker(Waker::noop());
        self.driver.as_mut().poll(&mut cx).is_pending() && self.sender.is_ready()
    }

    /// Sends a request. A request of which nothing was sent comes back.
    async fn send(
        &mut self,
        request: Request<Body>,
    ) -> Result<Response<Incoming>, (CallError, Option<Request<Body>>)> {
        let mut response = std::pin::pin!(self.sender.try_send_request(request));
        let outcome = std::future::poll_fn(|cx| {
            // The driver hands the request to the socket and the response to `response`, so it goes first.
            let closed = self.driver.as_mut().poll(cx);
            match (response.as_mut().poll(cx), closed) {
                (Poll::Ready(outcome), _) => Poll::Ready(Some(outcome)),
                (Poll::Pending, Poll::Ready(_)) => Poll::Ready(None),
                (Poll::Pending, Poll::Pending) => Poll::Pending,
            }
        })
        .await;
        match outcome {
            Some(Ok(response)) => Ok(response),
            Some(Err(mut error)) => {
                let request = error.take_message();
                Err((CallError::broken(error.into_error()), request))
            }
            None => Err((CallError::broken("connection closed before the response"), None)),
        }
    }
}

impl Pool {
    pub(crate) fn new(connector: Connector) -> Self {
        Self { connector, idle: Mutex::default() }
    }

    /// Sends a request in origin form, with its `Host`. The permit is held until the response's body has ended.
    pub(crate) async fn call(
        self: &Arc<Self>,
        mut request: Request<Body>,
        permit: Permit,
    ) -> Result<Response<Body>, CallError> {
        while let Some(mut connection) = self.take_idle() {
            match connection.send(request).await {
                Ok(response) => return Ok(self.response(response, connection, permit)),
                // The app closed it in this very moment: the request is still whole.
                Err((_, Some(unsent))) => request = unsent,
                Err((error, None)) => return Err(error),
            }
        }
        let mut connection = self.open().await?;
        match connection.send(request).await {
            Ok(response) => Ok(self.response(response, connection, permit)),
            Err((error, _)) => Err(error),
        }
    }

    async fn open(&self) -> Result<Connection, CallError> {
        let io = TokioIo::new(self.connector.connect().await?);
        let (sender, driver) =
            http1::Builder::new().max_headers(256).handshake(io).await.map_err(CallError::broken)?;
        Ok(Connection { sender, driver: Box::pin(driver) })
    }

    fn take_idle(&self) -> Option<Connection> {
        loop {
            // The guard must not live while the connection is polled.
            let Idle { mut connection, .. } = self.idle.lock().pop()?;
            if connection.is_usable() {
                return Some(connection);
            }
        }
    }

    fn give_back(&self, mut connection: Connection) {
        // Also moves the connection to its idle state, and makes it forget the waker of the task that used it.
        if connection.is_usable() {
            let mut idle = self.idle.lock();
            if idle.len() < MAX_IDLE {
                idle.push(Idle { connection, since: Instant::now() });
            }
        }
    }

    /// Closes connections that were idle for too long, and those that the app has closed.
    pub(crate) fn sweep(&self) {
        let Some(oldest) = Instant::now().checked_sub(IDLE_TIMEOUT) else { return };
        self.idle.lock().retain_mut(|idle| idle.since >= oldest && idle.connection.is_usable());
    }

    fn response(
        self: &Arc<Self>,
        response: Response<Incoming>,
        connection: Connection,
        permit: Permit,
    ) -> Response<Body> {
        let (head, incoming) = response.into_parts();
        if incoming.is_end_stream() {
            self.give_back(connection);
            return Response::from_parts(head, body::empty());
        }
        let has_length = head.headers.contains_key(header::CONTENT_LENGTH);
        let body = Reading { incoming, has_length, held: Some((connection, self.clone(), permit)) };
        Response::from_parts(head, body::boxed(body))
    }
}

/// A response's body, which drives its connection and gives it back in the end.
struct Reading {
    incoming: Incoming,
    has_length: bool,
    held: Option<(Connection, Arc<Pool>, Permit)>,
}

impl Reading {
    fn finish(&mut self) {
        if let Some((connection, pool, _permit)) = self.held.take() {
            pool.give_back(connection);
        }
    }
}

impl http_body::Body for Reading {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        let mut polled = Pin::new(&mut this.incoming).poll_frame(cx);
        if polled.is_pending()
            && let Some((connection, ..)) = &mut this.held
        {
            if connection.driver.as_mut().poll(cx).is_ready() {
                this.held = None;
            }
            polled = Pin::new(&mut this.incoming).poll_frame(cx);
        }
        match polled {
            Poll::Pending => Poll::Pending,
            Poll::Ready(None) => {
                this.finish();
                Poll::Ready(None)
            }
            Poll::Ready(Some(Ok(frame))) => {
                if this.incoming.is_end_stream() {
                    this.finish();
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => {
                this.held = None;
                // An app that announces more than it sends: what came is all there is. The peer ends the body, too.
                if this.has_length && is_short(&error) {
                    return Poll::Ready(None);
                }
                Poll::Ready(Some(Err(error.into())))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

fn is_short(error: &hyper::Error) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            return io.kind() == std::io::ErrorKind::UnexpectedEof;
        }
        cause = error.source();
    }
    false
}
