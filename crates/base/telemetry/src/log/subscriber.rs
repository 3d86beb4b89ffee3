//! From `tracing` events to lines. Spans are not kept: a line says what it must by itself.

use std::fmt::Write as _;

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::format::{Line, write_json, write_text};
use super::{Level, LogOptions};

/// The scope of code that names none of the peer's.
const DEFAULT_SCOPE: &str = "dapr.runtime";

pub(super) struct LogSubscriber {
    options: LogOptions,
    filter: LevelFilter,
}

impl LogSubscriber {
    pub(super) fn new(options: LogOptions) -> Self {
        let filter = match options.level {
            Level::Fatal | Level::Error => LevelFilter::ERROR,
            Level::Warn => LevelFilter::WARN,
            Level::Info => LevelFilter::INFO,
            Level::Debug => LevelFilter::DEBUG,
        };
        Self { options, filter }
    }
}

impl Subscriber for LogSubscriber {
    /// Our own events at the chosen level; of libraries only what somebody should know.
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let ours = metadata.target().starts_with("dapr") || metadata.target().starts_with("tender");
        metadata.is_event()
            && *metadata.level() <= self.filter
            && (ours || *metadata.level() <= tracing::Level::WARN && self.options.level == Level::Debug)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.filter)
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let target = event.metadata().target();
        let level = match *event.metadata().level() {
            tracing::Level::ERROR if fields.fatal => "fatal",
            tracing::Level::ERROR => "error",
            tracing::Level::WARN => "warning",
            tracing::Level::INFO => "info",
            _ => "debug",
        };
        let line = Line {
            time: jiff::Timestamp::now(),
            level,
            message: &fields.message,
            scope: if target.starts_with("dapr") { target } else { DEFAULT_SCOPE },
            extra: &fields.extra,
            options: &self.options,
        };
        let text = if self.options.json { write_json(&line) } else { write_text(&line) };
        self.options.sink.line(&text);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The fields of one event. `fatal = true` marks what ends the process.
#[derive(Default)]
struct Fields {
    message: String,
    extra: Vec<(&'static str, String)>,
    fatal: bool,
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let text = format!("{value:?}");
        match field.name() {
            // Writing to a String cannot fail.
            "message" => drop(self.message.write_str(&text)),
            name => self.extra.push((name, text)),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => self.message.push_str(value),
            name => self.extra.push((name, value.to_owned())),
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        match field.name() {
            "fatal" => self.fatal = value,
            name => self.extra.push((name, value.to_string())),
        }
    }
}
