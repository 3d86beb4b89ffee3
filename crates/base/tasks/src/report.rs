//! What is said when a task dies.

/// A task that ended although its owner still needed it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("task {task:?} {reason}")]
pub struct Failure {
    /// The name given when it was spawned.
    pub task: &'static str,
    /// `panicked: …` or `ended unexpectedly`.
    pub reason: String,
}

impl Failure {
    pub(crate) fn panicked(task: &'static str, panic: &(dyn std::any::Any + Send)) -> Self {
        let message = panic
            .downcast_ref::<&str>()
            .map(ToString::to_string)
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "no message".to_owned());
        Self { task, reason: format!("panicked: {message}") }
    }

    pub(crate) fn ended(task: &'static str) -> Self {
        Self { task, reason: "ended unexpectedly".to_owned() }
    }
}
