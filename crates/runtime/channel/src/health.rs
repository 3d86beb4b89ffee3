//! Whether the app is well, by probes: `--enable-app-health-check`.
//!
//! The app counts as unhealthy until its first probe succeeds, and again after as many failures in a row as the
//! threshold says. One success makes it healthy. Subscriptions and bindings run while it is healthy; calls fail while
//! it is not.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, header};
use http_body_util::{BodyExt, Full};
use tender_core::body;
use tender_tasks::{TaskKind, Tasks};
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use crate::app::App;
use crate::config::HealthConfig;

/// The app's health. A clone is another handle to the same probes.
#[derive(Clone, Debug)]
pub struct AppHealth {
    healthy: Arc<watch::Sender<bool>>,
}

/// Probes that cannot be: the times contradict each other.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidHealthConfig {
    /// No time between probes.
    #[error("probe interval must be larger than 0")]
    Interval,
    /// A probe that could run into the next.
    #[error("app health checks probe timeouts must be smaller than probe intervals")]
    Timeout,
}

impl AppHealth {
    /// Starts probing, at once and then once per interval, until `tasks` are told to end.
    pub fn start(app: App, config: HealthConfig, tasks: &Tasks) -> Result<Self, InvalidHealthConfig> {
        Self::check(&config)?;
        let path = format!("/{}", config.path.trim_start_matches('/'));
        Ok(Self::start_with(config, tasks, move || {
            let (app, path) = (app.clone(), path.clone());
            async move { probe(&app, &path).await }
        }))
    }

    fn check(config: &HealthConfig) -> Result<(), InvalidHealthConfig> {
        if config.interval.is_zero() {
            return Err(InvalidHealthConfig::Interval);
        }
        if config.timeout > config.interval {
            return Err(InvalidHealthConfig::Timeout);
        }
        Ok(())
    }

    fn start_with<P, F>(config: HealthConfig, tasks: &Tasks, probe: P) -> Self
    where
        P: Fn() -> F + Send + Sync + 'static,
        F: Future<Output = Result<(), Reason>> + Send,
    {
        let healthy = Arc::new(watch::Sender::new(false));
        let (report, token) = (healthy.clone(), tasks.token());
        tasks.spawn(TaskKind::Essential, "app health probes", async move {
            tracing::info!(target: "dapr.apphealth", "App health probes starting");
            token.run_until_cancelled(run(config, &report, probe)).await;
            tracing::info!(target: "dapr.apphealth", "App health probes stopping");
        });
        Self { healthy }
    }

    /// Follows the app's health: true while it is healthy.
    pub fn subscribe(&self) -> watch::Receiver<bool> {
        self.healthy.subscribe()
    }

    /// Whether the app is healthy now.
    pub fn is_healthy(&self) -> bool {
        *self.healthy.borrow()
    }
}

async fn run<P, F>(config: HealthConfig, report: &watch::Sender<bool>, probe: P)
where
    P: Fn() -> F,
    F: Future<Output = Result<(), Reason>>,
{
    let mut failures = config.threshold;
    let mut ticks = tokio::time::interval(config.interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match tokio::time::timeout(config.timeout, probe())
            .await
            .unwrap_or(Err(Reason::Timeout(config.timeout)))
        {
            Ok(()) => {
                failures = 0;
                if report.send_if_modified(|healthy| !std::mem::replace(healthy, true)) {
                    tracing::info!(target: "dapr.apphealth", "App entered healthy status");
                }
            }
            Err(reason) => {
                failures = failures.saturating_add(1);
                tracing::debug!(target: "dapr.apphealth", "App health probe failed: {reason}");
                if failures >= config.threshold
                    && report.send_if_modified(|healthy| std::mem::replace(healthy, false))
                {
                    tracing::warn!(target: "dapr.apphealth", "App entered un-healthy status: {reason}");
                }
            }
        }
    }
}

/// Why a probe failed.
#[derive(Debug)]
enum Reason {
    Timeout(Duration),
    Network(String),
    Status(u16),
    Grpc(String),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout(timeout) => write!(f, "no answer within {} ms", timeout.as_millis()),
            Self::Network(error) => write!(f, "Network error: {error}"),
            Self::Status(status) => write!(f, "Health check failed with status code: {status}"),
            Self::Grpc(error) => write!(f, "Health check failed: {error}"),
        }
    }
}

