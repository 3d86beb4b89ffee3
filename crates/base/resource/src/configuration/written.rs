//! What a configuration says, against what somebody acts on.

use super::Configuration;
use crate::Source;

/// A field that is written in a configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenField {
    /// The path without list positions, such as `spec.tracing.otel.headers`.
    pub path: String,
    /// Where it is first written in the last file that has it.
    pub source: Source,
}

impl Configuration {
    /// Every field that is written, in the order of their paths. Fields that have fields of their own are not listed
    /// themselves.
    pub fn written(&self) -> impl Iterator<Item = WrittenField> {
        self.written.iter().map(|(path, source)| WrittenField { path: path.clone(), source: source.clone() })
    }

    /// What is written under `spec` and nobody acts on, given the paths that somebody does act on. A supported path
    /// stands for everything below it. Of what is left the shortest path is told that has nothing supported in it, so
    /// with `spec.metric.enabled` supported a file may yield `spec.metric.rules` and `spec.wasm`.
    pub fn unsupported(&self, supported: &[&str]) -> Vec<WrittenField> {
        let mut fields: Vec<WrittenField> = Vec::new();
        for (path, source) in self.written.iter().filter(|(path, _)| path.starts_with("spec.")) {
            if supported.iter().any(|known| is_within(path, known)) {
                continue;
            }
            let ends = path.match_indices('.').map(|(end, _)| end).skip(1).chain([path.len()]);
            let shortest = ends
                .filter_map(|end| path.get(..end))
                .find(|prefix| !supported.iter().any(|known| is_within(known, prefix)))
                .unwrap_or(path);
            match fields.iter_mut().find(|field| field.path == shortest) {
                Some(field) if source < &field.source => field.source = source.clone(),
                Some(_) => {}
                None => fields.push(WrittenField { path: shortest.to_owned(), source: source.clone() }),
            }
        }
        fields
    }
}

/// Whether `path` is `parent` or below it.
fn is_within(path: &str, parent: &str) -> bool {
    path.strip_prefix(parent).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_path_without_anything_supported_is_told() {
        let source = Source::new("config.yaml", 1);
        let written = [
            ("metadata.name", 3),
            ("spec.metric.enabled", 6),
            ("spec.metric.http.pathMatching", 8),
            ("spec.metric.http.excludeVerbs", 7),
            ("spec.tracing.samplingRate", 10),
            ("spec.wasm.strictSandbox", 12),
            ("spec.wasmlike", 13),
        ];
        let configuration = Configuration {
            written: written.into_iter().map(|(path, line)| (path.to_owned(), source.at(line))).collect(),
            ..Configuration::default()
        };
        let unsupported = |supported: &[&str]| -> Vec<String> {
            let fields = configuration.unsupported(supported);
            fields.into_iter().map(|field| format!("{} {}", field.path, field.source.line())).collect()
        };
        assert_eq!(unsupported(&["spec"]), <[String; 0]>::default());
        assert_eq!(
            unsupported(&["spec.metric.enabled", "spec.tracing", "spec.wasmlike"]),
            ["spec.metric.http 7", "spec.wasm 12"]
        );
        assert_eq!(
            unsupported(&["spec.metric.http.excludeVerbs", "spec.tracing", "spec.wasm"]),
            ["spec.metric.enabled 6", "spec.metric.http.pathMatching 8", "spec.wasmlike 13"]
        );
    }
}
