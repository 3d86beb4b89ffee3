//! Connections and streams.

use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use ::h2::RecvStream;
use ::h2::server::{Builder, Connection, SendResponse};
use http::{Request, Response};
use tender_channel::h2::{
    CONNECTION_WINDOW, Coalescing, Download, Flusher, MAX_FRAME, Payload, SEND_BUFFER, STREAM_WINDOW,
    coalesce, keep_alive, send_body,
};
use tender_core::body::Body;
use tender_tasks::{TaskKind, Tasks};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::time::Instant;

use super::call_local;
use crate::invocation::Invocation;
use crate::outgoing::Outgoing;
use crate::peers::KEEPALIVE;
use crate::proxy::is_grpc;

/// How many calls one other sidecar may have under way on one connection.
const MAX_STREAMS: u32 = 16 << 10;
/// How many calls may be cancelled before they were looked at, until the other side counts as an attacker.
const MAX_RESETS: usize = 4 << 10;
/// How long the other side may take to say hello.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(20);
/// A connection without calls for so long is told to go, as at the peer.
const MAX_IDLE: Duration = Duration::from_mins(3);
/// How often that is looked at.
const IDLE_CHECK: Duration = Duration::from_secs(30);

/// Serves the internal port until `tasks` are told to end; calls that are under way may then finish.
pub async fn serve_internal(listener: TcpListener, invocation: Arc<Invocation>, tasks: Tasks) {
    let token = tasks.token();
    while let Some(accepted) = token.run_until_cancelled(listener.accept()).await {
        match accepted {
            Ok((io, _)) => {
                if io.set_nodelay(true).is_err() {
                    continue;
                }
                let (invocation, owner) = (invocation.clone(), tasks.clone());
                tasks.spawn(TaskKind::Finite, "internal connection", async move {
                    serve_connection(io, invocation, &owner).await;
                });
            }
            Err(error) => {
                // Mostly too many open files: others may be closed in a moment.
                tracing::warn!(target: "dapr.runtime.grpc.internal", "could not accept a connection: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Serves one connection of another sidecar until it ends.
pub async fn serve_connection<T>(io: T, invocation: Arc<Invocation>, tasks: &Tasks)
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let (io, flusher) = coalesce(io);
    let handshake = Builder::new()
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_frame_size(MAX_FRAME)
        .max_send_buffer_size(SEND_BUFFER)
        .max_header_list_size(invocation.config.max_headers)
        .max_concurrent_streams(MAX_STREAMS)
        .max_pending_accept_reset_streams(MAX_RESETS)
        .max_concurrent_reset_streams(MAX_RESETS)
        .handshake::<_, Payload>(io);
    match tokio::time::timeout(HANDSHAKE_TIMEOUT, handshake).await {
        Ok(Ok(connection)) => serve_streams(connection, flusher, &invocation, tasks).await,
        Ok(Err(error)) => tracing::debug!(target: "dapr.runtime.grpc.internal", "no handshake: {error}"),
        Err(_) => tracing::debug!(target: "dapr.runtime.grpc.internal", "no handshake in time"),
    }
}

async fn serve_streams<T>(
    mut connection: Connection<Coalescing<T>, Payload>,
    flusher: Flusher<T>,
    invocation: &Arc<Invocation>,
    tasks: &Tasks,
) where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let token = tasks.token();
    let mut pings = std::pin::pin!(keep_alive(connection.ping_pong().zip(Some(KEEPALIVE))));
    let mut idle = tokio::time::interval(IDLE_CHECK);
    let mut last_used = Instant::now();
    let mut is_going = false;
    loop {
        let accept = std::future::poll_fn(|cx| {
            let polled = connection.poll_accept(cx);
            match flusher.poll_flush(cx) {
                Poll::Ready(Err(_)) => Poll::Ready(None),
                _ => polled,
            }
        });
        tokio::select! {
            biased;
            accepted = accept => match accepted {
                Some(Ok((request, respond))) => {
                    last_used = Instant::now();
                    let call = serve_stream(invocation.clone(), request, respond);
                    tasks.spawn(TaskKind::Finite, "internal call", call);
                }
                Some(Err(error)) => {
                    tracing::debug!(target: "dapr.runtime.grpc.internal", "connection broke: {error}");
                    return;
                }
                None => return,
            },
            () = token.cancelled(), if !is_going => {
                is_going = true;
                connection.graceful_shutdown();
            }
            _ = idle.tick(), if !is_going => {
                if connection.has_streams() {
                    last_used = Instant::now();
                } else if last_used.elapsed() >= MAX_IDLE {
                    is_going = true;
                    connection.graceful_shutdown();
                }
            }
            () = &mut pings => return,
        }
    }
}

/// What a call is answered with.
pub(super) enum Answer {
    /// Messages written here.
    Messages(Outgoing),
    /// What the app, or another sidecar, sent.
    Raw(Body),
}

/// Serves one call, until it is answered or the caller has gone.
async fn serve_stream(
    invocation: Arc<Invocation>,
    request: Request<RecvStream>,
    mut respond: SendResponse<Payload>,
) {
    let answered = {
        let mut answer = std::pin::pin!(answer(invocation, request.map(Download::from)));
        std::future::poll_fn(|cx| {
            // Whoever waits no longer cancels what was done for him.
            if respond.poll_reset(cx).is_ready() {
                return Poll::Ready(None);
            }
            answer.as_mut().poll(cx).map(Some)
        })
        .await
    };
    let Some(response) = answered else { return };
    let (head, body) = response.into_parts();
    let head = Response::from_parts(head, ());
    // An error says that the caller has gone.
    match body {
        Answer::Raw(body) if http_body::Body::is_end_stream(&body) => {
            let _ = respond.send_response(head, true);
        }
        Answer::Raw(body) => {
            if let Ok(stream) = respond.send_response(head, false) {
                send_body(stream, body).await;
            }
        }
        Answer::Messages(messages) => {
            if let Ok(stream) = respond.send_response(head, false) {
                send_body(stream, messages).await;
            }
        }
    }
}

async fn answer(invocation: Arc<Invocation>, request: Request<Download>) -> Response<Answer> {
    if !is_grpc(&request) {
        return invocation.proxy(request).await.map(Answer::Raw);
    }
    match request.uri().path().strip_prefix("/dapr.proto.internals.v1.ServiceInvocation/") {
        Some("CallLocalStream") => call_local::stream(&invocation, request.into_body()).await,
        Some("CallLocal") => call_local::unary(&invocation, request.into_body()).await,
        Some(method) => call_local::not_built(method),
        None => invocation.proxy(request).await.map(Answer::Raw),
    }
}
