//! The two shapes of a line: logrus text and logrus JSON, fields in the order of their names.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::LogOptions;

/// What a line says.
pub(super) struct Line<'a> {
    pub(super) time: Timestamp,
    pub(super) level: &'static str,
    pub(super) message: &'a str,
    pub(super) scope: &'a str,
    pub(super) extra: &'a [(&'static str, String)],
    pub(super) options: &'a LogOptions,
}

impl Line<'_> {
    /// Every field but time, level and message, sorted by name.
    fn fields(&self) -> Vec<(&str, &str)> {
        let mut fields = vec![
            ("app_id", self.options.app_id.as_str()),
            ("instance", &self.options.instance),
            ("scope", self.scope),
            ("type", "log"),
            ("ver", &self.options.version),
        ];
        fields.extend(self.extra.iter().map(|(name, value)| (*name, value.as_str())));
        fields.sort_unstable();
        fields
    }

    fn time(&self) -> String {
        format!("{:.9}", self.time)
    }
}

pub(super) fn write_text(line: &Line<'_>) -> String {
    let mut text = format!("time=\"{}\" level={} msg=", line.time(), line.level);
    push_value(&mut text, line.message);
    for (name, value) in line.fields() {
        text.push(' ');
        text.push_str(name);
        text.push('=');
        push_value(&mut text, value);
    }
    text
}

/// Quotes a value, as logrus does, if it holds anything but letters, digits and `-._/@^+`.
fn push_value(text: &mut String, value: &str) {
    let plain =
        !value.is_empty() && value.chars().all(|c| c.is_ascii_alphanumeric() || "-._/@^+".contains(c));
    if plain {
        text.push_str(value);
        return;
    }
    text.push('"');
    for c in value.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            c if c.is_control() => text.extend(c.escape_unicode()),
            c => text.push(c),
        }
    }
    text.push('"');
}

pub(super) fn write_json(line: &Line<'_>) -> String {
    let mut fields: Vec<(&str, &str)> = line.fields();
    let time = line.time();
    fields.extend([("level", line.level), ("msg", line.message), ("time", &time)]);
    fields.sort_unstable();
    let object: Map<String, Value> =
        fields.into_iter().map(|(name, value)| (name.to_owned(), Value::String(value.to_owned()))).collect();
    Value::Object(object).to_string()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parking_lot::Mutex;

    use super::super::{Level, LineSink, LogOptions};

    #[derive(Default)]
    struct Lines(Mutex<Vec<String>>);

    impl LineSink for Lines {
        fn line(&self, line: &str) {
            // The time is cut off: it differs from run to run.
            let rest = line.split_once(" level").map_or(line, |(_, rest)| rest);
            self.0.lock().push(rest.to_owned());
        }
    }

    fn logged(level: Level, json: bool, work: impl FnOnce()) -> Vec<String> {
        let lines = Arc::new(Lines::default());
        let options = LogOptions {
            level,
            json,
            app_id: "orders".to_owned(),
            instance: "host".to_owned(),
            version: "1.2.3".to_owned(),
            sink: lines.clone(),
        };
        tracing::dispatcher::with_default(&options.dispatch(), work);
        let lines = lines.0.lock();
        lines.clone()
    }

    #[test]
    fn a_line_reads_as_the_peers() {
        let lines = logged(Level::Info, false, || {
            tracing::info!(target: "dapr.runtime.http", "listening on \"x\"");
            tracing::debug!(target: "dapr.runtime", "not shown");
            tracing::info!("started");
        });
        assert_eq!(
            lines,
            [
                r#"=info msg="listening on \"x\"" app_id=orders instance=host scope=dapr.runtime.http type=log ver=1.2.3"#,
                "=info msg=started app_id=orders instance=host scope=dapr.runtime type=log ver=1.2.3",
            ]
        );
    }

    #[test]
    fn json_lines_are_objects_with_sorted_keys() {
        let lines =
            logged(Level::Debug, true, || tracing::warn!(target: "dapr.runtime", component = "x", "slow"));
        let object: serde_json::Value = serde_json::from_str(lines.first().expect("one line")).unwrap();
        assert_eq!(object["msg"], "slow");
        assert_eq!(object["component"], "x");
        assert_eq!(object["level"], "warning");
    }

    #[test]
    fn two_sidecars_do_not_share_a_level() {
        let quiet = logged(Level::Error, false, || tracing::info!(target: "dapr.runtime", "hello"));
        let loud = logged(Level::Debug, false, || tracing::debug!(target: "dapr.runtime", "hello"));
        assert_eq!((quiet.len(), loud.len()), (0, 1));
    }
}
