//! A component that does not serve.

use tender_resource::Component;

/// Why a component could not be opened. It names the component, its file and the reason.
#[derive(Debug, thiserror::Error)]
#[error("process component {name} error: {problem} ({source_line})")]
pub struct ComponentFailure {
    name: String,
    problem: Problem,
    source_line: String,
}

/// The reasons, in the peer's words.
#[derive(Debug, thiserror::Error)]
pub(super) enum Problem {
    #[error("incorrect type {0}")]
    Type(String),
    #[error(
        "[CREATE_COMPONENT_FAILURE]: initialization error occurred for {entity}: couldn't find {kind} {component_type}"
    )]
    Unknown { entity: String, kind: &'static str, component_type: String },
    #[error("[INIT_COMPONENT_FAILURE]: initialization error occurred for {entity}: {reason}")]
    Init { entity: String, reason: String },
    #[error("init timeout for component {entity} exceeded after {timeout:?}")]
    Timeout { entity: String, timeout: std::time::Duration },
}

impl Problem {
    /// The `reason` label of the metric.
    pub(super) fn stage(&self) -> &'static str {
        match self {
            Self::Type(_) | Self::Unknown { .. } => "creation",
            Self::Init { .. } | Self::Timeout { .. } => "init",
        }
    }

    pub(super) fn of(self, component: &Component) -> ComponentFailure {
        ComponentFailure {
            name: component.name().to_owned(),
            problem: self,
            source_line: component.source.to_string(),
        }
    }
}
