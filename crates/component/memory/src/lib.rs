//! Backends that live in this process and end with it: `state.in-memory`, `pubsub.in-memory`, and name resolution
//! among the sidecars of one process.

mod directory;
mod pubsub;
mod state;

use std::sync::Arc;

use tender_component::Registry;

pub use directory::Directory;

tender_component::metadata_fields! {
    /// In-memory components have nothing to set.
    struct NoFields {}
}

/// Adds the component types of this crate. Sidecars that are given the same directory find each other.
pub fn register(registry: &mut Registry, directory: Directory) {
    registry.state.add("in-memory", &["v1"], |_: NoFields, context| async move {
        Ok(Arc::new(state::MemoryState::new(&context.tasks)) as Arc<dyn tender_component::state::StateStore>)
    });
    registry.pubsub.add("in-memory", &["v1"], |_: NoFields, context| async move {
        Ok(Arc::new(pubsub::MemoryBus::new(context.tasks)) as Arc<dyn tender_component::pubsub::PubSub>)
    });
    registry.name_resolution.add("in-process", &["v1"], move |_: NoFields, _| {
        let resolver = directory.resolver();
        async move { Ok(Arc::new(resolver) as Arc<dyn tender_component::name_resolution::NameResolver>) }
    });
}
