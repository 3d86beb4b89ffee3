//! Any bytes as a resource file and as a configuration. Run with
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run load` in `crates/base/resource`.

#![no_main]

use std::collections::HashMap;

use libfuzzer_sys::fuzz_target;
use tender_resource::{Configuration, Loader, ReadFile, Values};

fuzz_target!(|bytes: &[u8]| {
    let environment = |name: &str| Some(name.to_owned());
    let loader = Loader { app_id: "app".into(), namespace: Some("ns".into()), ..Loader::default() };
    let file = ReadFile { path: "a.yaml".into(), contents: Ok(Some(bytes.to_vec())) };
    if let Ok(resources) = loader.load_read([file]) {
        let secrets = HashMap::new();
        let values =
            Values { secrets: &secrets, environment: &environment, app_id: "app", namespace: "ns", pod_name: "" };
        for component in &resources.components {
            let _ = (component.secret_refs(), component.resolve(&values), component.component_type.category());
        }
        for endpoint in &resources.http_endpoints {
            let _ = (endpoint.secret_refs(), endpoint.resolve_headers(&values), endpoint.resolve_tls(&values));
        }
        for problem in resources.problems.iter().chain(&resources.warnings) {
            let _ = problem.to_string();
        }
    }
    match Configuration::load_read([("c.yaml".into(), Ok(bytes.to_vec()))], &environment) {
        Ok(loaded) => drop(loaded.configuration.unsupported(&["spec.tracing", "spec.metric.enabled"])),
        Err(errors) => drop(errors.to_string()),
    }
});
