//! Questions that a configuration answers.

use super::{ConfigurationSpec, SecretScope};
use crate::Component;

/// The features that are on unless a configuration switches them off.
const ON_BY_DEFAULT: [&str; 2] = ["HotReload", "WorkflowsRemoteActivityReminder"];

impl ConfigurationSpec {
    /// Whether a feature is on. Of several entries for one feature the last counts.
    pub fn is_feature_enabled(&self, name: &str) -> bool {
        let written = self.features.iter().rfind(|feature| feature.name == name);
        written.map_or_else(|| ON_BY_DEFAULT.contains(&name), |feature| feature.enabled)
    }

    /// The features that are on, sorted and each once, for the log line that the peer prints.
    pub fn enabled_features(&self) -> Vec<&str> {
        let written = self.features.iter().map(|feature| feature.name.as_str());
        let mut names: Vec<_> = written.chain(ON_BY_DEFAULT).collect();
        names.sort_unstable();
        names.dedup();
        names.retain(|name| !name.is_empty() && self.is_feature_enabled(name));
        names
    }

    /// Whether a component may not be used. Entries are `type` or `type/version`; with any entry at all, a component
    /// without a type or version may not be used either.
    pub fn denies(&self, component: &Component) -> bool {
        let component_type = component.component_type.as_str();
        if self.denied_components.is_empty() {
            return false;
        }
        if component_type.is_empty() || component.version.is_empty() {
            return true;
        }
        self.denied_components.iter().filter(|entry| !entry.is_empty()).any(|entry| {
            let (denied, version) = entry.split_once('/').unwrap_or((entry, ""));
            denied == component_type && (version.is_empty() || version == component.version)
        })
    }

    /// The scope of a secret store, if there is one.
    pub fn secret_scope(&self, store: &str) -> Option<&SecretScope> {
        self.secret_scopes.iter().find(|scope| scope.store_name == store)
    }

    /// Whether a secret of a store may be read through the API; without a scope for the store it may.
    pub fn allows_secret(&self, store: &str, name: &str) -> bool {
        self.secret_scope(store).is_none_or(|scope| scope.allows(name))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Feature;
    use super::*;
    use crate::{ComponentType, DEFAULT_INIT_TIMEOUT, ObjectMeta, Scopes, Source};

    #[test]
    fn some_features_are_on_until_they_are_switched_off() {
        let feature = |name: &str, enabled| Feature { name: name.into(), enabled };
        let mut spec = ConfigurationSpec::default();
        assert_eq!(spec.enabled_features(), ["HotReload", "WorkflowsRemoteActivityReminder"]);
        spec.features =
            vec![feature("HotReload", false), feature("A", true), feature("B", true), feature("B", false)];
        assert!(!spec.is_feature_enabled("HotReload"));
        assert_eq!(spec.enabled_features(), ["A", "WorkflowsRemoteActivityReminder"]);
    }

    #[test]
    fn a_deny_list_names_types_and_versions() {
        let component = |component_type: &str, version: &str| Component {
            meta: ObjectMeta::default(),
            source: Source::new("a.yaml", 1),
            component_type: ComponentType::new(component_type),
            version: version.into(),
            ignore_errors: false,
            init_timeout: DEFAULT_INIT_TIMEOUT,
            metadata: Vec::new(),
            secret_store: None,
            scopes: Scopes::default(),
        };
        let mut spec = ConfigurationSpec::default();
        assert!(!spec.denies(&component("state.redis", "")));
        spec.denied_components = ["", "state.redis/v1", "bindings.cron", "a/b/c"].map(String::from).to_vec();
        let cases = [
            ("state.redis", "v1", true),
            ("state.redis", "v2", false),
            ("bindings.cron", "v7", true),
            ("a", "b", false),
            ("pubsub.redis", "v1", false),
            ("pubsub.redis", "", true),
        ];
        for (component_type, version, denied) in cases {
            assert_eq!(
                spec.denies(&component(component_type, version)),
                denied,
                "{component_type}/{version}"
            );
        }
    }
}
