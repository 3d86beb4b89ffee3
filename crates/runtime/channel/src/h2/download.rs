//! Receiving a body, as fast as it is read.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use ::h2::{Reason, RecvStream};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tender_core::body::BodyError;
use tokio::task::AbortHandle;

/// A response's body. Dropping it before its end resets the stream.
pub struct Download {
    stream: RecvStream,
    data_ended: bool,
    /// Sends what is left of the request. Ends with the response.
    _upload: Option<AbortOnDrop>,
}

pub(crate) struct AbortOnDrop(pub(crate) AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Download {
    pub(crate) fn new(stream: RecvStream, upload: Option<AbortOnDrop>) -> Self {
        Self { stream, data_ended: false, _upload: upload }
    }
}

/// A body that is received, such as a request's at a server.
impl From<RecvStream> for Download {
    fn from(stream: RecvStream) -> Self {
        Self::new(stream, None)
    }
}

impl Body for Download {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        while !this.data_ended {
            match ready!(this.stream.poll_data(cx)) {
                // Mostly the end of a stream that had nothing else to say.
                Some(Ok(data)) if data.is_empty() => {}
                Some(Ok(data)) => {
                    // The window opens again by what was read. This fails only for a stream that has ended.
                    let _ = this.stream.flow_control().release_capacity(data.len());
                    return Poll::Ready(Some(Ok(Frame::data(data))));
                }
                Some(Err(error)) => return Poll::Ready(end_or_error(error)),
                None => this.data_ended = true,
            }
        }
        match ready!(this.stream.poll_trailers(cx)) {
            Ok(trailers) => Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers)))),
            Err(error) => Poll::Ready(end_or_error(error)),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.stream.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        if self.stream.is_end_stream() { SizeHint::with_exact(0) } else { SizeHint::default() }
    }
}

/// A reset without an error says that the answer is complete although the request is not (RFC 9113, 8.1).
fn end_or_error<T>(error: ::h2::Error) -> Option<Result<T, BodyError>> {
    if error.reason() == Some(Reason::NO_ERROR) { None } else { Some(Err(error.into())) }
}
