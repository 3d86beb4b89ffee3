//! The tree of owners.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Dispatch;
use tracing::instrument::WithSubscriber;

use crate::report::Failure;

/// What the end of a task means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskKind {
    /// It may end whenever its work is done; only a panic is a failure.
    Finite,
    /// It must run until it is cancelled: ending earlier is a failure.
    Essential,
}

/// Owns tasks: spawns them, cancels them, and waits for them.
///
/// A clone is another handle to the same owner. Tasks run with the `tracing` subscriber of their owner, so each
/// sidecar's lines reach that sidecar's log.
#[derive(Clone, Debug)]
pub struct Tasks {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    tracker: TaskTracker,
    /// Says that the tasks should end.
    cancelled: CancellationToken,
    /// Says that grace is over: what still runs is dropped where it stands.
    aborted: CancellationToken,
    failure: watch::Sender<Option<Failure>>,
    dispatch: Dispatch,
}

impl Default for Tasks {
    fn default() -> Self {
        Self::new()
    }
}

impl Tasks {
    /// A root owner whose tasks log to the current subscriber.
    pub fn new() -> Self {
        Self::with_dispatch(tracing::dispatcher::get_default(Clone::clone))
    }

    /// A root owner whose tasks log to `dispatch`.
    pub fn with_dispatch(dispatch: Dispatch) -> Self {
        Self {
            inner: Arc::new(Inner {
                tracker: TaskTracker::new(),
                cancelled: CancellationToken::new(),
                aborted: CancellationToken::new(),
                failure: watch::Sender::new(None),
                dispatch,
            }),
        }
    }

    /// An owner below this one: it ends when this one does, may end earlier, and reports failures to the same root.
    pub fn child(&self) -> Self {
        Self {
            inner: Arc::new(Inner {
                tracker: TaskTracker::new(),
                cancelled: self.inner.cancelled.child_token(),
                aborted: self.inner.aborted.child_token(),
                failure: self.inner.failure.clone(),
                dispatch: self.inner.dispatch.clone(),
            }),
        }
    }

    /// Spawns a task. A task watches [`cancelled`](Self::cancelled) (or a clone of [`token`](Self::token)) and ends in
    /// its own time when it is set; when the grace of [`stop`](Self::stop) is over, it is dropped.
    pub fn spawn<F>(&self, kind: TaskKind, name: &'static str, future: F) -> JoinHandle<()>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let inner = self.inner.clone();
        let supervised = async move {
            let outcome = tokio::select! {
                outcome = AssertUnwindSafe(future).catch_unwind() => outcome,
                () = inner.aborted.cancelled() => return,
            };
            let failure = match outcome {
                Err(panic) => Failure::panicked(name, &*panic),
                Ok(()) if kind == TaskKind::Essential && !inner.cancelled.is_cancelled() => {
                    Failure::ended(name)
                }
                Ok(()) => return,
            };
            tracing::error!(target: "dapr.runtime", "{failure}");
            inner.failure.send_if_modified(|first| first.is_none() && first.replace(failure).is_none());
        };
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the owner that every other spawn goes through"
        )]
        tokio::spawn(self.inner.tracker.track_future(supervised.with_subscriber(self.inner.dispatch.clone())))
    }

    /// Tells the tasks to end, without waiting for them.
    pub fn cancel(&self) {
        self.inner.cancelled.cancel();
    }

    /// Whether the tasks have been told to end.
    pub fn is_cancelled(&self) -> bool {
        self.inner.cancelled.is_cancelled()
    }

    /// Waits until the tasks are told to end.
    pub async fn cancelled(&self) {
        self.inner.cancelled.cancelled().await;
    }

    /// The token that is set when the tasks should end.
    pub fn token(&self) -> CancellationToken {
        self.inner.cancelled.clone()
    }

    /// Tells the tasks to end, waits at most `grace` for them, then drops those that still run. Says whether all
    /// ended by themselves. Children are told to end too, but who made a child waits for it.
    pub async fn stop(&self, grace: Duration) -> bool {
        self.inner.cancelled.cancel();
        self.inner.tracker.close();
        let all_ended = tokio::time::timeout(grace, self.inner.tracker.wait()).await.is_ok();
        if !all_ended {
            self.inner.aborted.cancel();
            self.inner.tracker.wait().await;
        }
        all_ended
    }

    /// Waits for the first failure of a task of this tree.
    pub async fn failed(&self) -> Failure {
        let mut failures = self.inner.failure.subscribe();
        let first = failures.wait_for(Option::is_some).await.ok().and_then(|first| first.clone());
        match first {
            Some(failure) => failure,
            // The sender lives in `self`, so the channel cannot close while this waits.
            None => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn stop_waits_for_a_task_that_drains() {
        let tasks = Tasks::new();
        let token = tasks.token();
        tasks.spawn(TaskKind::Essential, "drains", async move {
            token.cancelled().await;
            tokio::time::sleep(Duration::from_secs(2)).await;
        });
        assert!(tasks.stop(Duration::from_secs(5)).await);
    }

    #[tokio::test(start_paused = true)]
    async fn stop_drops_a_task_that_outstays_its_grace() {
        let tasks = Tasks::new();
        tasks.spawn(TaskKind::Finite, "stuck", std::future::pending());
        assert!(!tasks.stop(Duration::from_secs(5)).await);
    }

    #[tokio::test]
    async fn an_essential_task_that_ends_is_a_failure_seen_at_the_root() {
        let root = Tasks::new();
        root.child().child().spawn(TaskKind::Essential, "listener", async {});
        assert_eq!(root.failed().await.to_string(), r#"task "listener" ended unexpectedly"#);
    }

    #[tokio::test]
    async fn a_panic_is_a_failure_and_a_finite_end_is_none() {
        let root = Tasks::new();
        let done = root.spawn(TaskKind::Finite, "short", async {});
        done.await.unwrap();
        root.spawn(TaskKind::Finite, "broken", async { panic!("no luck") });
        assert_eq!(root.failed().await.to_string(), r#"task "broken" panicked: no luck"#);
    }

    #[tokio::test]
    async fn cancelling_a_parent_cancels_its_children_only() {
        let root = Tasks::new();
        let (left, right) = (root.child(), root.child());
        left.cancel();
        assert!(left.is_cancelled() && !right.is_cancelled() && !root.is_cancelled());
        root.cancel();
        assert!(right.is_cancelled());
    }
}