/// `GET` the path, which must answer with 200 to 299; or `AppCallbackHealthCheck.HealthCheck`, which must answer.
async fn probe(app: &App, path: &str) -> Result<(), Reason> {
    match app {
        App::Http(app) => {
            let request =
                Request::get(path).body(body::empty()).map_err(|error| Reason::Network(error.to_string()))?;
            let response = app.call(request).await.map_err(|error| Reason::Network(error.to_string()))?;
            let status = response.status();
            // Read to the end, so that the connection can be used again.
            let mut body = response.into_body();
            while let Some(Ok(_)) = body.frame().await {}
            if status.is_success() { Ok(()) } else { Err(Reason::Status(status.as_u16())) }
        }
        App::Grpc(app) => {
            let request = Request::builder()
                .method(Method::POST)
                .uri("/dapr.proto.runtime.v1.AppCallbackHealthCheck/HealthCheck")
                .header(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"))
                .header(header::TE, HeaderValue::from_static("trailers"))
                // An empty message: not compressed, of length 0.
                .body(Full::new(Bytes::from_static(&[0; 5])))
                .map_err(|error| Reason::Grpc(error.to_string()))?;
            let response =
                app.proxy().call(request).await.map_err(|error| Reason::Grpc(error.to_string()))?;
            let mut headers = response.headers().clone();
            let collected =
                response.into_body().collect().await.map_err(|error| Reason::Grpc(error.to_string()))?;
            headers.extend(collected.trailers().cloned().unwrap_or_default());
            match headers.get("grpc-status").and_then(|status| status.to_str().ok()) {
                Some("0") => Ok(()),
                status => {
                    let message = headers.get("grpc-message").and_then(|message| message.to_str().ok());
                    Err(Reason::Grpc(format!(
                        "code {} {}",
                        status.unwrap_or("unknown"),
                        message.unwrap_or_default()
                    )))
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    struct Probed {
        answer: Arc<AtomicBool>,
        health: AppHealth,
        seen: watch::Receiver<bool>,
        tasks: Tasks,
    }

    fn probed() -> Probed {
        let answer = Arc::new(AtomicBool::new(false));
        let asked = answer.clone();
        let tasks = Tasks::new();
        let health = AppHealth::start_with(HealthConfig::default(), &tasks, move || {
            let answer = asked.load(Ordering::SeqCst);
            async move { if answer { Ok(()) } else { Err(Reason::Status(500)) } }
        });
        let seen = health.subscribe();
        Probed { answer, health, seen, tasks }
    }

    async fn after(seconds: u64) {
        tokio::time::sleep(Duration::from_millis(seconds * 1000 + 1)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn an_app_is_unhealthy_until_its_first_probe_succeeds() {
        let mut app = probed();
        after(11).await;
        assert!(!app.health.is_healthy());
        app.answer.store(true, Ordering::SeqCst);
        app.seen.wait_for(|healthy| *healthy).await.unwrap();
        assert!(app.tasks.stop(Duration::from_secs(1)).await);
    }

    #[tokio::test(start_paused = true)]
    async fn the_threshold_counts_failures_in_a_row() {
        let app = probed();
        app.answer.store(true, Ordering::SeqCst);
        after(0).await;
        assert!(app.health.is_healthy());
        app.answer.store(false, Ordering::SeqCst);
        after(10).await;
        assert!(app.health.is_healthy(), "two failures are below the threshold");
        app.answer.store(true, Ordering::SeqCst);
        after(5).await;
        app.answer.store(false, Ordering::SeqCst);
        after(10).await;
        assert!(app.health.is_healthy(), "a success in between starts the count again");
        after(5).await;
        assert!(!app.health.is_healthy(), "the third failure in a row reaches it");
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_without_an_answer_fails_at_its_timeout() {
        let tasks = Tasks::new();
        let health =
            AppHealth::start_with(HealthConfig { threshold: 1, ..HealthConfig::default() }, &tasks, || {
                std::future::pending()
            });
        after(6).await;
        assert!(!health.is_healthy());
    }

    #[test]
    fn times_that_contradict_each_other_are_refused() {
        let interval = HealthConfig { interval: Duration::ZERO, ..HealthConfig::default() };
        assert_eq!(AppHealth::check(&interval), Err(InvalidHealthConfig::Interval));
        let timeout = HealthConfig { timeout: Duration::from_secs(6), ..HealthConfig::default() };
        assert_eq!(AppHealth::check(&timeout), Err(InvalidHealthConfig::Timeout));
    }
}
