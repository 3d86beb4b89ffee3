//! Who may call this application, and which secrets it may read.

/// Who may call what of this application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessControl {
    /// What holds for a caller that no policy is about; `None` when it is written as empty, which the peer takes
    /// for a denial as soon as there are policies.
    pub default_action: Option<Action>,
    /// The trust domain of this application; `public` when absent.
    pub trust_domain: String,
    /// One for each caller.
    pub policies: Vec<AppPolicy>,
}

impl AccessControl {
    /// The trust domain of a configuration that states none.
    pub const DEFAULT_TRUST_DOMAIN: &'static str = "public";
}

impl Default for AccessControl {
    fn default() -> Self {
        Self {
            default_action: Some(Action::Allow),
            trust_domain: Self::DEFAULT_TRUST_DOMAIN.to_owned(),
            policies: Vec::new(),
        }
    }
}

/// What one caller may do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppPolicy {
    /// The caller's application ID.
    pub app_id: String,
    /// What holds for operations that are not listed; `None` leaves it to the default of all callers.
    pub default_action: Option<Action>,
    /// The caller's trust domain.
    pub trust_domain: String,
    /// The caller's namespace.
    pub namespace: String,
    /// The operations that are listed.
    pub operations: Vec<AppOperation>,
}

/// One operation of this application.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppOperation {
    /// The method, or a pattern such as `/invoke/*`.
    pub name: String,
    /// The HTTP verbs that it is about; `*` is all.
    pub http_verbs: Vec<String>,
    /// Whether it may be called; `None` is a denial.
    pub action: Option<Action>,
}

/// Whether something may be done. Any word but `allow` denies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is what its name says")]
pub enum Action {
    Allow,
    Deny,
}

/// What of one secret store may be read through the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretScope {
    /// The store.
    pub store_name: String,
    /// What holds for secrets that are not listed; allowed when absent.
    pub default_access: Action,
    /// If there are any, only these may be read, whatever else is written.
    pub allowed_secrets: Vec<String>,
    /// These may not be read.
    pub denied_secrets: Vec<String>,
}

impl SecretScope {
    /// Whether the secret `name` may be read.
    pub fn allows(&self, name: &str) -> bool {
        if !self.allowed_secrets.is_empty() {
            return self.allowed_secrets.iter().any(|allowed| allowed == name);
        }
        !self.denied_secrets.iter().any(|denied| denied == name) && self.default_access == Action::Allow
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_allow_list_outweighs_the_deny_list_and_the_default() {
        let scope = |default_access, allowed: &[&str], denied: &[&str]| SecretScope {
            store_name: "s".into(),
            default_access,
            allowed_secrets: allowed.iter().map(ToString::to_string).collect(),
            denied_secrets: denied.iter().map(ToString::to_string).collect(),
        };
        let cases = [
            (scope(Action::Allow, &[], &[]), true),
            (scope(Action::Deny, &[], &[]), false),
            (scope(Action::Allow, &["other"], &[]), false),
            (scope(Action::Deny, &["key"], &[]), true),
            (scope(Action::Deny, &["key"], &["key"]), true),
            (scope(Action::Allow, &[], &["key"]), false),
            (scope(Action::Allow, &[], &["other"]), true),
            (scope(Action::Deny, &[], &["other"]), false),
        ];
        for (scope, allowed) in cases {
            assert_eq!(scope.allows("key"), allowed, "{scope:?}");
        }
    }
}
