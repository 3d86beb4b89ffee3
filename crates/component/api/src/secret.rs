//! Secret stores.

use std::collections::HashMap;

use async_trait::async_trait;

use crate::error::Error;

/// The keys and values of one secret. Values never appear in `Debug`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SecretData(pub HashMap<String, String>);

impl std::fmt::Debug for SecretData {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// What a secret store can do. The names are those of `GET /v1.0/metadata`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SecretCapabilities {
    /// One secret holds several keys.
    pub multiple_key_values_per_secret: bool,
}

impl SecretCapabilities {
    /// The names that the metadata API lists.
    pub fn names(self) -> Vec<&'static str> {
        if self.multiple_key_values_per_secret { vec!["MULTIPLE_KEY_VALUES_PER_SECRET"] } else { Vec::new() }
    }
}

/// A store of secrets.
#[async_trait]
pub trait SecretStore: Send + Sync {
    /// What this store can do.
    fn capabilities(&self) -> SecretCapabilities;

    /// One secret by name. A name that does not exist is an error of kind
    /// [`NotFound`](crate::ErrorKind::NotFound), or an empty secret where the peer answers so.
    async fn get(&self, name: &str, metadata: &HashMap<String, String>) -> Result<SecretData, Error>;

    /// Every secret of the store, by name.
    async fn bulk_get(
        &self,
        metadata: &HashMap<String, String>,
    ) -> Result<HashMap<String, SecretData>, Error>;

    /// Whether the backend answers.
    async fn ping(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Lets go of connections.
    async fn close(&self) -> Result<(), Error> {
        Ok(())
    }
}
