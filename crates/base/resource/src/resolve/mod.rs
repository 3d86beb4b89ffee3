//! Metadata values: where they come from, and what they become.
//!
//! Secrets are looked up over a network, so this works in two steps that need no executor: the caller asks a resource
//! for its [`SecretRef`]s, fetches them as it likes, and hands what it found to `resolve`.

mod environment;
mod unquote;

pub use environment::is_environment_allowed;

use std::collections::HashMap;
use std::fmt;

use unquote::unquote;

use crate::{Component, HttpEndpoint, Kind, MetadataItem, ObjectMeta, Secret, TlsDocument};

/// A field of a secret in a store.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SecretRef {
    /// The secret store, a component.
    pub store: String,
    /// The name of the secret.
    pub name: String,
    /// The field of the secret.
    pub key: String,
}

/// What the caller knows when values are resolved.
#[derive(Clone, Copy)]
pub struct Values<'a> {
    /// The secrets that were found. What is not here was not found, which is no error: the item keeps the value that
    /// is written beside the reference, if any.
    pub secrets: &'a HashMap<SecretRef, Secret>,
    /// Reads an environment variable. It is asked for `DAPR_ENV_KEYS` too, the list of what may be read.
    pub environment: &'a dyn Fn(&str) -> Option<String>,
    /// The application, for `{appID}` and `{namespace}` in values.
    pub app_id: &'a str,
    /// The namespace of the sidecar, for `{namespace}` in values; empty when there is none.
    pub namespace: &'a str,
    /// The pod, for `{podName}` in values; empty when there is none.
    pub pod_name: &'a str,
}

/// The metadata of a component with every value in place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolved {
    /// Names and values in the order of the file. When a name is there twice, the later one counts.
    pub items: Vec<(String, Secret)>,
    /// What could not be found.
    pub warnings: Vec<Unresolved>,
}

/// The certificates and key of an endpoint with every value in place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResolvedTls {
    /// The certificate authorities.
    pub root_ca: Option<Secret>,
    /// The certificate.
    pub certificate: Option<Secret>,
    /// Its key.
    pub private_key: Option<Secret>,
    /// What could not be found.
    pub warnings: Vec<Unresolved>,
}

/// Something that a value refers to and that is not there. The resource is used without it, as the peer does.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} {name} {problem}")]
pub struct Unresolved {
    /// The kind of resource.
    pub kind: Kind,
    /// The name of the resource.
    pub name: String,
    /// The name of the item.
    pub item: String,
    /// What is not there.
    pub problem: Missing,
}

/// What a value refers to in vain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// An environment variable that may not be read.
    EnvironmentNotAllowed(String),
    /// A secret, in a resource that names no secret store.
    NoSecretStore(String),
    /// A secret that was not found.
    Secret(SecretRef),
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EnvironmentNotAllowed(variable) => {
                write!(f, "references an env variable that isn't allowed: {variable}")
            }
            Self::NoSecretStore(secret) => {
                write!(f, "references the secret {secret:?} but has no auth.secretStore to read it from")
            }
            Self::Secret(SecretRef { store, name, key }) => {
                write!(
                    f,
                    "references the key {key:?} of the secret {name:?}, which is not in the store {store:?}"
                )
            }
        }
    }
}

/// A value that cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// The value has `{podName}` in it and there is none.
    #[error("failed to parse metadata: property {0} refers to {{podName}} but podName is not set")]
    NoPodName(String),
}

impl Component {
    /// The secrets that the metadata refers to, each once.
    pub fn secret_refs(&self) -> Vec<SecretRef> {
        let mut refs = Vec::new();
        collect_refs(&mut refs, self.secret_store.as_deref(), &self.metadata);
        refs
    }

    /// The metadata with secrets and environment variables in place and `{uuid}`, `{podName}`, `{namespace}` and
    /// `{appID}` replaced.
    pub fn resolve(&self, values: &Values<'_>) -> Result<Resolved, ResolveError> {
        let mut lookup = Lookup::new(Kind::Component, &self.meta, self.secret_store.as_deref(), values);
        let mut items = Vec::with_capacity(self.metadata.len());
        for item in &self.metadata {
            let value = lookup.item(item).into_exposed();
            items.push((item.name.clone(), expand(&item.name, value, values)?.into()));
        }
        Ok(Resolved { items, warnings: lookup.warnings })
    }
}

impl HttpEndpoint {
    /// The secrets that headers and TLS documents refer to, each once.
    pub fn secret_refs(&self) -> Vec<SecretRef> {
        let mut refs = Vec::new();
        collect_refs(&mut refs, self.secret_store.as_deref(), &self.headers);
        let documents = self
            .client_tls
            .iter()
            .flat_map(|tls| [&tls.root_ca, &tls.certificate, &tls.private_key].into_iter().flatten());
        for reference in documents.filter_map(|document| document.secret_key_ref.as_ref()) {
            push_ref(&mut refs, self.secret_store.as_deref(), reference);
        }
        refs
    }

