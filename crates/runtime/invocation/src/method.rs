//! Names of methods: what is allowed in them, and how they become paths.

use std::borrow::Cow;
use std::fmt::Write as _;

/// A method name that cannot be called.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidMethod {
    #[error("method contains forbidden character: {0:?}")]
    Forbidden(String),
    #[error("method contains control character at position {position}: {method:?}")]
    Control { position: usize, method: String },
}

/// Checks a decoded method name and resolves its dots and double slashes. What comes out is what policies are applied
/// to and what the app is called with, so nothing can stand between the two.
pub(crate) fn normalize(method: &str) -> Result<Cow<'_, str>, InvalidMethod> {
    if method.contains(['#', '?', '\0']) {
        return Err(InvalidMethod::Forbidden(method.to_owned()));
    }
    if let Some(position) = method.bytes().position(|byte| byte < 0x20 || byte == 0x7f) {
        return Err(InvalidMethod::Control { position, method: method.to_owned() });
    }
    let cleaned = clean(method);
    Ok(match &*cleaned {
        "." => Cow::Borrowed(""),
        path if path.starts_with("../") || path == ".." => {
            let mut rest = path;
            while let Some(shorter) = rest.strip_prefix("../") {
                rest = shorter;
            }
            Cow::Owned(if rest == ".." { String::new() } else { rest.to_owned() })
        }
        _ => cleaned,
    })
}

/// The shortest path that means the same, as Go's `path.Clean`: an empty path is `.`, a trailing slash goes, a leading
/// one stays, and leading `..` stay if there is none.
pub(crate) fn clean(path: &str) -> Cow<'_, str> {
    let rooted = path.starts_with('/');
    let inner = path.strip_prefix('/').unwrap_or(path);
    if !inner.is_empty() && inner.split('/').all(|part| !matches!(part, "" | "." | "..")) {
        return Cow::Borrowed(path);
    }
    let mut kept: Vec<&str> = Vec::new();
    for part in inner.split('/') {
        match part {
            "" | "." => {}
            ".." if kept.last().is_some_and(|last| *last != "..") => drop(kept.pop()),
            ".." if rooted => {}
            part => kept.push(part),
        }
    }
    let joined = kept.join("/");
    Cow::Owned(match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    })
}

/// A method name that Go cannot make a URL of.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid URL escape {0:?}")]
pub(crate) struct InvalidEscape(String);

/// The path that an HTTP app is called at. A name that is a path already stays as it is, escapes included; otherwise
/// it is decoded and what a path cannot hold is escaped. This is what Go's `url.Parse` makes of it.
pub(crate) fn to_path(method: &str) -> Result<String, InvalidEscape> {
    let bytes = method.as_bytes();
    let mut is_path = true;
    let mut rest = bytes;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        if *byte == b'%' {
            match after {
                [high, low, after @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                    rest = after;
                }
                _ => {
                    let shown: Vec<u8> = std::iter::once(b'%').chain(after.iter().copied().take(2)).collect();
                    return Err(InvalidEscape(String::from_utf8_lossy(&shown).into_owned()));
                }
            }
        } else if !is_plain(*byte) && !matches!(byte, b'!' | b'\'' | b'(' | b')' | b'*' | b'[' | b']') {
            is_path = false;
        }
    }
    let mut path = String::with_capacity(bytes.len() + 1);
    if !method.starts_with('/') {
        path.push('/');
    }
    if is_path {
        path.push_str(method);
        return Ok(path);
    }
    for byte in percent_encoding::percent_decode(bytes) {
        if is_plain(byte) {
            path.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(path, "%{byte:02X}");
        }
    }
    Ok(path)
}

/// What Go does not escape in a path.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cleaned_as_by_go() {
        for (path, cleaned) in [
            ("", "."),
            (".", "."),
            ("..", ".."),
            ("../a", "../a"),
            ("../../a", "../../a"),
            ("/", "/"),
            ("/..", "/"),
            ("/../a", "/a"),
            ("a", "a"),
            ("a/", "a"),
            ("/a/", "/a"),
            ("//a//b", "/a/b"),
            ("a/./b", "a/b"),
            ("a/../b", "b"),
            ("a/../../b", "../b"),
            ("a/b/../..", "."),
            ("/a/b/../..", "/"),
        ] {
            assert_eq!(clean(path), cleaned, "{path}");
        }
    }

    #[test]
    fn a_method_keeps_within_its_app() {
        for (method, normal) in [
            ("test", "test"),
            ("/foo", "/foo"),
            ("", ""),
            ("admin/../public", "public"),
            ("admin/../../public", "public"),
            ("../../..", ""),
            ("public/", "public"),
            ("api///v1///users", "api/v1/users"),
            ("test%2Fstream", "test%2Fstream"),
            ("a\\b", "a\\b"),
        ] {
            assert_eq!(normalize(method).as_deref(), Ok(normal), "{method}");
        }
    }

    #[test]
    fn characters_that_would_end_the_path_are_forbidden() {
        assert_eq!(
            normalize("test#stream").unwrap_err().to_string(),
            r#"method contains forbidden character: "test#stream""#
        );
        assert!(normalize("a?b").is_err());
        assert!(normalize("a\0b").is_err());
        assert_eq!(
            normalize("a\rb").unwrap_err().to_string(),
            r#"method contains control character at position 1: "a\rb""#
        );
        assert!(normalize("a\x7fb").is_err());
    }

    #[test]
    fn a_path_is_made_as_by_go() {
        for (method, path) in [
            ("foo", "/foo"),
            ("/foo", "/foo"),
            ("", "/"),
            ("a%2Fb", "/a%2Fb"),
            ("test*stream!()", "/test*stream!()"),
            ("test\"stream", "/test%22stream"),
            ("test\\stream", "/test%5Cstream"),
            ("a b", "/a%20b"),
            ("a b%2Fc*", "/a%20b/c%2A"),
            ("é", "/%C3%A9"),
            ("a:b@c", "/a:b@c"),
        ] {
            assert_eq!(to_path(method).as_deref(), Ok(path), "{method}");
        }
        assert_eq!(to_path("test%stream").unwrap_err().to_string(), r#"invalid URL escape "%st""#);
        assert_eq!(to_path("test%").unwrap_err().to_string(), r#"invalid URL escape "%""#);
    }
}
