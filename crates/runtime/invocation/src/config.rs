//! Who this sidecar is, and its limits.

use std::net::IpAddr;
use std::time::Duration;

/// What invocation must know of its sidecar.
#[derive(Clone, Debug)]
pub struct InvocationConfig {
    /// The app's ID.
    pub app_id: String,
    /// The app's namespace; empty if none.
    pub namespace: String,
    /// The sidecar's address, as it is told to the called app in `X-Forwarded-For` and `Forwarded`.
    pub host_address: Option<IpAddr>,
    /// The sidecar's host name, for `X-Forwarded-Host` and `Forwarded`.
    pub host_name: Option<String>,
    /// The port that other sidecars are assumed to have where name resolution knows only hosts.
    pub internal_port: u16,
    /// `--max-body-size`, in bytes: the limit of messages that must be held whole. Streams have none.
    pub max_body: usize,
    /// `--read-buffer-size`, in bytes: the limit of a request's headers.
    pub max_headers: u32,
    /// How long a connection to another sidecar may be unused.
    pub idle_timeout: Duration,
    /// How often unused connections are looked for.
    pub idle_check: Duration,
}

impl InvocationConfig {
    /// A sidecar with the defaults of the command line.
    pub fn new(app_id: impl Into<String>, namespace: impl Into<String>) -> Self {
        Self {
            app_id: app_id.into(),
            namespace: namespace.into(),
            host_address: None,
            host_name: None,
            internal_port: 50002,
            max_body: 4 << 20,
            max_headers: 64 << 10,
            idle_timeout: Duration::from_mins(3),
            idle_check: Duration::from_secs(45),
        }
    }
}
