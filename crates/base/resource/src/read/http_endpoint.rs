//! HTTP endpoints.

use super::metadata;
use crate::decode::{Fields, Reader};
use crate::{ClientTls, HttpEndpoint, ObjectMeta, Renegotiation, Source, TlsDocument};

pub(super) fn read(root: &Fields<'_>, reader: &Reader, meta: ObjectMeta, source: Source) -> HttpEndpoint {
    let spec = root.fields("spec");
    let endpoint = HttpEndpoint {
        meta,
        source,
        base_url: spec.text_or_empty("baseUrl"),
        headers: metadata::items(&spec, "headers", reader),
        client_tls: spec.item("clientTLS").map(|item| client_tls(item.fields())),
        secret_store: metadata::secret_store(root),
        scopes: metadata::scopes(root),
    };
    spec.warn_if_empty("baseUrl", "the endpoint has no address");
    spec.finish();
    endpoint
}

fn client_tls(tls: Fields<'_>) -> ClientTls {
    let read = ClientTls {
        root_ca: document(&tls, "rootCA"),
        certificate: document(&tls, "certificate"),
        private_key: document(&tls, "privateKey"),
        renegotiation: renegotiation(&tls),
    };
    tls.finish();
    read
}

fn document(tls: &Fields<'_>, name: &'static str) -> Option<TlsDocument> {
    let document = tls.item(name)?.fields();
    let read = TlsDocument {
        value: document.item("value").and_then(|value| value.any_text()),
        secret_key_ref: document.item("secretKeyRef").map(|reference| metadata::secret_key_ref(&reference)),
    };
    document.finish();
    Some(read)
}

fn renegotiation(tls: &Fields<'_>) -> Renegotiation {
    match tls.text_or_empty("renegotiation").as_str() {
        "" | "Never" => Renegotiation::Never,
        "OnceAsClient" => Renegotiation::OnceAsClient,
        "FreelyAsClient" => Renegotiation::FreelyAsClient,
        other => {
            let words = "Never, OnceAsClient or FreelyAsClient";
            tls.refuse("renegotiation", format!("expected {words}, found {other:?}"));
            Renegotiation::Never
        }
    }
}
