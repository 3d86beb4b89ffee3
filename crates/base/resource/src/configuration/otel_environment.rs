//! The environment variables of OpenTelemetry exporters, which hold when no configuration names a collector.

use super::{ConfigurationSpec, OtelProtocol};
use crate::{GoDuration, Secret};

/// A variable of OpenTelemetry that does not say what it should.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOtelEnvironment {
    /// A header without `=`. The text is not told, it may be a credential.
    #[error("{0}: expected name=value for each header")]
    Header(&'static str),
    /// A header name that HTTP does not have.
    #[error("{0}: invalid header key {1:?}")]
    HeaderName(&'static str, String),
    /// A header value with a percent sign that no two hexadecimal digits follow.
    #[error("{0}: invalid escape in the value of header {1:?}")]
    HeaderValue(&'static str, String),
    /// A timeout that is no number of milliseconds.
    #[error("{0}: expected a number of milliseconds, found {1:?}")]
    Timeout(&'static str, String),
}

const ENDPOINT: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
const PROTOCOL: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"];
const HEADERS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"];
const TIMEOUT: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"];
const INSECURE: &str = "OTEL_EXPORTER_OTLP_INSECURE";

impl ConfigurationSpec {
    /// Takes the exporter's settings from the environment, unless a configuration names a collector. A collector
    /// from the environment switches tracing on when no sampling rate is written.
    pub fn apply_otel_environment(
        &mut self,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<(), InvalidOtelEnvironment> {
        let otel = &mut self.tracing.otel;
        if !otel.endpoint_address.is_empty() {
            return Ok(());
        }
        let first = |names: [&'static str; 2]| {
            names
                .into_iter()
                .find_map(|name| Some((name, environment(name).filter(|value| !value.is_empty())?)))
        };
        if let Some((_, endpoint)) = first(ENDPOINT) {
            let endpoint = endpoint.strip_prefix("http://").unwrap_or(&endpoint);
            endpoint.strip_prefix("https://").unwrap_or(endpoint).clone_into(&mut otel.endpoint_address);
            if self.tracing.sampling_rate.is_empty() {
                "1".clone_into(&mut self.tracing.sampling_rate);
            }
            let http = first(PROTOCOL).is_some_and(|(_, protocol)| protocol.starts_with("http"));
            otel.protocol = if http { OtelProtocol::Http } else { OtelProtocol::Grpc };
            if environment(INSECURE).as_deref() == Some("true") {
                otel.is_secure = false;
            }
        }
        if let Some((variable, headers)) = first(HEADERS) {
            for header in headers.split(',') {
                let header = read_header(variable, header)?;
                // A name that is there twice keeps the last value.
                otel.headers.retain(|(name, _)| *name != header.0);
                otel.headers.push(header);
            }
        }
        if let Some((variable, text)) = first(TIMEOUT) {
            let milliseconds: i64 =
                text.parse().map_err(|_| InvalidOtelEnvironment::Timeout(variable, text.clone()))?;
            if milliseconds > 0 {
                otel.timeout = Some(GoDuration::from_millis(milliseconds));
            }
        }
        Ok(())
    }
}

fn read_header(variable: &'static str, header: &str) -> Result<(String, Secret), InvalidOtelEnvironment> {
    let (name, value) = header.split_once('=').ok_or(InvalidOtelEnvironment::Header(variable))?;
    let name = name.trim();
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if name.is_empty() || !name.chars().all(is_token) {
        return Err(InvalidOtelEnvironment::HeaderName(variable, name.to_owned()));
    }
    let value = percent_decoded(value)
        .ok_or_else(|| InvalidOtelEnvironment::HeaderValue(variable, name.to_owned()))?;
    Ok((name.to_owned(), value.trim().into()))
}

/// The text with `%41` and the like decoded; nothing if a percent sign stands for itself.
fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let mut digit = || char::from(rest.next()?).to_digit(16);
            bytes.push(u8::try_from(digit()? * 16 + digit()?).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(variables: &[(&str, &str)]) -> Result<ConfigurationSpec, InvalidOtelEnvironment> {
        let mut spec = ConfigurationSpec::default();
        let environment = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        spec.apply_otel_environment(&environment)?;
        Ok(spec)
    }

    #[test]
    fn a_collector_in_the_environment_switches_tracing_on() {
        let spec = applied(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector:4317"),
            ("OTEL_EXPORTER_OTLP_INSECURE", "true"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "a=1,b = x%20y ,a=2"),
            ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "1500"),
        ])
        .unwrap();
        let otel = spec.tracing.otel;
        assert_eq!(otel.endpoint_address, "collector:4317");
        assert_eq!((otel.protocol, otel.is_secure), (OtelProtocol::Grpc, false));
        assert_eq!(spec.tracing.sampling_rate, "1");
        assert_eq!(otel.headers, [("b".to_owned(), "x y".into()), ("a".to_owned(), "2".into())]);
        assert_eq!(otel.timeout, Some(GoDuration::from_millis(1500)));
        let spec = applied(&[
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://traces:4318"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector:4317"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
        ])
        .unwrap();
        assert_eq!(spec.tracing.otel.endpoint_address, "traces:4318");
        assert_eq!((spec.tracing.otel.protocol, spec.tracing.otel.is_secure), (OtelProtocol::Http, true));
    }

    #[test]
    fn a_collector_in_the_configuration_outweighs_the_environment() {
        let mut spec = ConfigurationSpec::default();
        spec.tracing.otel.endpoint_address = "mine:4317".into();
        let before = spec.clone();
        spec.apply_otel_environment(&|_| Some("other".into())).unwrap();
        assert_eq!(spec, before);
    }

    #[test]
    fn what_the_environment_says_wrongly_is_told_without_values() {
        let cases = [
            (
                "OTEL_EXPORTER_OTLP_HEADERS",
                "secret",
                "OTEL_EXPORTER_OTLP_HEADERS: expected name=value for each header",
            ),
            ("OTEL_EXPORTER_OTLP_HEADERS", "a b=x", "OTEL_EXPORTER_OTLP_HEADERS: invalid header key \"a b\""),
            (
                "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
                "a=%zz",
                "OTEL_EXPORTER_OTLP_TRACES_HEADERS: invalid escape in the value of header \"a\"",
            ),
            (
                "OTEL_EXPORTER_OTLP_TIMEOUT",
                "5s",
                "OTEL_EXPORTER_OTLP_TIMEOUT: expected a number of milliseconds, found \"5s\"",
            ),
        ];
        for (name, value, message) in cases {
            assert_eq!(applied(&[(name, value)]).unwrap_err().to_string(), message);
        }
    }
}
