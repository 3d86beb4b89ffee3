//! What reading a document needs at every field, and what it leaves behind.

use std::cell::RefCell;

use tender_yaml::Position;

use crate::{Kind, Problem, Source};

/// Whose rules say what a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rules {
    /// sigs.k8s.io/yaml: names in any case, numbers and booleans become the text of their value.
    K8s,
    /// gopkg.in/yaml.v3: names as they are, any scalar becomes the text that is written, `yes` is a boolean where one
    /// is wanted.
    V3,
}

/// Reads one document and collects what is wrong with it.
pub(crate) struct Reader {
    pub(crate) rules: Rules,
    source: Source,
    report: RefCell<Report>,
}

/// What reading a document leaves behind.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// The resource, as soon as its kind and name are known.
    pub(crate) resource: Option<(Kind, String)>,
    /// What makes the document unusable.
    pub(crate) problems: Vec<Problem>,
    /// What is passed over.
    pub(crate) warnings: Vec<Problem>,
    /// The fields that say something, by paths without list positions.
    pub(crate) written: Vec<(String, Source)>,
    /// The policies that targets name.
    pub(crate) references: Vec<PolicyReference>,
}

/// A policy that a target names.
#[derive(Debug)]
pub(crate) struct PolicyReference {
    pub(crate) kind: PolicyKind,
    pub(crate) name: String,
    pub(crate) problem: Problem,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PolicyKind {
    Timeout,
    Retry,
    CircuitBreaker,
}

impl Reader {
    /// A reader of one document of the file that `source` names.
    pub(crate) fn new(rules: Rules, source: Source) -> Self {
        Self { rules, source, report: RefCell::default() }
    }

    /// A place in the file.
    pub(crate) fn source(&self, position: Position) -> Source {
        self.source.at(position.line)
    }

    /// From now on, problems are about this resource.
    pub(crate) fn about(&self, kind: Kind, name: &str) {
        self.report.borrow_mut().resource = Some((kind, name.to_owned()));
    }

    /// Notes what makes the document unusable.
    pub(crate) fn refuse(&self, position: Position, field: &str, message: impl Into<String>) {
        let problem = self.problem(position, field, message);
        self.report.borrow_mut().problems.push(problem);
    }

    /// Notes what is passed over.
    pub(crate) fn warn(&self, position: Position, field: &str, message: impl Into<String>) {
        let problem = self.problem(position, field, message);
        self.report.borrow_mut().warnings.push(problem);
    }

    /// Notes a policy that a target names.
    pub(crate) fn refer(&self, kind: PolicyKind, name: &str, position: Position, field: &str) {
        let problem = self.problem(position, field, String::new());
        self.report.borrow_mut().references.push(PolicyReference { kind, name: name.to_owned(), problem });
    }

    /// Notes that a field says something.
    pub(crate) fn written(&self, position: Position, field: &str) {
        if self.rules == Rules::V3 {
            let source = self.source(position);
            self.report.borrow_mut().written.push((without_positions(field), source));
        }
    }

    /// What reading left behind, in the order of the text.
    pub(crate) fn into_report(self) -> Report {
        let mut report = self.report.into_inner();
        report.problems.sort_by_key(|problem| problem.source.line());
        report.warnings.sort_by_key(|warning| warning.source.line());
        report
    }

    fn problem(&self, position: Position, field: &str, message: impl Into<String>) -> Problem {
        Problem {
            source: self.source(position),
            resource: self.report.borrow().resource.clone(),
            field: (!field.is_empty()).then(|| field.to_owned()),
            message: message.into(),
        }
    }
}

/// A path without the positions in lists: `a[0].b` becomes `a.b`.
fn without_positions(path: &str) -> String {
    let parts = path.split('[').enumerate();
    parts
        .map(
            |(index, part)| {
                if index == 0 { part } else { part.split_once(']').map_or(part, |(_, rest)| rest) }
            },
        )
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_in_lists_are_left_out() {
        assert_eq!(
            without_positions("spec.handlers[0].selector.fields[12].value"),
            "spec.handlers.selector.fields.value"
        );
        assert_eq!(without_positions("spec.features[1]"), "spec.features");
    }
}
