//! A running flow of messages or events out of a backend.

use std::time::Duration;

use tender_tasks::Tasks;

/// A running subscription or input binding. Dropping it stops it without waiting; [`close`](Self::close) waits.
///
/// A backend spawns its reading tasks on the [`Tasks`] it wraps here. When they are stopped, a task must take no new
/// message, let the handler finish what is in flight, settle it with the broker, and end.
#[derive(Debug)]
pub struct Subscription {
    tasks: Tasks,
}

impl Subscription {
    /// A subscription that is served by `tasks`, which it owns from now on.
    pub fn new(tasks: Tasks) -> Self {
        Self { tasks }
    }

    /// Takes no new message, and waits at most `grace` for those in flight. Says whether all of them were settled.
    pub async fn close(self, grace: Duration) -> bool {
        self.tasks.stop(grace).await
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.tasks.cancel();
    }
}
