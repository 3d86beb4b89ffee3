//! A body that comes in chunks from another sidecar.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::Frame;
use tender_core::body::{self, Body, BodyError};
use tonic::{Code, Status};

use crate::wire::{DecodeError, Messages};

/// A message that is not the first of its stream.
pub(crate) struct Again {
    /// Whether it says what only the first may say.
    pub(crate) has_head: bool,
    /// A part of the body, and its number.
    pub(crate) payload: Option<(Bytes, u64)>,
}

/// Reads a message that is not the first.
pub(crate) type Decode = fn(Bytes) -> Result<Again, DecodeError>;

/// A body in chunks, numbered from 0.
pub(crate) struct Incoming<B> {
    messages: Messages<B>,
    decode: Decode,
    /// Chunks that came before the body was asked for.
    early: [Option<Result<(Bytes, u64), Status>>; 2],
    expected: u64,
    has_failed: bool,
}

impl<B> Incoming<B>
where
    B: http_body::Body<Data = Bytes> + Unpin + Send + 'static,
    B::Error: Into<BodyError>,
{
    /// The body whose first chunk, if any, came with the head. If nothing is to follow, and that is known already, it
    /// is a body of known length.
    pub(crate) async fn start(messages: Messages<B>, first: Option<(Bytes, u64)>, decode: Decode) -> Body {
        let mut incoming =
            Self { messages, decode, early: [first.map(Ok), None], expected: 0, has_failed: false };
        let next = std::future::poll_fn(|cx| Poll::Ready(incoming.poll_chunk(cx))).await;
        match (next, incoming.early) {
            (Poll::Ready(None), [None, _]) => body::empty(),
            (Poll::Ready(None), [Some(Ok((data, 0))), _]) => body::full(data),
            (Poll::Ready(None) | Poll::Pending, early) => body::boxed(Self { early, ..incoming }),
            (Poll::Ready(next @ Some(_)), [first, _]) => {
                body::boxed(Self { early: [first, next], ..incoming })
            }
        }
    }

    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<(Bytes, u64), Status>>> {
        loop {
            match ready!(self.messages.poll_next(cx)) {
                Some(Ok(message)) => match (self.decode)(message) {
                    Ok(Again { has_head: true, .. }) => {
                        return Poll::Ready(Some(Err(Status::unknown(
                            "metadata found in non-leading chunk",
                        ))));
                    }
                    Ok(Again { payload: Some(payload), .. }) => return Poll::Ready(Some(Ok(payload))),
                    Ok(Again { payload: None, .. }) => {}
                    Err(error) => return Poll::Ready(Some(Err(Status::internal(error.to_string())))),
                },
                Some(Err(status)) => return Poll::Ready(Some(Err(status))),
                None => {
                    let status = self.messages.trailers().as_ref().and_then(Status::from_header_map);
                    return Poll::Ready(status.filter(|status| status.code() != Code::Ok).map(Err));
                }
            }
        }
    }
}

impl<B> http_body::Body for Incoming<B>
where
    B: http_body::Body<Data = Bytes> + Unpin + Send + 'static,
    B::Error: Into<BodyError>,
{
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        while !this.has_failed {
            let chunk = match this.early.iter_mut().find_map(Option::take) {
                Some(chunk) => Some(chunk),
                None => ready!(this.poll_chunk(cx)),
            };
            let status = match chunk {
                None => break,
                Some(Ok((data, seq))) if seq == this.expected => {
                    this.expected += 1;
                    if data.is_empty() {
                        continue;
                    }
                    return Poll::Ready(Some(Ok(Frame::data(data))));
                }
                Some(Ok((_, seq))) => Status::unknown(format!(
                    "invalid sequence number received: {seq} (expected: {})",
                    this.expected
                )),
                Some(Err(status)) => status,
            };
            this.has_failed = true;
            return Poll::Ready(Some(Err(status.into())));
        }
        Poll::Ready(None)
    }
}
