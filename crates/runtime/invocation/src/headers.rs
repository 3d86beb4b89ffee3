//! What becomes of headers on the way between HTTP and gRPC, and between sidecars.
//!
//! Inside, headers are kept as they came, with a note of the side that they came from ([`Origin`]): the rules depend on
//! it, and between sidecars the spelling of names tells it.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::request::Origin;
use crate::trace::{self, GRPC_TRACE_BIN, TRACEPARENT, TRACESTATE};

/// Who is called. Between sidecars only.
pub(crate) const DESTINATION_APP_ID: HeaderName = HeaderName::from_static("destination-app-id");
/// Whose sidecar calls.
pub(crate) const CALLER_APP_ID: HeaderName = HeaderName::from_static("dapr-caller-app-id");
/// In which namespace the caller is.
pub(crate) const CALLER_NAMESPACE: HeaderName = HeaderName::from_static("dapr-caller-namespace");
/// Who is called.
pub(crate) const CALLEE_APP_ID: HeaderName = HeaderName::from_static("dapr-callee-app-id");
/// The token of an API.
pub(crate) const API_TOKEN: HeaderName = HeaderName::from_static("dapr-api-token");
/// Whom a gRPC call goes to.
pub(crate) const APP_ID: HeaderName = HeaderName::from_static("dapr-app-id");

const BAGGAGE: HeaderName = HeaderName::from_static("baggage");

/// Whether a header is about one connection and must not be passed on (RFC 9110, 7.6.1).
pub(crate) fn is_hop_by_hop(name: &HeaderName) -> bool {
    matches!(
        name.as_str(),
        "connection"
            | "keep-alive"
            | "proxy-connection"
            | "transfer-encoding"
            | "upgrade"
            | "http2-settings"
            | "te"
            | "trailer"
            | "proxy-authorization"
            | "proxy-authenticate"
    )
}

/// Removes what is about one connection, and what the `Connection` header names so.
pub(crate) fn strip_hop_by_hop(headers: &mut HeaderMap) {
    let mut doomed: Vec<HeaderName> = headers.keys().filter(|name| is_hop_by_hop(name)).cloned().collect();
    for value in headers.get_all(header::CONNECTION) {
        let names = value.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
        doomed.extend(names.filter_map(|name| HeaderName::from_bytes(name).ok()));
    }
    for name in doomed {
        headers.remove(name);
    }
}

/// As headers of an HTTP message: an app's request, or the response to an HTTP caller. Content type and length are not
/// among them: they belong to the message.
pub(crate) fn to_http(mut headers: HeaderMap, origin: Origin) -> HeaderMap {
    strip_hop_by_hop(&mut headers);
    let mut doomed = Vec::new();
    for name in headers.keys() {
        let text = name.as_str();
        if text.ends_with("-bin") || text.starts_with("grpc-") {
            doomed.push(name.clone());
        }
    }
    if let Some(parent) = headers.get(GRPC_TRACE_BIN).and_then(trace::from_binary)
        && origin == Origin::Grpc
    {
        headers.insert(TRACEPARENT, parent);
    }
    for name in doomed {
        let renamed = if name.as_str().ends_with("-bin") {
            None
        } else {
            HeaderName::try_from(format!("dapr-{name}")).ok()
        };
        move_values(&mut headers, name, renamed.as_ref());
    }
    for name in [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::HOST, DESTINATION_APP_ID] {
        headers.remove(name);
    }
    if let Some(first) = headers.get(BAGGAGE).cloned() {
        headers.insert(BAGGAGE, first);
    }
    headers
}

/// As metadata of a gRPC message: an app's request, or the response to a gRPC caller.
///
/// Headers that belong to HTTP itself get the prefix `dapr-`, those that belong to gRPC itself are left out.
pub(crate) fn to_grpc(mut headers: HeaderMap, origin: Origin) -> HeaderMap {
    strip_hop_by_hop(&mut headers);
    let mut doomed = Vec::new();
    for name in headers.keys() {
        let text = name.as_str();
        if origin == Origin::Http && is_permanent_in_http(text) {
            doomed.push((name.clone(), HeaderName::try_from(format!("dapr-{text}")).ok()));
        } else if is_reserved_in_grpc(text) || !is_metadata_name(text) {
            doomed.push((name.clone(), None));
        }
    }
    for (name, renamed) in doomed {
        move_values(&mut headers, name, renamed.as_ref());
    }
    headers.remove(DESTINATION_APP_ID);
    if origin == Origin::Http {
        if let Some(binary) = headers.get(TRACEPARENT).and_then(trace::to_binary) {
            headers.insert(GRPC_TRACE_BIN, binary);
        }
    } else if let Some(parent) = headers.get(GRPC_TRACE_BIN).and_then(trace::from_binary) {
        headers.insert(TRACEPARENT, parent);
        headers.remove(TRACESTATE);
    }
    headers
}

fn move_values(headers: &mut HeaderMap, name: HeaderName, to: Option<&HeaderName>) {
    if let (Some(to), header::Entry::Occupied(entry)) = (to, headers.entry(name.clone())) {
        let values: Vec<HeaderValue> = entry.remove_entry_mult().1.collect();
        for value in values {
            headers.append(to.clone(), value);
        }
    } else {
        headers.remove(name);
    }
}

