//! A configuration from files.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use super::expand::expand_environment;
use super::read::Draft;
use super::{AppPolicy, Configuration, ConfigurationSpec};
use crate::decode::{Fields, Reader, Rules};
use crate::{Kind, Problem, Source};

/// A configuration and what was passed over in its files.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// The settings.
    pub configuration: Configuration,
    /// What was passed over: unknown fields, words that say nothing.
    pub warnings: Vec<Problem>,
}

/// Everything that is wrong with the files of a configuration, one problem to a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigurationErrors(Vec<Problem>);

impl ConfigurationErrors {
    /// Each of them.
    pub fn problems(&self) -> &[Problem] {
        &self.0
    }
}

impl fmt::Display for ConfigurationErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            fmt::Display::fmt(problem, f)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigurationErrors {}

impl Configuration {
    /// Reads files and lays each over the ones before it. `$NAME` and `${NAME}` in them are replaced by what
    /// `environment` gives, or by nothing. Of each file only the first document counts. Without files this is the
    /// peer's default.
    pub fn load(
        paths: &[PathBuf],
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Loaded, ConfigurationErrors> {
        let files = paths.iter().map(|path| (path.clone(), std::fs::read(path)));
        Self::load_read(files, environment)
    }

    /// Reads files that are at hand already, as [`Configuration::load`] does.
    pub fn load_read(
        files: impl IntoIterator<Item = (PathBuf, std::io::Result<Vec<u8>>)>,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Loaded, ConfigurationErrors> {
        let mut files_read = Files::default();
        for (path, contents) in files {
            files_read.file(&Source::new(path, 0), contents, environment);
        }
        files_read.finish()
    }
}

#[derive(Default)]
struct Files {
    name: String,
    namespace: String,
    draft: Draft,
    written: BTreeMap<String, Source>,
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
}

impl Files {
    fn file(
        &mut self,
        source: &Source,
        contents: std::io::Result<Vec<u8>>,
        environment: &dyn Fn(&str) -> Option<String>,
    ) {
        let at = |line: u32, message: String| Problem {
            source: source.at(line),
            resource: None,
            field: None,
            message,
        };
        let bytes = match contents {
            Ok(bytes) => bytes,
            Err(error) => return self.problems.push(at(0, format!("cannot be read: {error}"))),
        };
        let text = match tender_yaml::text(&bytes) {
            Ok(text) => expand_environment(text, environment),
            Err(error) => return self.problems.push(at(error.position.line, error.message)),
        };
        let mut documents = tender_yaml::parse_v3(&text).into_iter();
        match documents.next() {
            None => self.warnings.push(at(0, "says nothing".to_owned())),
            Some(Err(error)) => self.problems.push(at(error.position.line, error.message)),
            Some(Ok(document)) => self.document(&document, source.clone()),
        }
        if let Some(next) = documents.next() {
            let line = next.map_or_else(|error| error.position.line, |document| document.line());
            self.warnings.push(at(line, "only the first document of a configuration file counts".to_owned()));
        }
    }

    fn document(&mut self, document: &tender_yaml::Document, source: Source) {
        let reader = Reader::new(Rules::V3, source);
        let position = document.root.position;
        if let Some(map) = document.root.as_map() {
            let root = Fields::new(&reader, Some(map), String::new(), position);
            self.root(&root, &reader);
            root.finish();
        } else {
            reader.refuse(position, "", format!("expected a configuration, found {}", document.root.kind()));
        }
        let report = reader.into_report();
        self.problems.extend(report.problems);
        self.warnings.extend(report.warnings);
        // Within a file the first place of a path, among files that of the last.
        self.written.extend(report.written.into_iter().rev());
    }

    fn root(&mut self, root: &Fields<'_>, reader: &Reader) {
        root.field("apiVersion");
        // How the peer itself writes it when it prints a configuration.
        root.field("apiversion");
        if let Some(kind) = root.text("kind")
            && kind != Kind::Configuration.as_str()
        {
            root.warn("kind", format!("expected Configuration, found {kind}"));
        }
        if let Some(item) = root.item("metadata") {
            // What else Kubernetes writes there is of no use here, and no reason for warnings.
            let metadata = item.fields();
            super::read::set(&mut self.name, metadata.text("name"));
            super::read::set(&mut self.namespace, metadata.text("namespace"));
        }
        reader.about(Kind::Configuration, &self.name);
        let spec = root.fields("spec");
        self.draft.lay_over(&spec);
        spec.finish();
    }

    fn finish(mut self) -> Result<Loaded, ConfigurationErrors> {
        for (field, message) in faults(&self.draft.spec) {
            let mut places =
                self.written.range(field.to_owned()..).filter(|(path, _)| path.starts_with(field));
            if let Some((_, source)) = places.next() {
                self.problems.push(Problem {
                    source: source.clone(),
                    resource: Some((Kind::Configuration, self.name.clone())),
                    field: Some(field.to_owned()),
                    message,
                });
            }
        }
        let Self { name, namespace, draft, written, problems, warnings } = self;
        if !problems.is_empty() {
            return Err(ConfigurationErrors(problems));
        }
        let Draft { mut spec, metric, metrics } = draft;
        spec.metric = metric.outweighed_by(metrics);
        Ok(Loaded { configuration: Configuration { name, namespace, spec, written }, warnings })
    }
}

/// What is wrong with the settings as a whole, in the peer's words.
fn faults(spec: &ConfigurationSpec) -> Vec<(&'static str, String)> {
    let mut faults = Vec::new();
    for (index, scope) in spec.secret_scopes.iter().enumerate() {
        if spec.secret_scopes.iter().take(index).any(|earlier| earlier.store_name == scope.store_name) {
            let message = format!("{} storeName is repeated in secrets configuration", scope.store_name);
            faults.push(("spec.secrets.scopes", message));
        }
    }
    let policies = &spec.access_control.policies;
    let without = |field: fn(&AppPolicy) -> &str| {
        let apps =
            policies.iter().filter(|policy| field(policy).is_empty()).map(|policy| policy.app_id.as_str());
        apps.collect::<Vec<_>>()
    };
    let no_trust_domain = without(|policy| &policy.trust_domain);
    let no_namespace = without(|policy| &policy.namespace);
    let no_app = policies.iter().any(|policy| policy.app_id.is_empty());
    if !no_trust_domain.is_empty() || !no_namespace.is_empty() || no_app {
        faults.push((
            "spec.accessControl.policies",
            format!(
                "invalid access control spec. missing trustdomain for apps: [{}], missing namespace for apps: [{}], \
                 missing app name on at least one of the app policies: {no_app}",
                no_trust_domain.join(" "),
                no_namespace.join(" "),
            ),
        ));
    }
    faults
}
