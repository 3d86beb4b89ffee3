//! Subscriptions of both versions.

use super::metadata;
use crate::decode::{Fields, Item};
use crate::{BulkSubscribe, ObjectMeta, Routes, Rule, Source, Subscription};

pub(super) fn read(
    root: &Fields<'_>,
    meta: ObjectMeta,
    source: Source,
    second_version: bool,
) -> Subscription {
    let spec = root.fields("spec");
    let routes = if second_version {
        routes(&spec.fields("routes"))
    } else {
        Routes { rules: Vec::new(), default: spec.non_empty("route") }
    };
    let subscription = Subscription {
        meta,
        source,
        pubsub_name: spec.text_or_empty("pubsubname"),
        topic: spec.text_or_empty("topic"),
        metadata: spec.item("metadata").and_then(|item| item.scalars(Item::text)).unwrap_or_default(),
        routes,
        dead_letter_topic: spec.non_empty("deadLetterTopic"),
        bulk_subscribe: bulk_subscribe(spec.fields("bulkSubscribe")),
        scopes: metadata::scopes(root),
    };
    spec.warn_if_empty("pubsubname", "the subscription has none");
    spec.warn_if_empty("topic", "the subscription has none");
    spec.finish();
    subscription
}

fn routes(routes: &Fields<'_>) -> Routes {
    let rule = |rule: Fields<'_>| {
        let read = Rule { matches: rule.text_or_empty("match"), path: rule.text_or_empty("path") };
        rule.finish();
        read
    };
    Routes { rules: routes.list("rules", rule).unwrap_or_default(), default: routes.non_empty("default") }
}

fn bulk_subscribe(bulk: Fields<'_>) -> BulkSubscribe {
    let read = BulkSubscribe {
        enabled: bulk.boolean("enabled").unwrap_or_default(),
        max_messages_count: bulk.integer("maxMessagesCount").unwrap_or_default(),
        max_await_duration_ms: bulk.integer("maxAwaitDurationMs").unwrap_or_default(),
    };
    bulk.finish();
    read
}
