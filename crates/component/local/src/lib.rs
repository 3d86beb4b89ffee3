//! Secrets without a server: `secretstores.local.file` reads a JSON file, `secretstores.local.env` the environment of
//! the process. Both are for development.

mod env;
mod file;

use std::sync::Arc;

use tender_component::Registry;
use tender_component::metadata::MetadataFields;
use tender_component::secret::SecretStore;

/// Adds the component types of this crate.
pub fn register(registry: &mut Registry) {
    registry.secrets.add("local.env", &["v1"], |config: env::Config, _| async move {
        Ok(Arc::new(env::EnvStore::new(config)) as Arc<dyn SecretStore>)
    });
    registry.secrets.add_raw("local.file", &["v1"], file::Config::FIELDS, |metadata, _| async move {
        Ok(Arc::new(file::FileStore::open(&metadata).await?) as Arc<dyn SecretStore>)
    });
}
