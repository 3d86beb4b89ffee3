//! How a sidecar reaches its application, and the HTTP clients that this takes.
//!
//! An [`App`] is the application as the sidecar sees it: [`HttpApp`] for `http`, `https` and `h2c`, [`GrpcApp`] for
//! `grpc` and `grpcs`. Both keep their connections, add the app's token, respect `--app-max-concurrency`, and stream in
//! both directions. [`wait_until_listening`] is for the start, [`AppHealth`] for the time after.
//!
//! [`h2`] is the HTTP/2 client below gRPC. Service invocation uses it for other sidecars too.

mod app;
mod config;
mod connect;
mod error;
mod grpc;
pub mod h2;
mod health;
mod http;
mod http1;
mod limit;
mod listening;
mod tls;

pub use app::App;
pub use config::{ApiToken, AppConfig, HealthConfig, Protocol};
pub use connect::{Connector, Io};
pub use error::CallError;
pub use grpc::{GrpcApp, GrpcService};
pub use health::AppHealth;
pub use http::HttpApp;
pub use listening::wait_until_listening;
