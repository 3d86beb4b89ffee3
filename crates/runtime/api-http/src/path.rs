//! Request paths: cleaning them, and decoding what stands between their slashes.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// Cleans a path as the peer does: double slashes and dots are resolved, a trailing slash goes, and the leading slash
/// too. Nothing is decoded.
pub(crate) fn clean(path: &str) -> Cow<'_, str> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    let is_clean = path.split('/').all(|part| !matches!(part, "" | "." | ".."));
    if is_clean || path.is_empty() {
        return Cow::Borrowed(path);
    }
    let mut kept: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(kept.pop()),
            part => kept.push(part),
        }
    }
    Cow::Owned(kept.join("/"))
}

/// Decodes one part of a path as the peer does, which takes `+` for a space.
pub(crate) fn decode(part: &str) -> Option<String> {
    let well_formed = part.split('%').skip(1).all(|escape| {
        let mut digits = escape.bytes();
        matches!((digits.next(), digits.next()), (Some(a), Some(b)) if a.is_ascii_hexdigit() && b.is_ascii_hexdigit())
    });
    if !well_formed {
        return None;
    }
    let spaced = if part.contains('+') { Cow::Owned(part.replace('+', " ")) } else { Cow::Borrowed(part) };
    Some(percent_decode_str(&spaced).decode_utf8_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_are_cleaned_as_by_the_peer() {
        for (path, cleaned) in [
            ("/v1.0/state/store/key", "v1.0/state/store/key"),
            ("/v1.0//state/store/key/", "v1.0/state/store/key"),
            ("/v1.0/./state/../state/store", "v1.0/state/store"),
            ("/../..", ""),
            ("/", ""),
            ("//", ""),
            ("", ""),
        ] {
            assert_eq!(clean(path), cleaned, "{path}");
        }
    }

    #[test]
    fn parts_are_decoded_as_query_components() {
        assert_eq!(decode("a%2Fb+c%20d").as_deref(), Some("a/b c d"));
        assert_eq!((decode("100%"), decode("%zz"), decode("%4")), (None, None, None));
    }

    proptest! {
        #[test]
        fn cleaning_twice_changes_nothing(path in "[a./%]{0,24}") {
            let once = clean(&path).into_owned();
            let again = format!("/{once}");
            prop_assert_eq!(clean(&again), once.as_str());
        }
    }
}
