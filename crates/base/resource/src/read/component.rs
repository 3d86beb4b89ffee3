//! Components.

use super::metadata;
use crate::decode::{Fields, Reader};
use crate::{Component, ComponentType, DEFAULT_INIT_TIMEOUT, GoDuration, ObjectMeta, Source};

pub(super) fn read(root: &Fields<'_>, reader: &Reader, meta: ObjectMeta, source: Source) -> Component {
    let spec = root.fields("spec");
    let component = Component {
        meta,
        source,
        component_type: ComponentType::new(spec.text_or_empty("type")),
        version: spec.text_or_empty("version"),
        ignore_errors: spec.boolean("ignoreErrors").unwrap_or_default(),
        init_timeout: init_timeout(&spec),
        metadata: metadata::items(&spec, "metadata", reader),
        secret_store: metadata::secret_store(root),
        scopes: metadata::scopes(root),
    };
    spec.finish();
    component
}

/// The peer takes its default for what is no duration, or none that one could wait for.
fn init_timeout(spec: &Fields<'_>) -> std::time::Duration {
    let Some(text) = spec.non_empty("initTimeout") else { return DEFAULT_INIT_TIMEOUT };
    let parsed = text.parse::<GoDuration>();
    match &parsed {
        Ok(duration) if duration.as_nanos() > 0 => return duration.to_std_or_zero(),
        Ok(_) => spec.warn("initTimeout", format!("{text} is not positive, 5s is taken")),
        Err(error) => spec.warn("initTimeout", format!("{error}, 5s is taken")),
    }
    DEFAULT_INIT_TIMEOUT
}
