//! Resources from directories, as the peer reads them when it does not run under Kubernetes.

mod error;
mod files;
mod select;

pub use error::{LoadError, LoadErrors};
pub use files::{ReadFile, read_directories};

use std::path::PathBuf;

use crate::decode::{PolicyKind, PolicyReference};
use crate::read::{self, Resource};
use crate::resiliency::BuiltInRetry;
use crate::{Component, HttpEndpoint, Problem, Resiliency, Source, Subscription};
use select::select;

/// What is to be loaded, and for whom.
#[derive(Clone, Debug, Default)]
pub struct Loader {
    /// The directories, read in this order; the files of each in the order of their names, `.yaml` and `.yml` only.
    pub paths: Vec<PathBuf>,
    /// The namespace of the sidecar (`NAMESPACE`). Without one, or in a resource without one, namespaces do not
    /// matter.
    pub namespace: Option<String>,
    /// The application: what is scoped to others is left out.
    pub app_id: String,
}

/// The resources for one application, and what was wrong with others.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resources {
    /// Components in the order of reading; no two have the same name.
    pub components: Vec<Component>,
    /// Subscriptions in the order of reading. The first one for a topic counts.
    pub subscriptions: Vec<Subscription>,
    /// HTTP endpoints in the order of reading; no two have the same name.
    pub http_endpoints: Vec<HttpEndpoint>,
    /// Resiliency policies in the order of reading; later ones are laid over earlier ones.
    pub resiliencies: Vec<Resiliency>,
    /// What made a file or document unusable. It was left out and the rest was read: the peer starts without it and
    /// logs a warning.
    pub problems: Vec<Problem>,
    /// What was passed over: unknown fields, names that nothing has.
    pub warnings: Vec<Problem>,
}

impl Loader {
    /// Reads the directories. Fails where the peer does not start: a directory that cannot be read, and components of
    /// the same name. All such errors are told at once.
    pub fn load(&self) -> Result<Resources, LoadErrors> {
        let (files, errors) = read_directories(&self.paths);
        self.load_files(files, errors)
    }

    /// Reads files that are at hand already.
    pub fn load_read(&self, files: impl IntoIterator<Item = ReadFile>) -> Result<Resources, LoadErrors> {
        self.load_files(files, Vec::new())
    }

    fn load_files(
        &self,
        files: impl IntoIterator<Item = ReadFile>,
        mut errors: Vec<LoadError>,
    ) -> Result<Resources, LoadErrors> {
        let mut found = Found::default();
        for file in files {
            found.file(file);
        }
        let Found { components, subscriptions, http_endpoints, resiliencies, mut problems, mut warnings } =
            found;
        let (components, duplicates) = select(components, self);
        errors.extend(duplicates);
        if !errors.is_empty() {
            return Err(LoadErrors::new(errors));
        }
        let (mut http_endpoints, duplicates) = select(http_endpoints, self);
        if !duplicates.is_empty() {
            // The peer starts then, without any endpoint.
            http_endpoints.clear();
            problems.extend(duplicates.into_iter().filter_map(LoadError::into_problem));
        }
        let in_scope = |scopes: &crate::Scopes| scopes.allow(&self.app_id);
        let in_scope_with_references = resiliencies.into_iter().filter(|(r, _)| in_scope(&r.scopes));
        let (resiliencies, references): (Vec<_>, Vec<_>) = in_scope_with_references.unzip();
        let unknown =
            references.into_iter().flatten().filter_map(|reference| unknown_policy(reference, &resiliencies));
        warnings.extend(unknown);
        Ok(Resources {
            components,
            subscriptions: subscriptions.into_iter().filter(|s| in_scope(&s.scopes)).collect(),
            http_endpoints,
            resiliencies,
            problems,
            warnings,
        })
    }
}

/// What the files have, before anything is left out.
#[derive(Default)]
struct Found {
    components: Vec<Component>,
    subscriptions: Vec<Subscription>,
    http_endpoints: Vec<HttpEndpoint>,
    resiliencies: Vec<(Resiliency, Vec<PolicyReference>)>,
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
}

impl Found {
    fn file(&mut self, file: ReadFile) {
        let source = Source::new(file.path, 0);
        let problem = |line: u32, message: String| Problem {
            source: source.at(line),
            resource: None,
            field: None,
            message,
        };
        let bytes = match file.contents {
            Ok(Some(bytes)) => bytes,
            Ok(None) => {
                self.warnings.push(problem(0, "is not a YAML file (.yaml, .yml), left out".to_owned()));
                return;
            }
            Err(error) => {
                self.problems.push(problem(0, format!("cannot be read: {error}")));
                return;
            }
        };
        let text = match tender_yaml::text(&bytes) {
            Ok(text) => text,
            Err(error) => {
                self.problems.push(problem(error.position.line, error.message));
                return;
            }
        };
        for document in tender_yaml::parse_k8s(text) {
            match document {
                Ok(document) => self.document(&document, &source),
                Err(error) => self.problems.push(problem(error.position.line, error.message)),
            }
        }
    }

    fn document(&mut self, document: &tender_yaml::Document, source: &Source) {
        let (resource, report) = read::resource(document, source);
        self.problems.extend(report.problems);
        self.warnings.extend(report.warnings);
        match resource {
            None => {}
            Some(Resource::Component(component)) => self.components.push(component),
            Some(Resource::Subscription(subscription)) => self.subscriptions.push(subscription),
            Some(Resource::HttpEndpoint(endpoint)) => self.http_endpoints.push(endpoint),
            Some(Resource::Resiliency(resiliency)) => self.resiliencies.push((resiliency, report.references)),
        }
    }
}

/// The warning that a target names a policy that there is not, in no file.
fn unknown_policy(reference: PolicyReference, resiliencies: &[Resiliency]) -> Option<Problem> {
    let PolicyReference { kind, name, problem } = reference;
    let has = |resiliency: &Resiliency| match kind {
        PolicyKind::Timeout => resiliency.policies.timeouts.contains_key(&name),
        PolicyKind::Retry => resiliency.policies.retries.contains_key(&name),
        PolicyKind::CircuitBreaker => resiliency.policies.circuit_breakers.contains_key(&name),
    };
    let built_in = kind == PolicyKind::Retry && BuiltInRetry::named(&name).is_some();
    if built_in || resiliencies.iter().any(has) {
        return None;
    }
    let kind = match kind {
        PolicyKind::Timeout => "timeout",
        PolicyKind::Retry => "retry policy",
        PolicyKind::CircuitBreaker => "circuit breaker",
    };
    Some(Problem { message: format!("there is no {kind} {name:?}, ignored"), ..problem })
}
