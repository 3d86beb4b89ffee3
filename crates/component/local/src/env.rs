//! `secretstores.local.env`: each variable of the environment is a secret.

use std::collections::HashMap;

use async_trait::async_trait;
use tender_component::Error;
use tender_component::secret::{SecretCapabilities, SecretData, SecretStore};

tender_component::metadata_fields! {
    /// What of the environment is shown.
    pub(crate) struct Config {
        /// Only variables whose names begin with this are secrets, and it is left off their names.
        prefix: String, "prefix" = "";
    }
}

/// Reads the environment anew with each request.
pub(crate) struct EnvStore {
    prefix: String,
}

impl EnvStore {
    pub(crate) fn new(config: Config) -> Self {
        Self { prefix: config.prefix }
    }

    /// Those of `variables` that may be seen, by name without the prefix.
    fn select(&self, variables: impl Iterator<Item = (String, String)>) -> HashMap<String, SecretData> {
        variables
            .filter(|(name, _)| is_allowed(name))
            .filter_map(|(name, value)| {
                let short = name.strip_prefix(&self.prefix)?;
                (!short.is_empty()).then(|| (short.to_owned(), single(short, value)))
            })
            .collect()
    }
}

/// As the peer: the token of the app and what configures the sidecar itself are no secrets of the app.
fn is_allowed(variable: &str) -> bool {
    let variable = variable.to_uppercase();
    variable != "APP_API_TOKEN" && !variable.starts_with("DAPR_")
}

fn single(name: &str, value: String) -> SecretData {
    SecretData(HashMap::from([(name.to_owned(), value)]))
}

#[async_trait]
impl SecretStore for EnvStore {
    fn capabilities(&self) -> SecretCapabilities {
        SecretCapabilities::default()
    }

    /// As the peer: a variable that is not there, or may not be seen, is an empty value and no error.
    async fn get(&self, name: &str, _: &HashMap<String, String>) -> Result<SecretData, Error> {
        let variable = format!("{}{name}", self.prefix);
        let value = if !is_allowed(&variable) {
            tracing::warn!(target: "dapr.contrib", "Access to environment variable {name} is forbidden");
            None
        } else if variable.is_empty() || variable.contains(['=', '\0']) {
            // No variable can have such a name, and std panics when asked for it.
            None
        } else {
            std::env::var_os(variable)
        };
        Ok(single(name, value.map(|value| value.to_string_lossy().into_owned()).unwrap_or_default()))
    }

    async fn bulk_get(&self, _: &HashMap<String, String>) -> Result<HashMap<String, SecretData>, Error> {
        Ok(self.select(std::env::vars_os().map(|(name, value)| {
            (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned())
        })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(prefix: &str) -> EnvStore {
        EnvStore::new(Config { prefix: prefix.to_owned() })
    }

    async fn value(store: &EnvStore, name: &str) -> SecretData {
        store.get(name, &HashMap::new()).await.unwrap()
    }

    // Cargo sets CARGO_PKG_NAME for every test that it runs.
    #[tokio::test]
    async fn a_variable_is_read_under_its_name() {
        let expected = single("CARGO_PKG_NAME", "tender-local".to_owned());
        assert_eq!(value(&store(""), "CARGO_PKG_NAME").await, expected);
    }

    #[tokio::test]
    async fn the_prefix_is_added_to_the_variable_and_left_off_the_secret() {
        let store = store("CARGO_PKG_");
        assert_eq!(value(&store, "NAME").await, single("NAME", "tender-local".to_owned()));
        let all = store.bulk_get(&HashMap::new()).await.unwrap();
        assert_eq!(all.get("NAME"), Some(&single("NAME", "tender-local".to_owned())));
        assert!(!all.contains_key("PATH"));
    }

    #[tokio::test]
    async fn what_is_absent_or_cannot_be_a_name_is_empty() {
        for name in ["TENDER_NO_SUCH_VARIABLE", "", "A=B", "A\0B"] {
            assert_eq!(value(&store(""), name).await, single(name, String::new()));
        }
    }

    #[test]
    fn variables_of_the_sidecar_are_forbidden_in_any_case() {
        for (name, allowed) in [
            ("APP_API_TOKEN", false),
            ("app_api_token", false),
            ("DAPR_API_TOKEN", false),
            ("Dapr_Anything", false),
            ("DAPRX", true),
            ("APP_API_TOKEN_2", true),
        ] {
            assert_eq!(is_allowed(name), allowed, "{name}");
        }
    }

    #[test]
    fn bulk_skips_forbidden_names_other_prefixes_and_the_bare_prefix() {
        let variables =
            ["MY_A", "MY_", "OTHER", "DAPR_API_TOKEN"].map(|name| (name.to_owned(), "v".to_owned()));
        let names = |prefix: &str| {
            let mut names: Vec<_> = store(prefix).select(variables.clone().into_iter()).into_keys().collect();
            names.sort();
            names
        };
        assert_eq!(names("MY_"), ["A"]);
        assert!(names("DAPR_").is_empty());
        assert_eq!(names(""), ["MY_", "MY_A", "OTHER"]);
    }
}
