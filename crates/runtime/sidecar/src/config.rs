//! What a sidecar is told before it is built: plain data, no matter where it was read from.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::time::Duration;

use tender_channel::{AppConfig, HealthConfig};
use tender_resource::Secret;
use tender_telemetry::log::LogOptions;

/// Where the APIs listen. Port 0 takes any free port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenConfig {
    /// Addresses of the HTTP and gRPC API.
    pub addresses: Vec<IpAddr>,
    /// Port of the HTTP API.
    pub http_port: u16,
    /// Port of the gRPC API.
    pub grpc_port: u16,
    /// Address of the internal server that other sidecars call.
    pub internal_address: IpAddr,
    /// Port of the internal server.
    pub internal_port: u16,
    /// Where health and metadata alone are served too.
    pub public: Option<(IpAddr, u16)>,
    /// A folder for the sockets `dapr-<app>-http.socket` and `dapr-<app>-grpc.socket`, in place of the API's ports.
    pub unix_socket_dir: Option<PathBuf>,
    /// Where metrics are served.
    pub metrics: Option<(IpAddr, u16)>,
    /// The address that other sidecars are told; found by itself where this is not said.
    pub advertised: Option<IpAddr>,
}

impl ListenConfig {
    /// Loopback on free ports: what a sidecar on a developer's machine should do.
    pub fn loopback() -> Self {
        let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
        Self {
            addresses: vec![loopback],
            http_port: 0,
            grpc_port: 0,
            internal_address: loopback,
            internal_port: 0,
            public: None,
            unix_socket_dir: None,
            metrics: Some((loopback, 0)),
            advertised: Some(loopback),
        }
    }

    /// All addresses on the peer's default ports.
    pub fn peer_defaults() -> Self {
        let all = IpAddr::V6(Ipv6Addr::UNSPECIFIED);
        Self {
            addresses: vec![all],
            http_port: 3500,
            grpc_port: 50001,
            internal_address: all,
            internal_port: 0,
            public: None,
            unix_socket_dir: None,
            metrics: Some((all, 9090)),
            advertised: None,
        }
    }
}

/// The application beside the sidecar.
#[derive(Clone, Debug)]
pub struct App {
    /// How it is reached.
    pub channel: AppConfig,
    /// How its health is checked; it counts as healthy where this is not said.
    pub health: Option<HealthConfig>,
}

/// Everything that a sidecar is told.
#[derive(Clone, Debug)]
pub struct Config {
    /// The app ID. Refused if empty or malformed.
    pub app_id: String,
    /// The namespace; empty if none.
    pub namespace: String,
    /// Where to listen.
    pub listen: ListenConfig,
    /// The application; none for a sidecar that only serves calls to its API.
    pub app: Option<App>,
    /// Folders with resources.
    pub resources_paths: Vec<PathBuf>,
    /// Configuration files; a later one wins.
    pub config_paths: Vec<PathBuf>,
    /// The largest request and response, in bytes, where it must be held; 0 or less of the peer means no limit.
    /// Default 4 MiB.
    pub max_body: usize,
    /// The largest set of headers, in bytes. Default 4 KiB.
    pub read_buffer: usize,
    /// How long requests under way may take to end at shutdown. Default 5 s.
    pub grace: Duration,
    /// How long shutdown is put off, at most, while the app is healthy.
    pub block_shutdown: Option<Duration>,
    /// What callers of the API must send in `dapr-api-token`.
    pub api_token: Option<Secret>,
    /// Origins that CORS allows, separated by commas; empty for no CORS.
    pub allowed_origins: String,
    /// Whether each API call is logged; the Configuration decides where this is not said.
    pub api_logging: Option<bool>,
    /// Do not ask the app for its programmatic subscriptions (`subscribe`) or actor configuration (`config`).
    pub disabled_init_endpoints: Vec<String>,
    /// How long an app may take to answer whether it wants an input binding. Default 3 s.
    pub binding_options_timeout: Duration,
    /// How the sidecar logs.
    pub log: LogOptions,
    /// The version that the metadata API reports.
    pub version: String,
    /// The environment that `envRef` reads. A sidecar never looks at the environment of its process by itself.
    pub environment: HashMap<String, String>,
    /// The resolver where the Configuration names none; `mdns` where this names none either.
    pub default_resolver: Option<String>,
    /// Values that tools find in the metadata from the start, such as the run template's name.
    pub extended_metadata: Vec<(String, String)>,
}

impl Config {
    /// A sidecar on loopback and free ports with everything else as the peer defaults it.
    pub fn new(app_id: impl Into<String>, log: LogOptions) -> Self {
        Self {
            app_id: app_id.into(),
            namespace: String::new(),
            listen: ListenConfig::loopback(),
            app: None,
            resources_paths: Vec::new(),
            config_paths: Vec::new(),
            max_body: 4 << 20,
            read_buffer: 4 << 10,
            grace: Duration::from_secs(5),
            block_shutdown: None,
            api_token: None,
            allowed_origins: String::new(),
            api_logging: None,
            disabled_init_endpoints: Vec::new(),
            binding_options_timeout: Duration::from_secs(3),

            version: log.version.clone(),
            environment: HashMap::new(),
            default_resolver: None,
            extended_metadata: Vec::new(),
            log,
        }
    }
}
