//! What a sidecar reads from files before it is built.

use std::path::PathBuf;

use tender_resource::configuration::Configuration;
use tender_resource::{LoadErrors, Loader, Resources};

use crate::build::BuildError;
use crate::config::Config;

/// The fields of a Configuration that this version acts on. What else is written is named in a warning.
const SUPPORTED: [&str; 8] = [
    "spec.metric.enabled",
    "spec.metric.recordErrorCodes",
    "spec.metric.latencyDistributionBuckets",
    "spec.metric.http.excludeVerbs",
    "spec.secrets",
    "spec.nameResolution",
    "spec.api",
    "spec.logging",
];

/// The resources and the Configuration of a sidecar.
pub(crate) struct Loaded {
    pub(crate) configuration: Configuration,
    pub(crate) resources: Resources,
}

/// Reads both. What cannot be used is told; what must not be ignored is an error.
pub(crate) fn load(config: &Config) -> Result<Loaded, BuildError> {
    let environment = |name: &str| config.environment.get(name).cloned();
    let configuration = if config.config_paths.is_empty() {
        tracing::info!(target: "dapr.runtime", "loading default configuration");
        Configuration::default()
    } else {
        let loaded = Configuration::load(&config.config_paths, &environment)?;
        for warning in &loaded.warnings {
            tracing::warn!(target: "dapr.runtime", "{warning}");
        }
        loaded.configuration
    };
    if configuration.spec.mtls.enabled {
        tracing::warn!(
            target: "dapr.runtime",
            "spec.mtls: mutual TLS between sidecars is not built into this version of tender; calls between sidecars are plain"
        );
    }
    for field in configuration.unsupported(&[&SUPPORTED[..], &["spec.mtls", "spec.features"]].concat()) {
        tracing::warn!(
            target: "dapr.runtime",
            "{}: {}: not built into this version of tender; it has no effect", field.source, field.path
        );
    }
    let resources = load_resources(config)?;
    Ok(Loaded { configuration, resources })
}

fn load_resources(config: &Config) -> Result<Resources, LoadErrors> {
    let loader = Loader {
        paths: existing(&config.resources_paths),
        namespace: Some(config.namespace.clone()).filter(|namespace| !namespace.is_empty()),
        app_id: config.app_id.clone(),
    };
    let resources = loader.load()?;
    for problem in &resources.problems {
        tracing::error!(target: "dapr.runtime", "{problem}");
    }
    for warning in &resources.warnings {
        tracing::warn!(target: "dapr.runtime", "{warning}");
    }
    for resiliency in &resources.resiliencies {
        tracing::warn!(
            target: "dapr.runtime",
            "resiliency {:?}: policies are not built into this version of tender; it has no effect", resiliency.meta.name
        );
    }
    for endpoint in &resources.http_endpoints {
        tracing::warn!(
            target: "dapr.runtime",
            "HTTPEndpoint {:?}: endpoints outside are not built into this version of tender; invoking it fails", endpoint.name()
        );
    }
    Ok(resources)
}

/// A folder that is not there is an error of the loader; an empty name is none.
fn existing(paths: &[PathBuf]) -> Vec<PathBuf> {
    paths.iter().filter(|path| !path.as_os_str().is_empty()).cloned().collect()
}
