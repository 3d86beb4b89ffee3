//! Why resources cannot be loaded at all.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::{Kind, Problem, Source};

/// Something that keeps a sidecar from starting.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A directory cannot be listed.
    #[error("open {path}: {source}", path = .path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Two resources of a kind have the same name. The words are the peer's.
    #[error("duplicate definition of {kind} name {resource} with existing {existing}")]
    Duplicate {
        /// The kind.
        kind: Kind,
        /// The later one, as logs name it.
        resource: String,
        /// Where the later one is.
        source_of_resource: Source,
        /// The earlier one, as logs name it.
        existing: String,
        /// Where the earlier one is.
        source_of_existing: Source,
    },
}

impl LoadError {
    /// Where to look: the places of both resources, or of the directory.
    pub fn places(&self) -> String {
        match self {
            Self::Directory { path, .. } => path.display().to_string(),
            Self::Duplicate { source_of_resource, source_of_existing, .. } => {
                format!("{source_of_resource} and {source_of_existing}")
            }
        }
    }

    /// The error as a problem of a file.
    pub(super) fn into_problem(self) -> Option<Problem> {
        let message = self.to_string();
        match self {
            Self::Directory { .. } => None,
            Self::Duplicate { kind, source_of_resource, source_of_existing, resource, .. } => Some(Problem {
                source: source_of_resource,
                resource: Some((kind, resource)),
                field: Some("metadata.name".to_owned()),
                message: format!("{message} ({source_of_existing})"),
            }),
        }
    }
}

/// Everything that keeps a sidecar from starting, one error to a line as the peer prints them.
#[derive(Debug)]
pub struct LoadErrors(Vec<LoadError>);

impl LoadErrors {
    pub(super) fn new(errors: Vec<LoadError>) -> Self {
        Self(errors)
    }

    /// Each of them.
    pub fn errors(&self) -> &[LoadError] {
        &self.0
    }
}

impl fmt::Display for LoadErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            fmt::Display::fmt(error, f)?;
        }
        Ok(())
    }
}

impl std::error::Error for LoadErrors {}
