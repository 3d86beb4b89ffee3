//! How the APIs ask for the sidecar's end.

use std::time::Duration;

use tokio::sync::watch;

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShutdownRequest {
    /// Stop taking work, let what is under way end.
    Graceful,
    /// End at once, as after a failure. The answer to the request still goes out.
    Forced,
}

/// How long a forced end waits for its own answer to go out.
pub const FORCED_DELAY: Duration = Duration::from_millis(100);

/// Where the APIs leave a request and the sidecar finds it.
#[derive(Debug, Default)]
pub struct Shutdown {
    request: watch::Sender<Option<ShutdownRequest>>,
}

impl Shutdown {
    /// Asks for the end.
    pub fn request(&self, request: ShutdownRequest) {
        match request {
            ShutdownRequest::Graceful => tracing::info!(target: "dapr.runtime", "Shutdown requested via API"),
            ShutdownRequest::Forced => tracing::warn!(
                target: "dapr.runtime",
                "Force shutdown requested, exiting immediately without graceful shutdown"
            ),
        }
        self.request.send_replace(Some(request));
    }

    /// Waits until an API asks for the end.
    pub async fn requested(&self) -> ShutdownRequest {
        let mut requests = self.request.subscribe();
        let request = requests.wait_for(Option::is_some).await.ok().and_then(|request| *request);
        match request {
            Some(request) => request,
            // The sender lives in `self`, so the channel cannot close while this waits.
            None => std::future::pending().await,
        }
    }
}
