//! How the keys of several apps share one store.
//!
//! The metadata item `keyPrefix` of a state store says what is put before each key; the separator is `||`.

/// Between a prefix and a key.
const SEPARATOR: &str = "||";

/// What is put before each key of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyPrefix {
    /// Nothing.
    None,
    /// A fixed text: the app ID (the default), `namespace.app ID`, the store's name, or any other.
    Text(String),
}

/// A key or a prefix that holds the separator.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("input key/keyPrefix '{0}' can't contain '||'")]
pub struct IllegalKey(String);

impl KeyPrefix {
    /// Reads the metadata item `keyPrefix`: `appid` (the default), `name`, `namespace`, `none`, or a text.
    pub fn new(
        strategy: Option<&str>,
        store: &str,
        app_id: &str,
        namespace: &str,
    ) -> Result<Self, IllegalKey> {
        let strategy = strategy.unwrap_or_default();
        let app_prefix = || if app_id.is_empty() { Self::None } else { Self::Text(app_id.to_owned()) };
        Ok(match strategy.to_lowercase().as_str() {
            "" | "appid" => app_prefix(),
            "name" => Self::Text(store.to_owned()),
            "none" => Self::None,
            "namespace" if namespace.is_empty() || app_id.is_empty() => app_prefix(),
            "namespace" => Self::Text(format!("{namespace}.{app_id}")),
            _ => Self::Text(legal(strategy)?.to_owned()),
        })
    }

    /// The key in the store.
    pub fn apply(&self, key: &str) -> Result<String, IllegalKey> {
        let key = legal(key)?;
        Ok(match self {
            Self::None => key.to_owned(),
            Self::Text(prefix) => [prefix, SEPARATOR, key].concat(),
        })
    }

    /// The key of the app that a key in the store stands for. As the peer, it is what follows the first separator, up
    /// to the next.
    pub fn original(stored: &str) -> &str {
        stored.split(SEPARATOR).nth(1).unwrap_or(stored)
    }
}

fn legal(key: &str) -> Result<&str, IllegalKey> {
    if key.contains(SEPARATOR) { Err(IllegalKey(key.to_owned())) } else { Ok(key) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_strategy_has_its_prefix() {
        for (strategy, namespace, expected) in [
            (None, "", "app||k"),
            (Some("appid"), "ns", "app||k"),
            (Some("AppID"), "", "app||k"),
            (Some("name"), "", "store||k"),
            (Some("none"), "", "k"),
            (Some("namespace"), "ns", "ns.app||k"),
            (Some("namespace"), "", "app||k"),
            (Some("shared"), "", "shared||k"),
        ] {
            let prefix = KeyPrefix::new(strategy, "store", "app", namespace).unwrap();
            assert_eq!(prefix.apply("k").unwrap(), expected, "{strategy:?}");
        }
    }

    #[test]
    fn the_separator_is_refused_in_keys_and_prefixes() {
        let prefix = KeyPrefix::new(None, "store", "app", "").unwrap();
        assert_eq!(
            prefix.apply("a||b").unwrap_err().to_string(),
            "input key/keyPrefix 'a||b' can't contain '||'"
        );
        assert!(KeyPrefix::new(Some("a||b"), "store", "app", "").is_err());
    }

    #[test]
    fn the_original_key_is_the_second_part() {
        for (stored, original) in [("k", "k"), ("app||k", "k"), ("app||k||tail", "k"), ("||k", "k")] {
            assert_eq!(KeyPrefix::original(stored), original);
        }
    }
}