/// Headers of HTTP that mean something else, or nothing, in gRPC. From IANA's list of permanent headers.
fn is_permanent_in_http(name: &str) -> bool {
    matches!(
        name,
        "accept"
            | "accept-charset"
            | "accept-language"
            | "accept-ranges"
            | "cache-control"
            | "content-type"
            | "content-length"
            | "cookie"
            | "date"
            | "expect"
            | "from"
            | "host"
            | "if-match"
            | "if-modified-since"
            | "if-none-match"
            | "if-schedule-tag-match"
            | "if-unmodified-since"
            | "max-forwards"
            | "origin"
            | "pragma"
            | "referer"
            | "via"
            | "warning"
    )
}

/// Headers that a gRPC message has for itself.
fn is_reserved_in_grpc(name: &str) -> bool {
    matches!(
        name,
        "content-type"
            | "content-length"
            | "host"
            | "user-agent"
            | "grpc-message-type"
            | "grpc-encoding"
            | "grpc-accept-encoding"
            | "grpc-message"
            | "grpc-status"
            | "grpc-timeout"
            | "grpc-status-details-bin"
    )
}

/// What gRPC allows in names.
fn is_metadata_name(name: &str) -> bool {
    name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'z' | b'-' | b'_' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(headers: &[(&str, &str)]) -> HeaderMap {
        headers
            .iter()
            .map(|(name, value)| {
                (HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap())
            })
            .collect()
    }

    #[track_caller]
    fn check(got: &HeaderMap, expected: &[(&str, &str)]) {
        let mut got: Vec<(&str, &str)> =
            got.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        got.sort_unstable();
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(got, expected);
    }

    #[test]
    fn what_is_about_a_connection_stays_behind() {
        let mut headers = map(&[
            ("connection", "close, X-Private"),
            ("connection", "x-other"),
            ("x-private", "1"),
            ("x-other", "2"),
            ("x-kept", "3"),
            ("keep-alive", "timeout=5"),
            ("te", "trailers"),
            ("trailer", "x"),
            ("upgrade", "h2c"),
            ("http2-settings", "AA"),
            ("proxy-authorization", "Basic x"),
            ("proxy-authenticate", "Basic"),
            ("proxy-connection", "keep-alive"),
            ("transfer-encoding", "chunked"),
            ("authorization", "Bearer x"),
        ]);
        strip_hop_by_hop(&mut headers);
        check(&headers, &[("x-kept", "3"), ("authorization", "Bearer x")]);
    }

    #[test]
    fn http_headers_reach_an_http_app_as_they_are() {
        let headers = map(&[
            ("accept", "text/plain"),
            ("x-many", "1"),
            ("x-many", "2"),
            ("content-type", "text/plain"),
            ("content-length", "5"),
            ("host", "localhost"),
            ("destination-app-id", "me"),
            ("dapr-caller-app-id", "you"),
            ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
            ("baggage", "a=1"),
            ("baggage", "b=2"),
        ]);
        check(
            &to_http(headers, Origin::Http),
            &[
                ("accept", "text/plain"),
                ("x-many", "1"),
                ("x-many", "2"),
                ("dapr-caller-app-id", "you"),
                ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
                ("baggage", "a=1"),
            ],
        );
    }

    #[test]
    fn grpc_metadata_reaches_an_http_app_under_names_that_it_can_have() {
        let headers = map(&[
            ("content-type", "application/grpc"),
            ("grpc-timeout", "1S"),
            ("grpc-trace-bin", "AAAK92UZFs1D3YRI6yEcgDGcAbeta3FpIDMxAgE="),
            ("x-data-bin", "AAAA"),
            ("x-plain", "1"),
        ]);
        check(
            &to_http(headers, Origin::Grpc),
            &[
                ("dapr-grpc-timeout", "1S"),
                ("x-plain", "1"),
                ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
            ],
        );
    }

    #[test]
    fn http_headers_reach_a_grpc_app_with_a_prefix_where_they_belong_to_http() {
        let headers = map(&[
            ("accept", "text/plain"),
            ("content-type", "application/json"),
            ("content-length", "5"),
            ("user-agent", "curl"),
            ("x-plain", "1"),
            ("x~odd", "1"),
            ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        ]);
        check(
            &to_grpc(headers, Origin::Http),
            &[
                ("dapr-accept", "text/plain"),
                ("dapr-content-type", "application/json"),
                ("dapr-content-length", "5"),
                ("x-plain", "1"),
                ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
                ("grpc-trace-bin", "AAAK92UZFs1D3YRI6yEcgDGcAbeta3FpIDMxAgE="),
            ],
        );
    }

    #[test]
    fn grpc_metadata_reaches_a_grpc_app_as_it_is() {
        let headers = map(&[
            ("content-type", "application/grpc"),
            ("user-agent", "grpc-go"),
            ("accept", "x"),
            ("x-data-bin", "AAAA"),
        ]);
        check(&to_grpc(headers, Origin::Grpc), &[("accept", "x"), ("x-data-bin", "AAAA")]);
    }
}
