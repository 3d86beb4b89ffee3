//! `secretstores.local.file`: secrets from a JSON file.
//!
//! The file is one object, read once. Nested objects and arrays are flattened: `{"db": {"users": ["ann"]}}` holds the
//! secret `db:users:0`. With `multiValued`, only what lies below each top-level object is flattened, to the keys of
//! one secret: the secret `db` has the key `users:0`.

use std::collections::HashMap;
use std::io;

use async_trait::async_trait;
use serde_json::{Map, Value};
use tender_component::metadata::{Metadata, MetadataFields};
use tender_component::secret::{SecretCapabilities, SecretData, SecretStore};
use tender_component::{Error, ErrorKind};

tender_component::metadata_fields! {
    /// Which file, and how it is read.
    pub(crate) struct Config {
        /// Path of the JSON file, absolute or from the working directory.
        secrets_file: String, "secretsFile", required;
        /// Stands between the names of nested objects.
        nested_separator: String, "nestedSeparator" = ":";
        /// Each top-level object is one secret of several keys.
        multi_valued: bool, "multiValued" = "false";
    }
}

/// The secrets of a file as they were when it was opened.
#[derive(Debug)]
pub(crate) struct FileStore {
    multi_valued: bool,
    secrets: HashMap<String, SecretData>,
}

impl FileStore {
    pub(crate) async fn open(metadata: &Metadata) -> Result<Self, Error> {
        if metadata.get("secretsFile").is_none_or(str::is_empty) {
            return Err(Error::config("missing local secrets file in metadata"));
        }
        let config = Config::decode(metadata)?;
        let path = &config.secrets_file;
        let text = tokio::fs::read(path)
            .await
            .map_err(|error| Error::config(format!("open {path}: {}", reason(&error))))?;
        // A syntax error names a place, never a value. A typed decode would name the value that it meets instead.
        let content: Value = serde_json::from_str(&String::from_utf8_lossy(&text))
            .map_err(|error| Error::config(format!("secrets file {path}: {error}")))?;
        let content = match content {
            Value::Object(content) => content,
            Value::Null => Map::new(),
            _ => return Err(Error::config(format!("secrets file {path}: not an object"))),
        };
        Ok(Self::new(content, &config.nested_separator, config.multi_valued))
    }

    fn new(content: Map<String, Value>, separator: &str, multi_valued: bool) -> Self {
        let mut secrets = HashMap::new();
        if multi_valued {
            for (name, value) in content {
                match value {
                    Value::String(text) => secrets.insert(name.clone(), single(name, text)),
                    Value::Object(object) => {
                        let mut keys = HashMap::new();
                        flatten(Value::Object(object), None, separator, &mut keys);
                        secrets.insert(name, SecretData(keys))
                    }
                    // As the peer: anything else at the top is no secret.
                    _ => None,
                };
            }
        } else {
            let mut values = HashMap::new();
            flatten(Value::Object(content), None, separator, &mut values);
            secrets.extend(values.into_iter().map(|(name, text)| (name.clone(), single(name, text))));
        }
        Self { multi_valued, secrets }
    }
}

fn single(name: String, text: String) -> SecretData {
    SecretData(HashMap::from([(name, text)]))
}

/// Puts every leaf below `value` into `leaves`, by the names on the way to it. Of two leaves at one path, the first
/// is kept. What is no text is written as JSON; the peer writes Go's mark of a wrong format (`%!s(float64=1)`).
fn flatten(value: Value, path: Option<String>, separator: &str, leaves: &mut HashMap<String, String>) {
    let below = |name: &str| match &path {
        Some(path) => format!("{path}{separator}{name}"),
        None => name.to_owned(),
    };
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                flatten(value, Some(below(&name)), separator, leaves);
            }
        }
        Value::Array(array) => {
            for (index, value) in array.into_iter().enumerate() {
                flatten(value, Some(below(&index.to_string())), separator, leaves);
            }
        }
        Value::String(text) => {
            leaves.entry(path.unwrap_or_default()).or_insert(text);
        }
        other => {
            leaves.entry(path.unwrap_or_default()).or_insert_with(|| other.to_string());
        }
    }
}

