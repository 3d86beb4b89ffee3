//! `bindings.cron`: events by the clock, and the schedules that they follow.

mod binding;
mod parse;
mod schedule;
mod zone;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use tender_component::Registry;
use tender_component::binding::{Binding, InputBinding};
use tender_component::metadata::MetadataFields;

pub use parse::ParseError;
pub use schedule::Schedule;

/// Adds the component types of this crate.
pub fn register(registry: &mut Registry) {
    registry.bindings.add_raw("cron", &["v1"], binding::Config::FIELDS, |metadata, context| {
        let binding = binding::CronBinding::open(&metadata, context.tasks);
        async move { Ok(Binding { input: Some(Arc::new(binding?) as Arc<dyn InputBinding>), output: None }) }
    });
}
