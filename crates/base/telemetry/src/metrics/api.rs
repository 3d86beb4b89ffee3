//! Requests that reach the APIs, and requests to the app.

use std::time::Duration;

use prometheus::{HistogramVec, IntCounterVec};

use super::MetricsOptions;
use super::vectors::{Vectors, milliseconds};

/// Verbs that are shown as they are; any other is `UNKNOWN`.
const VERBS: [&str; 9] = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "CONNECT", "TRACE"];

/// Paths that are shown as they are; every other is the empty label, so that keys do not become series.
const STATIC_PATHS: [&str; 4] = ["/v1.0/metadata", "/v1.0/healthz", "/v1.0/healthz/outbound", "/dapr/config"];

/// The HTTP API, and the app where it speaks HTTP.
pub struct HttpMetrics {
    app_id: String,
    exclude_verbs: bool,
    server_requests: IntCounterVec,
    server_latency: HistogramVec,
    client_completed: IntCounterVec,
    client_latency: HistogramVec,
    probes_completed: IntCounterVec,
}

impl HttpMetrics {
    pub(super) fn new(vectors: &Vectors<'_>, options: &MetricsOptions) -> Result<Self, prometheus::Error> {
        let labels = ["app_id", "method", "path", "status"];
        Ok(Self {
            app_id: options.app_id.clone(),
            exclude_verbs: options.exclude_verbs,
            server_requests: vectors.counter(
                "http_server_request_count",
                "Count of HTTP requests processed by the server.",
                &labels,
            )?,
            server_latency: vectors.latency(
                "http_server_latency",
                "HTTP request end-to-end latency in server.",
                &labels,
            )?,
            client_completed: vectors.counter(
                "http_client_completed_count",
                "Count of completed requests",
                &labels,
            )?,
            client_latency: vectors.latency(
                "http_client_roundtrip_latency",
                "Time between the first byte of the request's headers and the last byte of the response.",
                &labels,
            )?,
            probes_completed: vectors.counter(
                "http_healthprobes_completed_count",
                "Count of completed health probes",
                &["app_id", "status"],
            )?,
        })
    }

    /// A request to the HTTP API was answered.
    pub fn server_request(&self, method: &str, path: &str, status: u16, elapsed: Duration) {
        let mut digits = [0; 5];
        let labels = [&self.app_id, self.verb(method), path_label(path), decimal(status, &mut digits)];
        self.server_requests.with_label_values(&labels).inc();
        self.server_latency.with_label_values(&labels).observe(milliseconds(elapsed));
    }

    /// The app answered a request of ours, or did not (`status` 500 then, as at the peer).
    pub fn client_request(&self, method: &str, path: &str, status: u16, elapsed: Duration) {
        let mut digits = [0; 5];
        let labels = [&self.app_id, self.verb(method), path_label(path), decimal(status, &mut digits)];
        self.client_completed.with_label_values(&labels).inc();
        self.client_latency.with_label_values(&labels).observe(milliseconds(elapsed));
    }

    /// A health probe of the app ended.
    pub fn health_probe(&self, status: u16) {
        let mut digits = [0; 5];
        self.probes_completed.with_label_values(&[&self.app_id, decimal(status, &mut digits)]).inc();
    }

    fn verb<'a>(&self, method: &'a str) -> &'a str {
        match method {
            _ if self.exclude_verbs => "",
            method if VERBS.contains(&method) => method,
            _ => "UNKNOWN",
        }
    }
}

fn path_label(path: &str) -> &str {
    if STATIC_PATHS.contains(&path) { path } else { "" }
}

/// Writes a status without allocating: it is done for every request.
fn decimal(mut number: u16, digits: &mut [u8; 5]) -> &str {
    let mut used = 0;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
        used += 1;
        if number == 0 {
            break;
        }
    }
    let start = digits.len() - used;
    digits.get(start..).and_then(|digits| std::str::from_utf8(digits).ok()).unwrap_or_default()
}

/// The gRPC API, and the app where it speaks gRPC.
pub struct GrpcMetrics {
    app_id: String,
    server_completed: IntCounterVec,
    server_latency: HistogramVec,
    client_completed: IntCounterVec,
    client_latency: HistogramVec,
    probes_completed: IntCounterVec,
}

impl GrpcMetrics {
    pub(super) fn new(vectors: &Vectors<'_>, options: &MetricsOptions) -> Result<Self, prometheus::Error> {
        let server = ["app_id", "grpc_server_method", "grpc_server_status"];
        let client = ["app_id", "grpc_client_method", "grpc_client_status"];
        Ok(Self {
            app_id: options.app_id.clone(),
            server_completed: vectors.counter(
                "grpc_io_server_completed_rpcs",
                "Count of RPCs by method and status.",
                &server,
            )?,
            server_latency: vectors.latency(
                "grpc_io_server_server_latency",
                "Time between first byte of request received to last byte of response sent, or terminal error.",
                &server,
            )?,
            client_completed: vectors.counter(
                "grpc_io_client_completed_rpcs",
                "Count of RPCs by method and status.",
                &client,
            )?,
            client_latency: vectors.latency(
                "grpc_io_client_roundtrip_latency",
                "Time between first byte of request sent to last byte of response received, or terminal error.",
                &client,
            )?,
            probes_completed: vectors.counter(
                "grpc_io_healthprobes_completed_count",
                "Count of completed health probes",
                &["app_id", "grpc_client_status"],
            )?,
        })
    }

    /// A call to the gRPC API ended. `method` is `/package.Service/Method`, `status` the code's name, such as `OK`.
    pub fn server_call(&self, method: &str, status: &str, elapsed: Duration) {
        let labels = [self.app_id.as_str(), method, status];
        self.server_completed.with_label_values(&labels).inc();
        self.server_latency.with_label_values(&labels).observe(milliseconds(elapsed));
    }

    /// A call to the app ended.
    pub fn client_call(&self, method: &str, status: &str, elapsed: Duration) {
        let labels = [self.app_id.as_str(), method, status];
        self.client_completed.with_label_values(&labels).inc();
        self.client_latency.with_label_values(&labels).observe(milliseconds(elapsed));
    }

    /// A health probe of the app ended.
    pub fn health_probe(&self, status: &str) {
        self.probes_completed.with_label_values(&[self.app_id.as_str(), status]).inc();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_in_decimal() {
        for number in [0, 7, 204, 65535] {
            assert_eq!(decimal(number, &mut [0; 5]), number.to_string());
        }
    }
}