    /// The headers with secrets and environment variables in place.
    pub fn resolve_headers(&self, values: &Values<'_>) -> Resolved {
        let mut lookup = Lookup::new(Kind::HttpEndpoint, &self.meta, self.secret_store.as_deref(), values);
        let items = self.headers.iter().map(|item| (item.name.clone(), lookup.item(item))).collect();
        Resolved { items, warnings: lookup.warnings }
    }

    /// The TLS documents with secrets in place.
    pub fn resolve_tls(&self, values: &Values<'_>) -> ResolvedTls {
        let Some(tls) = &self.client_tls else { return ResolvedTls::default() };
        let mut lookup = Lookup::new(Kind::HttpEndpoint, &self.meta, self.secret_store.as_deref(), values);
        ResolvedTls {
            root_ca: lookup.document("clientTLS.rootCA", tls.root_ca.as_ref()),
            certificate: lookup.document("clientTLS.certificate", tls.certificate.as_ref()),
            private_key: lookup.document("clientTLS.privateKey", tls.private_key.as_ref()),
            warnings: lookup.warnings,
        }
    }
}

fn collect_refs(refs: &mut Vec<SecretRef>, store: Option<&str>, items: &[MetadataItem]) {
    for item in items.iter().filter(|item| item.environment_variable().is_none()) {
        if let Some(reference) = &item.secret_key_ref {
            push_ref(refs, store, reference);
        }
    }
}

fn push_ref(refs: &mut Vec<SecretRef>, store: Option<&str>, reference: &crate::SecretKeyRef) {
    if let Some(reference) = store.and_then(|store| reference.in_store(store))
        && !refs.contains(&reference)
    {
        refs.push(reference);
    }
}

impl crate::SecretKeyRef {
    /// The reference with its store, or nothing if it names no secret.
    fn in_store(&self, store: &str) -> Option<SecretRef> {
        let key = if self.key.is_empty() { &self.name } else { &self.key };
        (!self.name.is_empty()).then(|| SecretRef {
            store: store.to_owned(),
            name: self.name.clone(),
            key: key.clone(),
        })
    }
}

impl MetadataItem {
    /// The environment variable that the value comes from, if no value is written.
    fn environment_variable(&self) -> Option<&str> {
        self.env_ref.as_deref().filter(|variable| self.value.is_none() && !variable.is_empty())
    }
}

/// Finds values and notes what is missing.
struct Lookup<'a> {
    kind: Kind,
    meta: &'a ObjectMeta,
    store: Option<&'a str>,
    values: &'a Values<'a>,
    warnings: Vec<Unresolved>,
}

impl<'a> Lookup<'a> {
    fn new(kind: Kind, meta: &'a ObjectMeta, store: Option<&'a str>, values: &'a Values<'a>) -> Self {
        Self { kind, meta, store, values, warnings: Vec::new() }
    }

    fn item(&mut self, item: &MetadataItem) -> Secret {
        if let Some(variable) = item.environment_variable() {
            if !is_environment_allowed(variable, self.values.environment) {
                self.warn(&item.name, Missing::EnvironmentNotAllowed(variable.to_owned()));
                return Secret::default();
            }
            return unquote((self.values.environment)(variable).unwrap_or_default()).into();
        }
        self.secret(&item.name, item.secret_key_ref.as_ref())
            .or_else(|| item.value.clone())
            .unwrap_or_default()
    }

    fn document(&mut self, item: &str, document: Option<&TlsDocument>) -> Option<Secret> {
        let document = document?;
        self.secret(item, document.secret_key_ref.as_ref()).or_else(|| document.value.clone())
    }

    /// The value of a reference. An empty secret counts as not found.
    fn secret(&mut self, item: &str, reference: Option<&crate::SecretKeyRef>) -> Option<Secret> {
        let reference = reference.filter(|reference| !reference.name.is_empty())?;
        let Some(reference) = self.store.and_then(|store| reference.in_store(store)) else {
            self.warn(item, Missing::NoSecretStore(reference.name.clone()));
            return None;
        };
        match self.values.secrets.get(&reference).filter(|secret| !secret.is_empty()) {
            Some(secret) => Some(unquote(secret.expose().to_owned()).into()),
            None => {
                self.warn(item, Missing::Secret(reference));
                None
            }
        }
    }

    fn warn(&mut self, item: &str, problem: Missing) {
        self.warnings.push(Unresolved {
            kind: self.kind,
            name: self.meta.name.clone(),
            item: item.to_owned(),
            problem,
        });
    }
}

/// Replaces the placeholders in a value.
fn expand(item: &str, mut value: String, values: &Values<'_>) -> Result<String, ResolveError> {
    while value.contains("{uuid}") {
        value = value.replacen("{uuid}", &uuid::Uuid::new_v4().to_string(), 1);
    }
    if value.contains("{podName}") {
        if values.pod_name.is_empty() {
            return Err(ResolveError::NoPodName(item.to_owned()));
        }
        value = value.replace("{podName}", values.pod_name);
    }
    if value.contains("{namespace}") {
        value = value.replace("{namespace}", &format!("{}.{}", values.namespace, values.app_id));
    }
    if value.contains("{appID}") {
        value = value.replace("{appID}", values.app_id);
    }
    Ok(value)
}

#[cfg(test)]
mod tests;
