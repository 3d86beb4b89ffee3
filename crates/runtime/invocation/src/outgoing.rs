//! A request or response on its way to another sidecar, as messages.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body as _, Frame};
use http_body_util::BodyExt;
use tender_channel::h2::Payload;
use tender_core::body::{Body, BodyError};

use crate::status;
use crate::wire::{Chunk, Head, MAX_CHUNK};

/// Bodies up to this size are held whole, if their length is known: then they can be sent again, and go in few frames.
pub(crate) const SMALL: u64 = 64 << 10;

/// Parts of bodies up to this size are copied behind the head.
const MERGED: usize = 4 << 10;

/// A body that is there, or one that comes.
pub(crate) enum Content {
    Whole(Bytes),
    Stream(Body),
}

impl Content {
    /// Waits for a body that is known to be small.
    pub(crate) async fn of(body: Body) -> Result<Self, CollectError> {
        match body.size_hint().exact() {
            Some(0) => Ok(Self::Whole(Bytes::new())),
            Some(length) if length <= SMALL => Ok(Self::Whole(collect(body, SMALL as usize).await?)),
            _ => Ok(Self::Stream(body)),
        }
    }
}

/// Why a body could not be read whole.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CollectError {
    #[error("the body is larger than {0} bytes")]
    TooLarge(usize),
    #[error("{0}")]
    Broken(BodyError),
}

/// Reads a body of at most `limit` bytes. One that comes in one piece is not copied.
pub(crate) async fn collect(mut body: Body, limit: usize) -> Result<Bytes, CollectError> {
    let mut pieces = Vec::new();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.map_err(CollectError::Broken)?.into_data() {
            length += data.len();
            if length > limit {
                return Err(CollectError::TooLarge(limit));
            }
            pieces.push(data);
        }
        if body.is_end_stream() {
            // Asking once more would cost a turn of the connection.
            break;
        }
    }
    match pieces.as_mut_slice() {
        [only] => Ok(std::mem::take(only)),
        pieces => Ok(pieces.concat().into()),
    }
}

/// The messages of one direction of `CallLocalStream`.
pub(crate) struct Outgoing {
    /// The first message.
    first: Option<Bytes>,
    /// What of the body is there and was not sent yet.
    rest: Bytes,
    /// What is to come of it.
    body: Option<Body>,
    /// The number of the next chunk.
    seq: u64,
    /// What follows the last message: nothing after a request, a status after a response.
    end: End,
}

#[derive(PartialEq, Eq)]
enum End {
    Nothing,
    Status,
    Sent,
}

impl Outgoing {
    /// The messages of a request.
    pub(crate) fn request(first: Bytes, seq: u64, rest: Bytes, body: Option<Body>) -> Self {
        Self { first: Some(first), rest, body, seq, end: End::Nothing }
    }

    /// The messages of a response, and the status of the call.
    pub(crate) fn response(head: Head, content: Content) -> Self {
        let (first, seq, rest, body) = match content {
            Content::Whole(bytes) => {
                let (first, seq, rest) = join(head, bytes);
                (first, seq, rest, None)
            }
            Content::Stream(body) => (head.into_message(&[]), 0, Bytes::new(), Some(body)),
        };
        Self { first: Some(first), rest, body, seq, end: End::Status }
    }
}

/// The first message with a body that is there, the number of the next chunk, and what has to go in chunks.
pub(crate) fn join(head: Head, bytes: Bytes) -> (Bytes, u64, Bytes) {
    if bytes.len() > MERGED {
        (head.into_message(&[]), 0, bytes)
    } else {
        let seq = u64::from(!bytes.is_empty());
        (head.into_message(&bytes), seq, Bytes::new())
    }
}

impl http_body::Body for Outgoing {
    type Data = Payload;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Payload>, BodyError>>> {
        let this = &mut *self;
        if let Some(first) = this.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first.into()))));
        }
        loop {
            if !this.rest.is_empty() {
                let chunk = this.rest.split_to(this.rest.len().min(MAX_CHUNK));
                let message = Chunk::message(chunk, this.seq);
                this.seq += 1;
                return Poll::Ready(Some(Ok(Frame::data(message))));
            }
            let Some(body) = &mut this.body else { break };
            match ready!(Pin::new(body).poll_frame(cx)) {
                Some(Ok(frame)) => this.rest = frame.into_data().unwrap_or_default(),
                Some(Err(error)) => {
                    this.body = None;
                    if this.end == End::Nothing {
                        return Poll::Ready(Some(Err(error)));
                    }
                    this.end = End::Sent;
                    let trailers = status::trailers(&status::from_body_error(&error));
                    return Poll::Ready(Some(Ok(Frame::trailers(trailers))));
                }
                None => this.body = None,
            }
        }
        if this.end == End::Status {
            this.end = End::Sent;
            return Poll::Ready(Some(Ok(Frame::trailers(status::ok_trailers()))));
        }
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_none()
            && self.rest.is_empty()
            && self.body.as_ref().is_none_or(http_body::Body::is_end_stream)
            && self.end != End::Status
    }
}
