//! Finding out whom an HTTP request is for, and what it calls there.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderMap, HeaderName, header};
use percent_encoding::percent_decode_str;
use tender_core::ApiError;
use tender_core::error::codes;
use tonic::Code;

use crate::method::clean;

/// The header that names the app.
const APP_ID: HeaderName = HeaderName::from_static("dapr-app-id");

/// The app and the method, decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The target as the caller gave it: `app`, `app.namespace`, or a URL.
    pub target: String,
    /// The method: a path, percent-decoded and cleaned, without its query.
    pub method: String,
}

/// Finds a request's destination, in this order:
///
/// 1. the header `dapr-app-id`, which is taken out of the headers: the whole path is the method;
/// 2. basic authentication as `dapr-app-id:<app>`: the whole path is the method;
/// 3. the path `/v1.0/invoke/<app>/method/<method>`, where slashes may be doubled.
///
/// `path` is the path as it came, neither decoded nor cleaned. Errors: 404 if there is no app, 400 if the path cannot
/// be decoded.
pub fn find_destination(path: &str, headers: &mut HeaderMap) -> Result<Destination, ApiError> {
    let path = decode(path)?;
    if let Some(target) = headers.get(APP_ID).filter(|value| !value.is_empty()) {
        let target = String::from_utf8_lossy(target.as_bytes()).into_owned();
        headers.remove(APP_ID);
        return Ok(Destination { target, method: whole_path(&path) });
    }
    if let Some(target) = basic_auth(headers) {
        return Ok(Destination { target, method: whole_path(&path) });
    }
    in_path(&path).ok_or_else(|| {
        let message = "failed getting app id either from the URL path or the header dapr-app-id";
        ApiError::new(&codes::DIRECT_INVOKE, message).with_status(http::StatusCode::NOT_FOUND, Code::NotFound)
    })
}

fn decode(path: &str) -> Result<std::borrow::Cow<'_, str>, ApiError> {
    let mut escapes = path.split('%');
    escapes.next();
    let is_escaped = escapes.all(|escape| {
        matches!(escape.as_bytes(), [high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit())
    });
    let decoded = if is_escaped { percent_decode_str(path).decode_utf8().ok() } else { None };
    decoded.ok_or_else(|| ApiError::new(&codes::BAD_REQUEST, format!("path {path:?} is not well escaped")))
}

fn whole_path(path: &str) -> String {
    let cleaned = clean(path);
    cleaned.strip_prefix('/').unwrap_or(&cleaned).to_owned()
}

fn basic_auth(headers: &HeaderMap) -> Option<String> {
    let credentials = headers.get(header::AUTHORIZATION)?.as_bytes().strip_prefix(b"Basic ")?;
    let credentials = String::from_utf8(BASE64_STANDARD.decode(credentials).ok()?).ok()?;
    let (user, password) = credentials.split_once(':')?;
    (user.eq_ignore_ascii_case(APP_ID.as_str()) && !password.contains(':')).then(|| password.to_owned())
}

fn in_path(path: &str) -> Option<Destination> {
    let rest = strip_part(strip_part(path, "v1.0")?, "invoke")?.trim_start_matches('/');
    let (target, method) = rest.split_once("/method/").filter(|(target, _)| !target.is_empty())?;
    let method = clean(method);
    Some(Destination {
        target: decode_target(target),
        method: if method == "." { String::new() } else { method.into_owned() },
    })
}

/// What follows a part of the path, from the slash on.
fn strip_part<'a>(path: &'a str, part: &str) -> Option<&'a str> {
    path.trim_start_matches('/').strip_prefix(part).filter(|rest| rest.starts_with('/'))
}

/// A URL as target may be escaped twice. What cannot be decoded is taken as it is.
fn decode_target(target: &str) -> String {
    match percent_decode_str(&target.replace('+', " ")).decode_utf8() {
        Ok(decoded) if !decoded.is_empty() => decoded.into_owned(),
        _ => target.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn found(path: &str, headers: &mut HeaderMap) -> Option<(String, String)> {
        find_destination(path, headers).ok().map(|found| (found.target, found.method))
    }

    #[expect(clippy::unnecessary_wraps, reason = "it is compared with an option")]
    fn pair(target: &str, method: &str) -> Option<(String, String)> {
        Some((target.to_owned(), method.to_owned()))
    }

    #[test]
    fn a_path_names_app_and_method() {
        for (path, expected) in [
            ("/v1.0/invoke/app/method/foo", pair("app", "foo")),
            ("/v1.0/invoke/app.ns/method/a/b", pair("app.ns", "a/b")),
            ("/v1.0////invoke/app/method/foo", pair("app", "foo")),
            ("/v1.0//invoke//app/method//foo", pair("app", "/foo")),
            ("/v1.0/invoke/app/method/", pair("app", "")),
            ("/v1.0/invoke/app/method", None),
            ("/v1.0/invoke/app", None),
            ("/v1.0/invoke//method/foo", None),
            ("/v1.0/state/store/key", None),
            ("/v1.0x/invoke/app/method/foo", None),
            ("/", None),
            ("/v1.0/invoke/app/method/admin%2F..%2Fpublic", pair("app", "public")),
            ("/v1.0/invoke/app/method/a%25b", pair("app", "a%b")),
            ("/v1.0/invoke/http://host:80/method/foo", pair("http://host:80", "foo")),
            ("/v1.0/invoke/https%3A%2F%2Fhost/method/foo", pair("https://host", "foo")),
        ] {
            assert_eq!(found(path, &mut HeaderMap::new()), expected, "{path}");
        }
    }

    #[test]
    fn a_header_names_the_app_and_is_taken_out() {
        let mut headers = HeaderMap::new();
        headers.insert(APP_ID, HeaderValue::from_static("app"));
        assert_eq!(found("///foo/../bar%2Fbaz/", &mut headers), pair("app", "bar/baz"));
        assert!(headers.is_empty());
    }

    #[test]
    fn basic_authentication_names_the_app() {
        let mut headers = HeaderMap::new();
        let credentials = format!("Basic {}", BASE64_STANDARD.encode("Dapr-App-Id:app"));
        headers.insert(header::AUTHORIZATION, HeaderValue::try_from(credentials).unwrap());
        assert_eq!(found("/foo", &mut headers), pair("app", "foo"));
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer x"));
        assert_eq!(found("/foo", &mut headers), None);
    }

    #[test]
    fn without_an_app_the_answer_is_not_found() {
        let error = find_destination("/foo", &mut HeaderMap::new()).unwrap_err();
        assert_eq!(error.http_status(), http::StatusCode::NOT_FOUND);
        assert_eq!(
            error.message(),
            "failed getting app id either from the URL path or the header dapr-app-id"
        );
    }

    #[test]
    fn a_path_that_cannot_be_decoded_is_a_bad_request() {
        for path in
            ["/v1.0/invoke/app/method/%", "/v1.0/invoke/app/method/%zz", "/v1.0/invoke/app/method/%ff"]
        {
            let error = find_destination(path, &mut HeaderMap::new()).unwrap_err();
            assert_eq!(error.http_status(), http::StatusCode::BAD_REQUEST, "{path}");
        }
    }
}
