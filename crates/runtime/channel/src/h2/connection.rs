//! One HTTP/2 connection.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use ::h2::client::{Builder, SendRequest};
use ::h2::{Ping, PingPong};
use http::{Request, Response};
use http_body::Body;
use tender_core::body::BodyError;
use tender_tasks::{TaskKind, Tasks};
use tokio::io::{AsyncRead, AsyncWrite};

use super::coalesce::coalesce;
use super::download::{AbortOnDrop, Download};
use super::payload::Payload;
use super::upload::send_body;
use crate::error::CallError;

/// How much of a stream is taken in before it is read.
pub const STREAM_WINDOW: u32 = 1 << 20;
/// Streams that nobody reads must not hold up the others, so the connection's window is not what limits.
pub const CONNECTION_WINDOW: u32 = (1 << 31) - 1;
/// Fewer, larger frames for large bodies.
pub const MAX_FRAME: u32 = 64 << 10;
/// What may wait in a stream for the socket.
pub const SEND_BUFFER: usize = 256 << 10;

/// What differs between connections.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The time between pings, and the time that an answer may take. None for no pings.
    pub keepalive: Option<(Duration, Duration)>,
    /// The largest list of headers that is accepted, in bytes.
    pub max_header_list: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { keepalive: None, max_header_list: 64 << 10 }
    }
}

/// An open connection. A clone is another handle to it.
#[derive(Clone)]
pub struct Connection {
    sender: SendRequest<Payload>,
    closed: Arc<AtomicBool>,
    tasks: Tasks,
}

impl Connection {
    /// Says hello. The connection's task belongs to `tasks`.
    pub async fn open<T>(io: T, settings: Settings, tasks: &Tasks) -> Result<Self, CallError>
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (io, flusher) = coalesce(io);
        let (sender, mut connection) = Builder::new()
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_frame_size(MAX_FRAME)
            .max_send_buffer_size(SEND_BUFFER)
            .max_header_list_size(settings.max_header_list)
            .initial_max_send_streams(usize::MAX)
            .enable_push(false)
            .handshake::<_, Payload>(io)
            .await?;
        let closed = Arc::new(AtomicBool::new(false));
        let pings = connection.ping_pong().zip(settings.keepalive);
        let ends = closed.clone();
        let token = tasks.token();
        // Ends when the connection has: by the other side, by an error, or when the last handle is gone.
        let driver = std::future::poll_fn(move |cx| {
            let polled = Pin::new(&mut connection).poll(cx).map(|_| ());
            if let Poll::Ready(Err(_)) = flusher.poll_flush(cx) {
                return Poll::Ready(());
            }
            polled
        });
        tasks.spawn(TaskKind::Finite, "http/2 connection", async move {
            tokio::select! {
                () = driver => {}
                () = keep_alive(pings) => {}
                () = token.cancelled() => {}
            }
            ends.store(true, Ordering::Release);
        });
        Ok(Self { sender, closed, tasks: tasks.clone() })
    }

    /// Whether it is worth trying to send something.
    pub fn is_open(&self) -> bool {
        !self.closed.load(Ordering::Acquire)
    }

    /// Waits until the other side allows another stream. An error says that this connection takes no more.
    pub async fn ready(&mut self) -> Result<(), CallError> {
        std::future::poll_fn(|cx| self.sender.poll_ready(cx)).await.map_err(|error| {
            self.closed.store(true, Ordering::Release);
            error.into()
        })
    }

    /// Sends a request, and its body while the response is awaited and read. The URI must be absolute.
    pub async fn send<B>(&mut self, head: Request<()>, body: B) -> Result<Response<Download>, CallError>
    where
        B: Body + Unpin + Send + 'static,
        B::Data: Into<Payload> + Send,
        B::Error: Into<BodyError>,
    {
        let has_body = !body.is_end_stream();
        let (response, stream) = self.sender.send_request(head, !has_body)?;
        let mut upload = None;
        if has_body {
            let mut sending = send_body(stream, body);
            // Mostly the body is there already and fits: then no task is needed.
            let is_sent =
                std::future::poll_fn(|cx| Poll::Ready(Pin::new(&mut sending).poll(cx).is_ready())).await;
            if !is_sent {
                let task = self.tasks.spawn(TaskKind::Finite, "http/2 request body", sending);
                upload = Some(AbortOnDrop(task.abort_handle()));
            }
        }
        let (head, stream) = response.await?.into_parts();
        Ok(Response::from_parts(head, Download::new(stream, upload)))
    }
}

/// Pings until an answer stays out. Without pings it never ends.
pub async fn keep_alive(pings: Option<(PingPong, (Duration, Duration))>) {
    let Some((mut pings, (interval, timeout))) = pings else { return std::future::pending().await };
    loop {
        tokio::time::sleep(interval).await;
        if !matches!(tokio::time::timeout(timeout, pings.ping(Ping::opaque())).await, Ok(Ok(_))) {
            return;
        }
    }
}
