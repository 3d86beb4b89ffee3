//! Components: named connections to backends.

use std::fmt;
use std::time::Duration;

use crate::{MetadataItem, ObjectMeta, Scopes, Source};

/// How long a component may take to start when it does not say (`spec.initTimeout`).
pub const DEFAULT_INIT_TIMEOUT: Duration = Duration::from_secs(5);

/// A named connection to a backend (`kind: Component`, `dapr.io/v1alpha1`).
#[derive(Clone, Debug)]
pub struct Component {
    /// Its name and namespace.
    pub meta: ObjectMeta,
    /// Where it stands.
    pub source: Source,
    /// `spec.type`, such as `state.redis`.
    pub component_type: ComponentType,
    /// `spec.version`, such as `v1`; empty when absent, which stands for the first version.
    pub version: String,
    /// Whether the sidecar goes on when this component cannot start.
    pub ignore_errors: bool,
    /// How long it may take to start: what is written, or [`DEFAULT_INIT_TIMEOUT`] when that is absent, no duration
    /// or not positive.
    pub init_timeout: Duration,
    /// The metadata items in the order of the file.
    pub metadata: Vec<MetadataItem>,
    /// `auth.secretStore`: the component that secrets are read from. Outside Kubernetes there is no default.
    pub secret_store: Option<String>,
    /// The applications that may use it.
    pub scopes: Scopes,
}

impl Component {
    /// `metadata.name`.
    pub fn name(&self) -> &str {
        &self.meta.name
    }

    /// The name for log lines: `name (type/version)`, or `name (type)` without a version.
    pub fn log_name(&self) -> String {
        log_name(&self.meta.name, &self.component_type, &self.version)
    }
}

/// A component's name for log lines.
pub(crate) fn log_name(name: &str, component_type: &ComponentType, version: &str) -> String {
    if version.is_empty() {
        format!("{name} ({component_type})")
    } else {
        format!("{name} ({component_type}/{version})")
    }
}

/// The place in the file does not count.
impl PartialEq for Component {
    fn eq(&self, other: &Self) -> bool {
        let Self {
            meta,
            source: _,
            component_type,
            version,
            ignore_errors,
            init_timeout,
            metadata,
            secret_store,
            scopes,
        } = self;
        *meta == other.meta
            && *component_type == other.component_type
            && *version == other.version
            && *ignore_errors == other.ignore_errors
            && *init_timeout == other.init_timeout
            && *metadata == other.metadata
            && *secret_store == other.secret_store
            && *scopes == other.scopes
    }
}

impl Eq for Component {}

/// The type of a component as it is written, `category.name`.
///
/// Any text is kept, because the peer refuses an unknown type (`incorrect type …`) only when it starts the component,
/// where `ignoreErrors` counts; [`ComponentType::category`] is the question to ask then.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ComponentType(String);

impl ComponentType {
    /// Takes a type as it is written.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The whole type, such as `state.redis`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The building block that it belongs to, if there is such a one.
    pub fn category(&self) -> Option<Category> {
        let (category, _) = self.0.split_once('.')?;
        Category::ALL.into_iter().find(|known| known.as_str() == category)
    }

    /// What follows the category: `redis` of `state.redis`, `http.oauth2` of `middleware.http.oauth2`.
    pub fn backend(&self) -> &str {
        self.0.split_once('.').map_or("", |(_, name)| name)
    }
}

impl fmt::Display for ComponentType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The building block that a component serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is what its name in the file says")]
pub enum Category {
    Bindings,
    PubSub,
    SecretStores,
    State,
    Workflow,
    WorkflowBackend,
    Middleware,
    Configuration,
    Crypto,
    Lock,
    NameResolution,
    Conversation,
}

impl Category {
    /// Every category.
    pub const ALL: [Self; 12] = [
        Self::Bindings,
        Self::PubSub,
        Self::SecretStores,
        Self::State,
        Self::Workflow,
        Self::WorkflowBackend,
        Self::Middleware,
        Self::Configuration,
        Self::Crypto,
        Self::Lock,
        Self::NameResolution,
        Self::Conversation,
    ];

    /// The first part of the types that belong to it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bindings => "bindings",
            Self::PubSub => "pubsub",
            Self::SecretStores => "secretstores",
            Self::State => "state",
            Self::Workflow => "workflow",
            Self::WorkflowBackend => "workflowbackend",
            Self::Middleware => "middleware",
            Self::Configuration => "configuration",
            Self::Crypto => "crypto",
            Self::Lock => "lock",
            Self::NameResolution => "nameresolution",
            Self::Conversation => "conversation",
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_a_category_and_a_backend() {
        let cases = [
            ("state.redis", Some(Category::State), "redis"),
            ("middleware.http.oauth2", Some(Category::Middleware), "http.oauth2"),
            ("bindings.azure.blobstorage", Some(Category::Bindings), "azure.blobstorage"),
            ("workflow.dapr", Some(Category::Workflow), "dapr"),
            ("pubsubs.mock", None, "mock"),
            ("state", None, ""),
            ("State.redis", None, "redis"),
            ("", None, ""),
        ];
        for (text, category, backend) in cases {
            let component_type = ComponentType::new(text);
            assert_eq!(component_type.category(), category, "{text}");
            assert_eq!(component_type.backend(), backend, "{text}");
        }
    }
}
