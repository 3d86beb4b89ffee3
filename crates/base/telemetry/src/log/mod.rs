//! Log lines as the peer prints them.
//!
//! Code logs with `tracing` and names the peer's scope as the target: `tracing::info!(target: "dapr.runtime", "…")`.
//! A [`LogOptions`] turns that into lines for one sidecar.

mod format;
mod subscriber;

use std::str::FromStr;
use std::sync::Arc;

use tracing::Dispatch;

/// How much is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Only what ends the process.
    Fatal,
    /// Somebody must act.
    Error,
    /// Degraded, still working.
    Warn,
    /// State changes worth a line.
    #[default]
    Info,
    /// What helps to find a fault.
    Debug,
}

/// A word that is no level.
#[derive(Debug, thiserror::Error)]
#[error("invalid value for log level: {0:?} is none of debug, info, warn, error, fatal")]
pub struct UnknownLevel(String);

impl FromStr for Level {
    type Err = UnknownLevel;

    fn from_str(text: &str) -> Result<Self, UnknownLevel> {
        match text.to_ascii_lowercase().as_str() {
            "debug" => Ok(Self::Debug),
            "info" => Ok(Self::Info),
            "warn" | "warning" => Ok(Self::Warn),
            "error" => Ok(Self::Error),
            "fatal" => Ok(Self::Fatal),
            _ => Err(UnknownLevel(text.to_owned())),
        }
    }
}

/// Takes finished lines, without their end of line.
pub trait LineSink: Send + Sync {
    /// Writes one line; several tasks may call at once.
    fn line(&self, line: &str);
}

/// Writes lines to standard output.
#[derive(Debug, Default)]
pub struct Stdout;

impl LineSink for Stdout {
    fn line(&self, line: &str) {
        use std::io::Write;
        let mut out = std::io::stdout().lock();
        // A closed pipe must not end the sidecar: the line is lost, as it would be anyway.
        let _ = out.write_all(line.as_bytes()).and_then(|()| out.write_all(b"\n"));
    }
}

/// What each line of one sidecar says of it, and where the lines go.
#[derive(Clone)]
pub struct LogOptions {
    /// The least important level that is logged.
    pub level: Level,
    /// One JSON object a line, in place of `key=value` text.
    pub json: bool,
    /// The app ID.
    pub app_id: String,
    /// The name of the host.
    pub instance: String,
    /// The version of the runtime.
    pub version: String,
    /// Where the lines go.
    pub sink: Arc<dyn LineSink>,
}

impl LogOptions {
    /// The subscriber that a sidecar's tasks run with.
    pub fn dispatch(&self) -> Dispatch {
        Dispatch::new(subscriber::LogSubscriber::new(self.clone()))
    }
}

impl std::fmt::Debug for LogOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogOptions")
            .field("level", &self.level)
            .field("app_id", &self.app_id)
            .finish_non_exhaustive()
    }
}
