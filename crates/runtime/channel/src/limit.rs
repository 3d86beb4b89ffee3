//! `--app-max-concurrency`.

use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http_body::{Body, Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Lets so many calls into the app at once. Others wait in order; one that gives up waiting takes nothing.
#[derive(Clone, Debug)]
pub(crate) struct Limit(Option<Arc<Semaphore>>);

/// The right to be in the app. Held until the response has ended.
pub(crate) type Permit = Option<OwnedSemaphorePermit>;

impl Limit {
    pub(crate) fn new(max: Option<NonZeroUsize>) -> Self {
        Self(max.map(|max| Arc::new(Semaphore::new(max.get().min(Semaphore::MAX_PERMITS)))))
    }

    pub(crate) async fn enter(&self) -> Permit {
        match &self.0 {
            // The semaphore is never closed, so this only fails to be a permit when there is no limit.
            Some(semaphore) => semaphore.clone().acquire_owned().await.ok(),
            None => None,
        }
    }
}

/// A body that holds a permit until its end.
pub(crate) struct Held<B> {
    body: B,
    permit: Permit,
}

impl<B> Held<B> {
    pub(crate) fn new(body: B, permit: Permit) -> Self {
        Self { body, permit }
    }
}

impl<B: Body + Unpin> Body for Held<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) || self.body.is_end_stream() {
            self.permit = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
