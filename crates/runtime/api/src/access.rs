//! Which APIs a Configuration allows (`spec.api.allowed`, `spec.api.denied`).

use std::collections::HashSet;

/// The protocol that a rule is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// The HTTP API.
    Http,
    /// The gRPC API.
    Grpc,
}

/// One rule: an API by name and version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The API's name, such as `state`.
    pub name: String,
    /// The API's version, such as `v1` (`v1.0` is the same).
    pub version: String,
    /// The protocol.
    pub protocol: Protocol,
}

/// The rules of one protocol, as sets of `version/name`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApiAccess {
    allowed: HashSet<String>,
    denied: HashSet<String>,
}

impl ApiAccess {
    /// The rules for `protocol` among all rules.
    pub fn new(protocol: Protocol, allowed: &[Rule], denied: &[Rule]) -> Self {
        let keys = |rules: &[Rule]| {
            rules
                .iter()
                .filter(|rule| rule.protocol == protocol)
                .map(|rule| key(&rule.version, &rule.name))
                .collect()
        };
        Self { allowed: keys(allowed), denied: keys(denied) }
    }

    /// Whether the API `name` may be called. Without rules everything may; a denial wins over a permission.
    pub fn allows(&self, version: &str, name: &str) -> bool {
        if self.allowed.is_empty() && self.denied.is_empty() {
            return true;
        }
        let key = key(version, name);
        !self.denied.contains(&key) && (self.allowed.is_empty() || self.allowed.contains(&key))
    }
}

/// `v1.0-alpha1` and `v1alpha1` are written `v1alpha1`, `v1.0` is written `v1`.
fn key(version: &str, name: &str) -> String {
    let version = version.replace(".0", "").replace('-', "");
    format!("{version}/{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(version: &str, name: &str) -> Rule {
        Rule { name: name.to_owned(), version: version.to_owned(), protocol: Protocol::Http }
    }

    #[test]
    fn lists_decide_what_may_be_called() {
        let state = [rule("v1.0", "state")];
        for (allowed, denied, expected) in [
            (&[][..], &[][..], (true, true)),
            (&state[..], &[][..], (true, false)),
            (&[][..], &state[..], (false, true)),
            (&state[..], &state[..], (false, false)),
        ] {
            let access = ApiAccess::new(Protocol::Http, allowed, denied);
            assert_eq!((access.allows("v1.0", "state"), access.allows("v1.0", "publish")), expected);
        }
    }

    #[test]
    fn rules_of_the_other_protocol_do_not_count() {
        let access = ApiAccess::new(Protocol::Grpc, &[rule("v1", "state")], &[]);
        assert!(access.allows("v1", "publish"));
    }

    #[test]
    fn versions_are_compared_in_either_spelling() {
        let access = ApiAccess::new(Protocol::Http, &[rule("v1.0-alpha1", "lock")], &[]);
        assert!(access.allows("v1alpha1", "lock") && !access.allows("v1.0", "lock"));
    }
}
