//! The metadata of the component types.

use std::time::Duration;

use tender_component::{Error, metadata_fields};

metadata_fields! {
    /// Metadata of `state.sqlite`.
    pub(crate) struct StateConfig {
        /// The file: a path, a `file:` URI, or `:memory:`.
        pub(crate) connection_string: String, "connectionString" | "url" = "";
        /// How long an operation may take.
        pub(crate) timeout: Duration, "timeout" | "timeoutInSeconds" = "20s";
        /// How long to wait for a lock of another process.
        pub(crate) busy_timeout: Duration, "busyTimeout" = "2s";
        /// Use a rollback journal, as file systems on a network need.
        pub(crate) disable_wal: bool, "disableWAL" = "false";
        /// The table of the values.
        pub(crate) table: String, "tableName" = "state";
        /// The table that says which migrations were run.
        pub(crate) metadata_table: String, "metadataTableName" = "metadata";
        /// How often expired values are removed; they are not seen from the moment they expire.
        pub(crate) cleanup_interval: Duration, "cleanupInterval" | "cleanupIntervalInSeconds" = "1h";
    }
}

metadata_fields! {
    /// Options of the name resolver `sqlite`.
    pub(crate) struct HostsConfig {
        /// The file: a path, a `file:` URI, or `:memory:`.
        pub(crate) connection_string: String, "connectionString" | "url" = "";
        /// How long an operation may take.
        pub(crate) timeout: Duration, "timeout" | "timeoutInSeconds" = "1s";
        /// How long to wait for a lock of another process.
        pub(crate) busy_timeout: Duration, "busyTimeout" = "800ms";
        /// Use a rollback journal, as file systems on a network need.
        pub(crate) disable_wal: bool, "disableWAL" = "false";
        /// The table of the sidecars.
        pub(crate) table: String, "tableName" = "hosts";
        /// The table that says which migrations were run.
        pub(crate) metadata_table: String, "metadataTableName" = "metadata";
        /// A sidecar that has not renewed its entry for so long counts as gone.
        pub(crate) update_interval: Duration, "updateInterval" = "5s";
        /// How often entries of sidecars that are gone are removed.
        pub(crate) cleanup_interval: Duration, "cleanupInterval" = "1h";
    }
}

metadata_fields! {
    /// Metadata of `pubsub.sqlite`.
    pub(crate) struct PubSubConfig {
        /// The file: a path or a `file:` URI. All sidecars that name the same file share its topics.
        pub(crate) connection_string: String, "connectionString" | "url" = "";
        /// How long to wait for a lock of another process.
        pub(crate) busy_timeout: Duration, "busyTimeout" = "5s";
        /// The group that this app belongs to: of the subscribers of one group, one gets each message. Default: the
        /// app ID.
        pub(crate) consumer_id: String, "consumerID" = "";
        /// How many messages of one subscription may be with the app at once.
        pub(crate) concurrency: usize, "concurrency" = "10";
        /// A message whose sidecar has died is delivered again after this.
        pub(crate) lease: Duration, "leaseDuration" = "30s";
        /// A message that the app failed on is delivered again after this.
        pub(crate) redelivery_delay: Duration, "redeliveryDelay" = "1s";
        /// A message that a group has not taken by then is thrown away.
        pub(crate) retention: Duration, "messageRetention" = "168h";
    }
}

/// Where the database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Location {
    /// In memory, for this component alone.
    Memory,
    /// A file, by path or URI.
    File(String),
}

impl Location {
    /// Reads a connection string as the peer does.
    pub(crate) fn parse(connection_string: &str) -> Result<Self, Error> {
        let text = connection_string.trim();
        if text.is_empty() {
            return Err(Error::config("missing connection string"));
        }
        let is_memory = matches!(text.to_ascii_lowercase().as_str(), ":memory:" | "file::memory:")
            || (text.starts_with("file:") && text.contains("mode=memory"));
        if is_memory {
            return Ok(Self::Memory);
        }
        for forbidden in ["_pragma=busy_timeout", "_pragma=journal_mode", "_pragma=foreign_keys", "_txlock"] {
            if text.contains(forbidden) {
                return Err(Error::config(format!(
                    "found forbidden option '{forbidden}' in the connection string"
                )));
            }
        }
        // The peer's driver takes pragmas in the URI; SQLite itself does not know them.
        let (path, options) = text.split_once('?').unwrap_or((text, ""));
        if !text.starts_with("file:") {
            return Ok(Self::File(path.to_owned()));
        }
        let kept: Vec<&str> =
            options.split('&').filter(|option| !option.is_empty() && !option.starts_with('_')).collect();
        let separator = if kept.is_empty() { "" } else { "?" };
        Ok(Self::File(format!("{path}{separator}{}", kept.join("&"))))
    }
}

/// The name of a table, which goes into statements as it is.
pub(crate) fn table_name(name: &str) -> Result<String, Error> {
    let is_legal = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if is_legal {
        Ok(name.to_owned())
    } else {
        Err(Error::config(format!("invalid identifier for table name: {name}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connection_strings_are_read() {
        let file = |path: &str| Ok(Location::File(path.to_owned()));
        for (text, expected) in [
            ("data.db", file("data.db")),
            ("/a/b.db?_pragma=synchronous(1)", file("/a/b.db")),
            ("file:data.db?cache=private&_x=1", file("file:data.db?cache=private")),
            ("file:data.db", file("file:data.db")),
            (":memory:", Ok(Location::Memory)),
            ("file::memory:", Ok(Location::Memory)),
            ("", Err("missing connection string")),
            (
                "a.db?_pragma=journal_mode(WAL)",
                Err("found forbidden option '_pragma=journal_mode' in the connection string"),
            ),
        ] {
            assert_eq!(
                Location::parse(text).map_err(|error| error.to_string()),
                expected.map_err(str::to_owned),
                "{text}"
            );
        }
    }

    #[test]
    fn table_names_cannot_hold_statements() {
        assert!(table_name("state_1").is_ok());
        for wrong in ["", "1a", "a;b", "a b", "a\"b"] {
            assert!(table_name(wrong).is_err(), "{wrong}");
        }
    }
}
