//! Sending a body, as fast as the other side takes it.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use ::h2::{Reason, SendStream};
use bytes::Buf;
use http_body::Body;
use tender_core::body::BodyError;

use super::payload::Payload;

/// Sends a body to its end: data, then trailers or the end of the stream. Never more than one frame of the body is
/// held while the other side takes nothing. A body that fails resets the stream; a stream that the other side has
/// reset ends it.
pub fn send_body<B>(stream: SendStream<Payload>, body: B) -> Upload<B>
where
    B: Body + Unpin,
    B::Data: Into<Payload>,
    B::Error: Into<BodyError>,
{
    Upload { stream, body, is_first: true }
}

/// The future of [`send_body`].
pub struct Upload<B> {
    stream: SendStream<Payload>,
    body: B,
    is_first: bool,
}

impl<B> Upload<B> {
    /// Whether there is room for another frame. An error means that nobody wants the rest.
    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ()>> {
        if self.is_first {
            // The window of a new stream is open, and waiting for it would cost a turn of the connection.
            return Poll::Ready(Ok(()));
        }
        self.stream.reserve_capacity(1);
        while self.stream.capacity() == 0 {
            match ready!(self.stream.poll_capacity(cx)) {
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Poll::Ready(Err(())),
            }
        }
        match self.stream.poll_reset(cx) {
            Poll::Ready(_) => Poll::Ready(Err(())),
            Poll::Pending => Poll::Ready(Ok(())),
        }
    }
}

impl<B> Future for Upload<B>
where
    B: Body + Unpin,
    B::Data: Into<Payload>,
    B::Error: Into<BodyError>,
{
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        loop {
            if ready!(this.poll_room(cx)).is_err() {
                return Poll::Ready(());
            }
            match Pin::new(&mut this.body).poll_frame(cx) {
                Poll::Pending => {
                    // While there is nothing to send, a reset is still to be noticed.
                    if !this.is_first && this.stream.poll_reset(cx).is_ready() {
                        return Poll::Ready(());
                    }
                    return Poll::Pending;
                }
                Poll::Ready(None) => {
                    let _ = this.stream.send_data(bytes::Bytes::new().into(), true);
                    return Poll::Ready(());
                }
                Poll::Ready(Some(Err(_))) => {
                    this.stream.send_reset(Reason::CANCEL);
                    return Poll::Ready(());
                }
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => {
                        let data: Payload = data.into();
                        let is_last = this.body.is_end_stream();
                        if !data.has_remaining() && !is_last {
                            continue;
                        }
                        if this.stream.send_data(data, is_last).is_err() || is_last {
                            return Poll::Ready(());
                        }
                        this.is_first = false;
                    }
                    Err(frame) => {
                        if let Ok(trailers) = frame.into_trailers() {
                            let _ = this.stream.send_trailers(trailers);
                            return Poll::Ready(());
                        }
                    }
                },
            }
        }
    }
}
