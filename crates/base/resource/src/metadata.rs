//! Metadata items: the name/value pairs of components, HTTP endpoints and exporters.

use std::fmt;

use crate::{Secret, Source};

/// One item: a name, and a value that is written down, kept in a secret store or found in the environment.
#[derive(Clone)]
pub struct MetadataItem {
    /// The name of the property.
    pub name: String,
    /// The value as text: a string as it is, anything else as its JSON text. `None` when absent or null, which is
    /// not the same as an empty string. It may be a password, so it is not printed.
    pub value: Option<Secret>,
    /// Where in the component's secret store the value is.
    pub secret_key_ref: Option<SecretKeyRef>,
    /// The environment variable that has the value; it counts only when `value` is `None`.
    pub env_ref: Option<String>,
    /// Where the item stands.
    pub source: Source,
}

/// A secret in a store, and the field of it that is meant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SecretKeyRef {
    /// The name of the secret; an empty name means that there is no reference.
    pub name: String,
    /// The field in the secret; when empty the name is taken.
    pub key: String,
}

/// The place in the file does not count.
impl PartialEq for MetadataItem {
    fn eq(&self, other: &Self) -> bool {
        let Self { name, value, secret_key_ref, env_ref, source: _ } = self;
        *name == other.name
            && *value == other.value
            && *secret_key_ref == other.secret_key_ref
            && *env_ref == other.env_ref
    }
}

impl Eq for MetadataItem {}

impl fmt::Debug for MetadataItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, value, secret_key_ref, env_ref, source: _ } = self;
        let mut shown = f.debug_struct("MetadataItem");
        shown.field("name", name);
        if let Some(value) = value {
            shown.field("value", value);
        }
        if let Some(reference) = secret_key_ref {
            shown.field("secret_key_ref", reference);
        }
        if let Some(variable) = env_ref {
            shown.field("env_ref", variable);
        }
        shown.finish()
    }
}
