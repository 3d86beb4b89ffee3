//! CORS: which pages of other origins may call the API.

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, HeaderValue, ORIGIN, VARY,
};
use http::request::Parts;
use http::{Method, Response};
use tender_core::Body;

use crate::respond;

/// The methods that a page may use.
const METHODS: HeaderValue = HeaderValue::from_static("HEAD, GET, POST, PUT, PATCH, DELETE");

/// Origins that are allowed: all, or a list in which one `*` stands for anything.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Cors {
    origins: Vec<String>,
}

impl Cors {
    /// Reads a list separated by commas; nothing if it is empty, since then there is no CORS at all.
    pub(crate) fn new(list: &str) -> Option<Self> {
        let origins: Vec<String> = list
            .split(',')
            .map(str::trim)
            .filter(|origin| !origin.is_empty())
            .map(str::to_lowercase)
            .collect();
        (!origins.is_empty()).then_some(Self { origins })
    }

    fn allows(&self, origin: &HeaderValue) -> bool {
        let Ok(origin) = origin.to_str().map(str::to_lowercase) else { return false };
        self.origins.iter().any(|allowed| match allowed.split_once('*') {
            Some((start, end)) => {
                origin.len() >= start.len() + end.len() && origin.starts_with(start) && origin.ends_with(end)
            }
            None => *allowed == origin,
        })
    }

    /// The answer to a browser that asks first; nothing if this is no such request.
    pub(crate) fn preflight(&self, parts: &Parts) -> Option<Response<Body>> {
        if parts.method != Method::OPTIONS || !parts.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
            return None;
        }
        let mut response = respond::no_content();
        if parts.headers.get(ORIGIN).is_some_and(|origin| self.allows(origin)) {
            let headers = response.headers_mut();
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
            if let Some(wanted) = parts.headers.get(ACCESS_CONTROL_REQUEST_HEADERS) {
                headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
            }
        }
        Some(response)
    }

    /// Lets the page of an allowed origin see the response.
    pub(crate) fn allow(&self, origin: &HeaderValue, response: &mut Response<Body>) {
        let headers = response.headers_mut();
        headers.append(VARY, HeaderValue::from_static("Origin"));
        if self.allows(origin) {
            let is_any = self.origins.iter().any(|allowed| allowed == "*");
            let value = if is_any { HeaderValue::from_static("*") } else { origin.clone() };
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_compared_with_the_list() {
        assert_eq!(Cors::new(" , "), None);
        for (list, origin, allowed) in [
            ("*", "http://a", true),
            ("http://a, http://b", "http://B", true),
            ("http://a", "http://ab", false),
            ("https://*.example.com", "https://x.example.com", true),
            ("https://*.example.com", "http://x.example.com", false),
        ] {
            let origin = HeaderValue::from_static(origin);
            assert_eq!(Cors::new(list).unwrap().allows(&origin), allowed, "{list} {origin:?}");
        }
    }
}
