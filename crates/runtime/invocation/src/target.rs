//! Whom a call is for.

/// An app, by ID and namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) app_id: String,
    pub(crate) namespace: String,
}

/// A target that names no app.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidTarget {
    #[error("app id is empty")]
    Empty,
    #[error("invalid app id {0}")]
    TooManyDots(String),
    #[error("invoking {0} is not built into this version of tender: only apps can be invoked, by their IDs")]
    Url(String),
}

impl Target {
    /// Reads `app` or `app.namespace`.
    pub(crate) fn parse(text: &str, own_namespace: &str) -> Result<Self, InvalidTarget> {
        if text.is_empty() {
            return Err(InvalidTarget::Empty);
        }
        if text.starts_with("http://") || text.starts_with("https://") {
            return Err(InvalidTarget::Url(text.to_owned()));
        }
        let (app_id, namespace) = match text.split_once('.') {
            None => (text, own_namespace),
            Some((_, rest)) if rest.contains('.') => {
                return Err(InvalidTarget::TooManyDots(text.to_owned()));
            }
            Some(parts) => parts,
        };
        Ok(Self { app_id: app_id.to_owned(), namespace: namespace.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_an_app_with_or_without_its_namespace() {
        for (text, expected) in [
            ("app", Ok(("app", "own"))),
            ("app.other", Ok(("app", "other"))),
            ("app.", Ok(("app", ""))),
            ("", Err(InvalidTarget::Empty)),
            ("a.b.c", Err(InvalidTarget::TooManyDots("a.b.c".to_owned()))),
            ("https://example.com", Err(InvalidTarget::Url("https://example.com".to_owned()))),
        ] {
            let parsed = Target::parse(text, "own");
            let expected = expected
                .map(|(app, namespace)| Target { app_id: app.to_owned(), namespace: namespace.to_owned() });
            assert_eq!(parsed, expected, "{text}");
        }
    }
}
