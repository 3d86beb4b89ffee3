//! Name/value pairs, references to secrets and scopes.

use crate::decode::{Fields, Item, Reader};
use crate::{MetadataItem, Scopes, SecretKeyRef};

/// The items of a list of name/value pairs.
pub(super) fn items(fields: &Fields<'_>, name: &'static str, reader: &Reader) -> Vec<MetadataItem> {
    let read = |item: Fields<'_>| {
        let name = item.text_or_empty("name");
        item.warn_if_empty("name", "the item has no name");
        let value = item.item("value").and_then(|value| value.any_text());
        let secret_key_ref = item.item("secretKeyRef").map(|reference| self::secret_key_ref(&reference));
        let env_ref = item.non_empty("envRef");
        let source = reader.source(item.position());
        item.finish();
        MetadataItem { name, value, secret_key_ref, env_ref, source }
    };
    fields.list(name, read).unwrap_or_default()
}

/// A reference to a secret.
pub(super) fn secret_key_ref(item: &Item<'_>) -> SecretKeyRef {
    let reference = item.fields();
    let read = SecretKeyRef { name: reference.text_or_empty("name"), key: reference.text_or_empty("key") };
    reference.warn_if_empty("name", "the reference names no secret, ignored");
    reference.finish();
    read
}

/// `auth.secretStore`.
pub(super) fn secret_store(root: &Fields<'_>) -> Option<String> {
    let auth = root.fields("auth");
    let store = auth.non_empty("secretStore");
    auth.finish();
    store
}

/// `scopes`.
pub(super) fn scopes(root: &Fields<'_>) -> Scopes {
    Scopes::new(root.texts("scopes").unwrap_or_default())
}
