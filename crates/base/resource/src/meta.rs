//! What every resource has: a name, a place in a file and, mostly, scopes.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The kinds of resource that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A connection to a backend.
    Component,
    /// The settings of a sidecar.
    Configuration,
    /// A declared subscription to a topic.
    Subscription,
    /// An address outside that can be invoked by name.
    HttpEndpoint,
    /// Timeouts, retries and circuit breakers.
    Resiliency,
}

impl Kind {
    /// The name as it is written in `kind:`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Component => "Component",
            Self::Configuration => "Configuration",
            Self::Subscription => "Subscription",
            Self::HttpEndpoint => "HTTPEndpoint",
            Self::Resiliency => "Resiliency",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The name of a resource and the namespace that it is written for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ObjectMeta {
    /// `metadata.name`.
    pub name: String,
    /// `metadata.namespace`; `None` when absent or empty.
    pub namespace: Option<String>,
}

/// The file and line at which a resource, or a field of it, stands.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Source {
    path: Arc<Path>,
    line: u32,
}

impl Source {
    /// A place in a file; lines count from one, and zero stands for the whole file.
    pub fn new(path: impl Into<PathBuf>, line: u32) -> Self {
        Self { path: path.into().into(), line }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The line, counted from one; zero for the whole file.
    pub fn line(&self) -> u32 {
        self.line
    }

    /// Another line of the same file.
    pub fn at(&self, line: u32) -> Self {
        Self { path: Arc::clone(&self.path), line }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}", self.path.display()),
            line => write!(f, "{}:{line}", self.path.display()),
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The applications that a resource is for; none named means all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Scopes(Vec<String>);

impl Scopes {
    /// Scopes that name these applications.
    pub fn new(apps: Vec<String>) -> Self {
        Self(apps)
    }

    /// Whether the application may see the resource.
    pub fn allow(&self, app_id: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|app| app == app_id)
    }

    /// The applications that are named.
    pub fn apps(&self) -> &[String] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_scopes_allow_every_app() {
        assert!(Scopes::default().allow("a"));
        let scopes = Scopes::new(vec!["a".into(), "b".into()]);
        assert!(scopes.allow("b"));
        assert!(!scopes.allow("c"));
        assert!(!scopes.allow("A"));
    }

    #[test]
    fn a_source_prints_as_editors_read_it() {
        assert_eq!(Source::new("components/a.yaml", 3).at(12).to_string(), "components/a.yaml:12");
        assert_eq!(Source::new("components/a.yaml", 0).to_string(), "components/a.yaml");
    }
}
