//! Which of the resources that were read an application gets.

use std::collections::HashMap;

use super::{LoadError, Loader};
use crate::{Component, HttpEndpoint, Kind, ObjectMeta, Scopes, Source};

/// A resource of which there is one of each name.
pub(super) trait Named {
    const KIND: Kind;
    fn meta(&self) -> &ObjectMeta;
    fn scopes(&self) -> &Scopes;
    fn source(&self) -> &Source;
    fn described(&self) -> String;
}

impl Named for Component {
    const KIND: Kind = Kind::Component;
    fn meta(&self) -> &ObjectMeta {
        &self.meta
    }
    fn scopes(&self) -> &Scopes {
        &self.scopes
    }
    fn source(&self) -> &Source {
        &self.source
    }
    fn described(&self) -> String {
        self.log_name()
    }
}

impl Named for HttpEndpoint {
    const KIND: Kind = Kind::HttpEndpoint;
    fn meta(&self) -> &ObjectMeta {
        &self.meta
    }
    fn scopes(&self) -> &Scopes {
        &self.scopes
    }
    fn source(&self) -> &Source {
        &self.source
    }
    fn described(&self) -> String {
        self.log_name()
    }
}

/// Leaves out, in the peer's order: what is of another namespace; what has the name of one that is already taken,
/// which is an error; what is scoped to other applications. So a name counts as taken only by a resource that the
/// application gets, but taking it again is an error for any application.
pub(super) fn select<R: Named>(resources: Vec<R>, loader: &Loader) -> (Vec<R>, Vec<LoadError>) {
    let namespace = loader.namespace.as_deref().filter(|namespace| !namespace.is_empty());
    let mut taken: HashMap<String, (String, Source)> = HashMap::new();
    let (mut selected, mut errors) = (Vec::new(), Vec::new());
    for resource in resources {
        let ObjectMeta { name, namespace: written } = resource.meta();
        if let (Some(namespace), Some(written)) = (namespace, written)
            && namespace != written
        {
            continue;
        }
        if let Some((existing, existing_source)) = taken.get(name) {
            errors.push(LoadError::Duplicate {
                kind: R::KIND,
                resource: resource.described(),
                source_of_resource: resource.source().clone(),
                existing: existing.clone(),
                source_of_existing: existing_source.clone(),
            });
            continue;
        }
        if resource.scopes().allow(&loader.app_id) {
            taken.insert(name.clone(), (resource.described(), resource.source().clone()));
            selected.push(resource);
        }
    }
    (selected, errors)
}
