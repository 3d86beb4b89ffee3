//! Whether a sidecar is ready, as its health endpoints tell.

use std::collections::BTreeSet;

use tokio::sync::watch;

/// A set of things that must be there before the sidecar is ready.
#[derive(Debug)]
pub struct Health {
    missing: watch::Sender<BTreeSet<&'static str>>,
}

impl Health {
    /// Not ready until every one of `targets` is.
    pub fn new(targets: impl IntoIterator<Item = &'static str>) -> Self {
        Self { missing: watch::Sender::new(targets.into_iter().collect()) }
    }

    /// Says that a target is there.
    pub fn ready(&self, target: &'static str) {
        self.missing.send_if_modified(|missing| missing.remove(target));
    }

    /// Says that a target is gone.
    pub fn not_ready(&self, target: &'static str) {
        self.missing.send_if_modified(|missing| missing.insert(target));
    }

    /// Whether everything is there.
    pub fn is_ready(&self) -> bool {
        self.missing.borrow().is_empty()
    }

    /// What is still missing, sorted.
    pub fn missing(&self) -> Vec<&'static str> {
        self.missing.borrow().iter().copied().collect()
    }

    /// Waits until everything is there.
    pub async fn wait_ready(&self) {
        // The sender lives in `self`: waiting cannot end by its being dropped.
        let _ = self.missing.subscribe().wait_for(BTreeSet::is_empty).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn ready_when_nothing_is_missing() {
        let health = Health::new(["http-server", "app"]);
        health.ready("http-server");
        assert_eq!((health.is_ready(), health.missing()), (false, vec!["app"]));
        tokio::join!(health.wait_ready(), async { health.ready("app") });
        health.not_ready("app");
        assert!(!health.is_ready());
    }
}
