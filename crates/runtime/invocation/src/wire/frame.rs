//! The messages of a gRPC stream.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use http::HeaderMap;
use http_body::Body;
use tender_core::body::BodyError;
use tonic::Status;

use crate::status::from_body_error;

/// The header of a message: whether it is compressed, and its length.
const HEADER: usize = 5;

/// A message with its header.
pub(crate) fn frame(message: &[u8]) -> Bytes {
    let mut framed = BytesMut::with_capacity(HEADER + message.len());
    framed.put_u8(0);
    framed.put_u32(message.len() as u32);
    framed.put_slice(message);
    framed.freeze()
}

/// Takes messages out of a body. A message that arrives in one piece is not copied.
pub(crate) struct Messages<B> {
    body: B,
    limit: usize,
    /// What was received last and is not taken yet.
    piece: Bytes,
    /// The beginning of a message whose end is to come.
    partial: BytesMut,
    trailers: Option<HeaderMap>,
    has_ended: bool,
}

impl<B> Messages<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BodyError>,
{
    /// Messages of at most `limit` bytes.
    pub(crate) fn new(body: B, limit: usize) -> Self {
        Self { body, limit, piece: Bytes::new(), partial: BytesMut::new(), trailers: None, has_ended: false }
    }

    /// The next message. None after the last.
    pub(crate) async fn next(&mut self) -> Option<Result<Bytes, Status>> {
        std::future::poll_fn(|cx| self.poll_next(cx)).await
    }

    /// Polls for the next message.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Status>>> {
        loop {
            match self.take_message() {
                Ok(Some(message)) => return Poll::Ready(Some(Ok(message))),
                Ok(None) => {}
                Err(status) => {
                    self.has_ended = true;
                    return Poll::Ready(Some(Err(status)));
                }
            }
            if self.has_ended {
                return Poll::Ready(None);
            }
            match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.piece = data,
                    Err(frame) => self.trailers = frame.into_trailers().ok(),
                },
                Some(Err(error)) => {
                    self.has_ended = true;
                    return Poll::Ready(Some(Err(from_body_error(&error.into()))));
                }
                None => {
                    self.has_ended = true;
                    if !self.partial.is_empty() {
                        return Poll::Ready(Some(Err(Status::internal("unexpected EOF"))));
                    }
                    return Poll::Ready(None);
                }
            }
        }
    }

    fn take_message(&mut self) -> Result<Option<Bytes>, Status> {
        if self.partial.is_empty() {
            if let Some(length) = self.length(&self.piece)? {
                if self.piece.len() >= HEADER + length {
                    let mut message = self.piece.split_to(HEADER + length);
                    message.advance(HEADER);
                    return Ok(Some(message));
                }
                self.partial.reserve(HEADER + length);
            }
            if !self.piece.is_empty() {
                self.partial.put_slice(&std::mem::take(&mut self.piece));
            }
            return Ok(None);
        }
        while !self.piece.is_empty() {
            let wanted = match self.length(&self.partial)? {
                None => HEADER,
                Some(length) => HEADER + length,
            };
            self.partial.reserve(wanted - self.partial.len());
            let piece = self.piece.split_to((wanted - self.partial.len()).min(self.piece.len()));
            self.partial.put_slice(&piece);
            if self.length(&self.partial)?.is_some_and(|length| self.partial.len() == HEADER + length) {
                let mut message = std::mem::take(&mut self.partial).freeze();
                message.advance(HEADER);
                return Ok(Some(message));
            }
        }
        Ok(None)
    }

    /// The length of the message that begins here, once its header is there.
    fn length(&self, bytes: &[u8]) -> Result<Option<usize>, Status> {
        let Some(([compressed, a, b, c, d], _)) = bytes.split_first_chunk::<HEADER>() else {
            return Ok(None);
        };
        if *compressed != 0 {
            return Err(Status::unimplemented("grpc: compressed messages are not understood"));
        }
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        if length > self.limit {
            return Err(Status::resource_exhausted(format!(
                "grpc: received message larger than max ({length} vs. {})",
                self.limit
            )));
        }
        Ok(Some(length))
    }

    /// The trailers, after the last message.
    pub(crate) fn trailers(&mut self) -> Option<HeaderMap> {
        self.trailers.take()
    }
}
