//! Limits and retention of workflows.

use std::num::NonZeroU32;

use crate::GoDuration;

/// Limits and retention of workflows. A limit that is absent, zero or negative is `None`: there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Workflow {
    /// Workflows at a time in this sidecar.
    pub max_concurrent_workflow_invocations: Option<NonZeroU32>,
    /// Activities at a time in this sidecar.
    pub max_concurrent_activity_invocations: Option<NonZeroU32>,
    /// Workflows at a time in all replicas.
    pub global_max_concurrent_workflow_invocations: Option<NonZeroU32>,
    /// Activities at a time in all replicas.
    pub global_max_concurrent_activity_invocations: Option<NonZeroU32>,
    /// Limits of single workflows over all replicas.
    pub workflow_concurrency_limits: Vec<NamedConcurrencyLimit>,
    /// Limits of single activities over all replicas.
    pub activity_concurrency_limits: Vec<NamedConcurrencyLimit>,
    /// How long the state of a finished workflow is kept; `None` means for ever.
    pub state_retention: Option<StateRetention>,
}

/// The limit of one workflow or activity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamedConcurrencyLimit {
    /// The workflow or activity.
    pub name: Option<String>,
    /// The limit as written; without a positive number there is none.
    pub max_concurrent: Option<i32>,
}

/// How long the state of a finished workflow is kept. What is said for one end outweighs `any_terminal`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateRetention {
    /// Whatever the end.
    pub any_terminal: Option<GoDuration>,
    /// When it completed.
    pub completed: Option<GoDuration>,
    /// When it failed.
    pub failed: Option<GoDuration>,
    /// When it was terminated.
    pub terminated: Option<GoDuration>,
}