/// Why a file cannot be read, in the words of the operating system.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::IsADirectory => "is a directory".to_owned(),
        _ => error.to_string(),
    }
}

#[async_trait]
impl SecretStore for FileStore {
    fn capabilities(&self) -> SecretCapabilities {
        SecretCapabilities { multiple_key_values_per_secret: self.multi_valued }
    }

    async fn get(&self, name: &str, _: &HashMap<String, String>) -> Result<SecretData, Error> {
        let secret = self.secrets.get(name).cloned();
        secret.ok_or_else(|| Error::new(ErrorKind::NotFound, format!("secret {name} not found")))
    }

    async fn bulk_get(&self, _: &HashMap<String, String>) -> Result<HashMap<String, SecretData>, Error> {
        Ok(self.secrets.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn open(content: &str, items: &[(&str, &str)]) -> Result<FileStore, Error> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secrets.json");
        std::fs::write(&path, content).unwrap();
        let items = items.iter().copied().chain([("secretsFile", path.to_str().unwrap())]);
        FileStore::open(&Metadata::new("secrets", items)).await
    }

    /// Every secret as `name key=value key=value`, sorted.
    fn listing(store: &FileStore) -> Vec<String> {
        let mut lines: Vec<_> = store
            .secrets
            .iter()
            .map(|(name, data)| {
                let mut keys: Vec<_> = data.0.iter().map(|(key, value)| format!("{key}={value}")).collect();
                keys.sort();
                format!("{name} {}", keys.join(" "))
            })
            .collect();
        lines.sort();
        lines
    }

    const NESTED: &str =
        r#"{"top": "1", "db": {"user": "ann", "ports": [5432, true], "deep": {"key": "k"}}, "list": ["x"]}"#;

    #[tokio::test]
    async fn nested_values_are_secrets_under_their_paths() {
        let store = open(NESTED, &[]).await.unwrap();
        assert!(!store.capabilities().multiple_key_values_per_secret);
        assert_eq!(
            listing(&store),
            [
                "db:deep:key db:deep:key=k",
                "db:ports:0 db:ports:0=5432",
                "db:ports:1 db:ports:1=true",
                "db:user db:user=ann",
                "list:0 list:0=x",
                "top top=1"
            ]
        );
    }

    #[tokio::test]
    async fn multi_valued_keeps_top_level_objects_as_secrets_and_drops_other_values() {
        let store = open(NESTED, &[("multiValued", "true"), ("nestedSeparator", "/")]).await.unwrap();
        assert!(store.capabilities().multiple_key_values_per_secret);
        assert_eq!(listing(&store), ["db deep/key=k ports/0=5432 ports/1=true user=ann", "top top=1"]);
    }

    #[tokio::test]
    async fn of_two_values_at_one_path_the_first_is_kept() {
        let store = open(r#"{"a:b": "first", "a": {"b": "second"}}"#, &[]).await.unwrap();
        assert_eq!(listing(&store), ["a:b a:b=first"]);
    }

    #[tokio::test]
    async fn an_unknown_name_is_not_found() {
        let store = open("{}", &[]).await.unwrap();
        let error = store.get("x", &HashMap::new()).await.unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::NotFound, "secret x not found"));
    }

    #[tokio::test]
    async fn a_null_file_is_empty_and_other_content_is_refused_without_its_values() {
        assert!(open("null", &[]).await.unwrap().secrets.is_empty());
        for content in ["[]", r#""s3cret""#, r#"{"a": "s3cret""#, ""] {
            let error = open(content, &[]).await.unwrap_err().to_string();
            assert!(error.starts_with("secrets file ") && !error.contains("s3cret"), "{error}");
        }
    }

    #[tokio::test]
    async fn a_missing_path_and_a_missing_file_are_told_apart() {
        let error = FileStore::open(&Metadata::new("s", [("secretsFile", "")])).await.unwrap_err();
        assert_eq!(error.to_string(), "missing local secrets file in metadata");
        let error = FileStore::open(&Metadata::new("s", [("secretsFile", "/no/such")])).await.unwrap_err();
        assert_eq!(error.to_string(), "open /no/such: no such file or directory");
    }
}
