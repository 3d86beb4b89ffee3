//! What is said of the app on the command line.

use std::fmt;
use std::num::NonZeroUsize;
use std::str::FromStr;
use std::time::Duration;

use http::HeaderValue;

/// What the app speaks: `--app-protocol`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1.
    #[default]
    Http,
    /// HTTP/1.1 over TLS.
    Https,
    /// HTTP/2 without TLS.
    H2c,
    /// gRPC without TLS.
    Grpc,
    /// gRPC over TLS.
    Grpcs,
}

impl Protocol {
    /// Whether the app is called by HTTP requests, and not by `AppCallback`.
    pub fn is_http(self) -> bool {
        matches!(self, Self::Http | Self::Https | Self::H2c)
    }

    /// Whether connections to the app are encrypted.
    pub fn has_tls(self) -> bool {
        matches!(self, Self::Https | Self::Grpcs)
    }

    /// As it is written on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::H2c => "h2c",
            Self::Grpc => "grpc",
            Self::Grpcs => "grpcs",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A protocol that is none of the five.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("app protocol {0:?} is none of http, https, h2c, grpc, grpcs")]
pub struct UnknownProtocol(String);

impl FromStr for Protocol {
    type Err = UnknownProtocol;

    fn from_str(text: &str) -> Result<Self, UnknownProtocol> {
        match text.to_ascii_lowercase().as_str() {
            "http" => Ok(Self::Http),
            "https" => Ok(Self::Https),
            "h2c" => Ok(Self::H2c),
            "grpc" => Ok(Self::Grpc),
            "grpcs" => Ok(Self::Grpcs),
            _ => Err(UnknownProtocol(text.to_owned())),
        }
    }
}

/// The token that proves to the app that a call comes from its sidecar: `APP_API_TOKEN`. Never shown.
#[derive(Clone)]
pub struct ApiToken(HeaderValue);

impl ApiToken {
    /// None if the text cannot be a header's value.
    pub fn new(token: &str) -> Option<Self> {
        let mut value = HeaderValue::from_str(token).ok()?;
        value.set_sensitive(true);
        Some(Self(value))
    }

    /// The value of the `dapr-api-token` header.
    pub fn header(&self) -> &HeaderValue {
        &self.0
    }
}

impl fmt::Debug for ApiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiToken(…)")
    }
}

/// Where the app listens and how it is called.
#[derive(Clone, Debug)]
pub struct AppConfig {
    /// `--app-protocol`.
    pub protocol: Protocol,
    /// `--app-channel-address`: a host name or an IP address.
    pub address: String,
    /// `--app-port`.
    pub port: u16,
    /// `--app-max-concurrency`: how many calls run in the app at once. None for no limit.
    pub max_concurrency: Option<NonZeroUsize>,
    /// `APP_API_TOKEN`.
    pub api_token: Option<ApiToken>,
    /// `--max-body-size`, in bytes: the limit of messages that must be held whole. Streams have none.
    pub max_body: usize,
}

impl AppConfig {
    /// An app on this machine, with the defaults of the command line.
    pub fn new(protocol: Protocol, port: u16) -> Self {
        Self {
            protocol,
            address: "127.0.0.1".to_owned(),
            port,
            max_concurrency: None,
            api_token: None,
            max_body: 4 << 20,
        }
    }

    /// `address:port`, with brackets around an IPv6 address.
    pub fn authority(&self) -> String {
        if self.address.contains(':') && !self.address.starts_with('[') {
            format!("[{}]:{}", self.address, self.port)
        } else {
            format!("{}:{}", self.address, self.port)
        }
    }
}

/// How the app's health is probed: `--app-health-*`.
#[derive(Clone, Debug)]
pub struct HealthConfig {
    /// The path that an HTTP app is asked at.
    pub path: String,
    /// The time between probes.
    pub interval: Duration,
    /// The time that a probe may take. Not more than the interval.
    pub timeout: Duration,
    /// How many probes in a row must fail until the app counts as unhealthy.
    pub threshold: u32,
}

impl Default for HealthConfig {
    fn default() -> Self {
        Self {
            path: "/healthz".to_owned(),
            interval: Duration::from_secs(5),
            timeout: Duration::from_millis(500),
            threshold: 3,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_never_shown() {
        let mut config = AppConfig::new(Protocol::Http, 80);
        config.api_token = ApiToken::new("hush");
        assert!(
            !format!("{config:?} {:?}", config.api_token.as_ref().map(ApiToken::header)).contains("hush")
        );
    }

    #[test]
    fn an_ipv6_address_has_brackets_before_its_port() {
        let mut config = AppConfig::new(Protocol::Http, 80);
        config.address = "::1".to_owned();
        assert_eq!(config.authority(), "[::1]:80");
    }

    #[test]
    fn protocols_are_read_as_they_are_written() {
        for protocol in [Protocol::Http, Protocol::Https, Protocol::H2c, Protocol::Grpc, Protocol::Grpcs] {
            assert_eq!(protocol.as_str().parse(), Ok(protocol));
        }
        assert!("http3".parse::<Protocol>().is_err());
    }
}
