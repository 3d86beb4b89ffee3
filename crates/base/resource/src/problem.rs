//! What is wrong with a file, and where.

use std::fmt;

use crate::{Kind, Source};

/// Something that is wrong with a file, at a field if it is about one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub source: Source,
    /// The resource that it is about, if the document is known to be one: its kind and name.
    pub resource: Option<(Kind, String)>,
    /// The field, such as `spec.metadata[2].name`.
    pub field: Option<String>,
    /// What, as a fragment that follows the place and field.
    pub message: String,
}

/// `components/store.yaml:12: spec.metadata[2].name: expected a string, found a list`
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.source)?;
        if let Some(field) = &self.field {
            write!(f, "{field}: ")?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}
