//! HTTP endpoints: addresses outside that can be invoked by name.

use crate::{MetadataItem, ObjectMeta, Scopes, Secret, SecretKeyRef, Source};

/// An address outside that can be invoked by name (`kind: HTTPEndpoint`, `dapr.io/v1alpha1`).
#[derive(Clone, Debug)]
pub struct HttpEndpoint {
    /// Its name and namespace.
    pub meta: ObjectMeta,
    /// Where it stands.
    pub source: Source,
    /// `spec.baseUrl`.
    pub base_url: String,
    /// Headers that are added to every call.
    pub headers: Vec<MetadataItem>,
    /// How to speak TLS to it.
    pub client_tls: Option<ClientTls>,
    /// `auth.secretStore`: the component that secrets are read from.
    pub secret_store: Option<String>,
    /// The applications that may use it.
    pub scopes: Scopes,
}

impl HttpEndpoint {
    /// `metadata.name`.
    pub fn name(&self) -> &str {
        &self.meta.name
    }

    /// The name for log lines: `name (base URL)`.
    pub fn log_name(&self) -> String {
        format!("{} ({})", self.meta.name, self.base_url)
    }
}

/// The place in the file does not count.
impl PartialEq for HttpEndpoint {
    fn eq(&self, other: &Self) -> bool {
        let Self { meta, source: _, base_url, headers, client_tls, secret_store, scopes } = self;
        *meta == other.meta
            && *base_url == other.base_url
            && *headers == other.headers
            && *client_tls == other.client_tls
            && *secret_store == other.secret_store
            && *scopes == other.scopes
    }
}

impl Eq for HttpEndpoint {}

/// TLS towards an endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientTls {
    /// The certificate authorities that the endpoint is checked against.
    pub root_ca: Option<TlsDocument>,
    /// The certificate that is shown to the endpoint.
    pub certificate: Option<TlsDocument>,
    /// The key of that certificate.
    pub private_key: Option<TlsDocument>,
    /// Whether the endpoint may ask for a new handshake.
    pub renegotiation: Renegotiation,
}

/// A PEM text that is written down or kept in a secret store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsDocument {
    /// The text.
    pub value: Option<Secret>,
    /// Where in the secret store the text is.
    pub secret_key_ref: Option<SecretKeyRef>,
}

/// TLS renegotiation (before TLS 1.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Renegotiation {
    /// Not allowed.
    #[default]
    Never,
    /// Once for each connection.
    OnceAsClient,
    /// As often as the endpoint likes.
    FreelyAsClient,
}
