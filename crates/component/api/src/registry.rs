//! Which component types exist, and how each is opened.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tender_tasks::Tasks;

use crate::binding::Binding;
use crate::error::Error;
use crate::metadata::{Field, Metadata, MetadataFields};
use crate::name_resolution::NameResolver;
use crate::pubsub::PubSub;
use crate::secret::SecretStore;
use crate::state::StateStore;

/// What a component may know of the sidecar that opens it.
#[derive(Clone, Debug)]
pub struct Context {
    /// The app ID; also the default consumer group.
    pub app_id: String,
    /// The namespace; empty if none.
    pub namespace: String,
    /// Owns the background tasks of this component: they are cancelled when it is closed.
    pub tasks: Tasks,
}

type Opening<T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>;
type Open<T> = Arc<dyn Fn(Metadata, Context) -> Opening<T> + Send + Sync>;

/// One component type of one kind: its name, versions and metadata, and how to open it.
pub struct Factory<T> {
    /// The type without its category, such as `redis`.
    pub name: &'static str,
    /// The versions that it serves; an unset version means `v1`.
    pub versions: &'static [&'static str],
    /// What its metadata may hold, for documentation.
    pub fields: &'static [Field],
    open: Open<T>,
}

impl<T> Clone for Factory<T> {
    fn clone(&self) -> Self {
        Self { name: self.name, versions: self.versions, fields: self.fields, open: self.open.clone() }
    }
}

impl<T> Factory<T> {
    /// Decodes the metadata, connects, and gives the component ready to serve.
    pub async fn open(&self, metadata: Metadata, context: Context) -> Result<T, Error> {
        (self.open)(metadata, context).await
    }
}

/// The component types of one kind.
pub struct Kind<T> {
    factories: HashMap<&'static str, Factory<T>>,
}

impl<T> Default for Kind<T> {
    fn default() -> Self {
        Self { factories: HashMap::new() }
    }
}

impl<T: Send + 'static> Kind<T> {
    /// Adds the type `name` with metadata `M`, opened by `open`.
    pub fn add<M, F, Fut>(&mut self, name: &'static str, versions: &'static [&'static str], open: F)
    where
        M: MetadataFields + Send + 'static,
        F: Fn(M, Context) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let open: Open<T> = Arc::new(move |metadata, context| match M::decode(&metadata) {
            Ok(config) => Box::pin(open(config, context)),
            Err(error) => Box::pin(std::future::ready(Err(error))),
        });
        self.factories.insert(name, Factory { name, versions, fields: M::FIELDS, open });
    }

    /// Like [`add`](Self::add), for a type whose metadata is free-form: it gets the items as they are.
    pub fn add_raw<F, Fut>(
        &mut self,
        name: &'static str,
        versions: &'static [&'static str],
        fields: &'static [Field],
        open: F,
    ) where
        F: Fn(Metadata, Context) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let open: Open<T> = Arc::new(move |metadata, context| Box::pin(open(metadata, context)));
        self.factories.insert(name, Factory { name, versions, fields, open });
    }

    /// Makes `alias` another name of the type `name`, which must have been added.
    pub fn alias(&mut self, alias: &'static str, name: &'static str) {
        if let Some(factory) = self.factories.get(name).cloned() {
            self.factories.insert(alias, factory);
        }
    }

    /// The factory of a type, compared without regard to case, in a version (empty means `v1`).
    pub fn find(&self, name: &str, version: &str) -> Option<&Factory<T>> {
        let version = if version.is_empty() { "v1" } else { version };
        self.factories
            .get(name.to_lowercase().as_str())
            .filter(|factory| factory.versions.iter().any(|served| served.eq_ignore_ascii_case(version)))
    }

    /// All names, aliases among them, sorted.
    pub fn names(&self) -> Vec<&'static str> {
        let mut names: Vec<_> = self.factories.keys().copied().collect();
        names.sort_unstable();
        names
    }
}

/// Every component type that this build has. The binary makes one, by an explicit list of backends.
#[derive(Default)]
pub struct Registry {
    /// `state.*`
    pub state: Kind<Arc<dyn StateStore>>,
    /// `pubsub.*`
    pub pubsub: Kind<Arc<dyn PubSub>>,
    /// `bindings.*`
    pub bindings: Kind<Binding>,
    /// `secretstores.*`
    pub secrets: Kind<Arc<dyn SecretStore>>,
    /// Name resolution, configured by a Configuration and not by a Component.
    pub name_resolution: Kind<Arc<dyn NameResolver>>,
}
