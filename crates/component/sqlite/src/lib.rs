//! SQLite: `state.sqlite` and name resolution in the peer's tables, and `pubsub.sqlite`, a durable broker for the
//! sidecars of one machine that is Tender's own.
//!
//! All of them stand on one [`Database`](database::Database): writes are queued and committed in batches by one
//! thread, reads go on beside them.

mod config;
mod database;
mod error;
mod hosts;
mod migrations;
mod pubsub;
mod state;

use std::sync::Arc;

use tender_component::Registry;

/// Adds the component types of this crate.
pub fn register(registry: &mut Registry) {
    registry.state.add("sqlite", &["v1"], |config, context| async move {
        let store = state::SqliteState::open(config, context.tasks).await?;
        Ok(Arc::new(store) as Arc<dyn tender_component::state::StateStore>)
    });
    registry.state.alias("sqlite3", "sqlite");
    registry.pubsub.add("sqlite", &["v1"], |config, context| async move {
        let broker = pubsub::SqliteBroker::open(config, context).await?;
        Ok(Arc::new(broker) as Arc<dyn tender_component::pubsub::PubSub>)
    });
    registry.name_resolution.add("sqlite", &["v1"], |config, context| async move {
        let resolver = hosts::SqliteHosts::open(config, context.tasks).await?;
        Ok(Arc::new(resolver) as Arc<dyn tender_component::name_resolution::NameResolver>)
    });
}
