//! The settings of metrics, which may be written twice: under `metric`, and under `metrics`, which outweighs it.

use super::read::{lay, optional_duration, replace, set};
use super::{Metric, MetricHttp, MetricLabel, MetricRule, WorkflowMetrics};
use crate::decode::{Field, Fields, Item};

/// What is written under one of the two names.
#[derive(Debug, Default)]
pub(super) struct Draft {
    enabled: Option<bool>,
    record_error_codes: Option<bool>,
    http: Option<MetricHttp>,
    rules: Vec<MetricRule>,
    latency_distribution_buckets: Option<Vec<i64>>,
    workflow: Option<WorkflowMetrics>,
}

impl Draft {
    /// Lays what is written over what earlier files say.
    pub(super) fn lay_over_from(fields: &Fields<'_>, draft: &mut Self) {
        optional(fields, "enabled", &mut draft.enabled, Item::boolean);
        optional(fields, "recordErrorCodes", &mut draft.record_error_codes, Item::boolean);
        lay(fields, "http", &mut draft.http, |fields, http| {
            let http = http.get_or_insert_default();
            optional(fields, "increasedCardinality", &mut http.increased_cardinality, Item::boolean);
            replace(fields, "pathMatching", &mut http.path_matching, Item::texts);
            let mut exclude_verbs = Some(http.exclude_verbs);
            optional(fields, "excludeVerbs", &mut exclude_verbs, Item::boolean);
            http.exclude_verbs = exclude_verbs.unwrap_or_default();
        });
        replace(fields, "rules", &mut draft.rules, |item| {
            item.list(|fields| {
                let rule = rule(&fields);
                fields.finish();
                rule
            })
        });
        optional(
            fields,
            "latencyDistributionBuckets",
            &mut draft.latency_distribution_buckets,
            Item::integers,
        );
        lay(fields, "workflow", &mut draft.workflow, |fields, workflow| {
            let workflow = workflow.get_or_insert_default();
            let buckets = &mut workflow.latency_distribution_buckets;
            replace(fields, "latencyDistributionBuckets", buckets, Item::integers);
            optional_duration(fields, "latencyDistributionUnits", &mut workflow.latency_distribution_units);
        });
    }

    /// The settings, with what the other draft says in place of what this one says.
    pub(super) fn outweighed_by(self, other: Self) -> Metric {
        let rules = if other.rules.is_empty() { self.rules } else { other.rules };
        Metric {
            enabled: other.enabled.or(self.enabled).unwrap_or(true),
            record_error_codes: other.record_error_codes.or(self.record_error_codes).unwrap_or_default(),
            http: other.http.or(self.http).unwrap_or_default(),
            rules,
            latency_distribution_buckets: other
                .latency_distribution_buckets
                .or(self.latency_distribution_buckets)
                .unwrap_or_default(),
            workflow: other.workflow.or(self.workflow).unwrap_or_default(),
        }
    }
}

/// Replaces a setting that may be absent; a field that is there and says nothing makes it so.
fn optional<'a, T>(
    fields: &Fields<'a>,
    name: &'static str,
    setting: &mut Option<T>,
    read: impl FnOnce(&Item<'a>) -> Option<T>,
) {
    match fields.field(name) {
        Field::Absent => {}
        Field::Null => *setting = None,
        Field::Item(item) => set(setting, read(&item).map(Some)),
    }
}

fn rule(fields: &Fields<'_>) -> MetricRule {
    let label = |fields: Fields<'_>| {
        let label = MetricLabel {
            name: fields.text_or_empty("name"),
            regex: fields.item("regex").and_then(|item| item.scalars(Item::text)).unwrap_or_default(),
        };
        fields.finish();
        label
    };
    MetricRule {
        name: fields.text_or_empty("name"),
        labels: fields.list("labels", label).unwrap_or_default(),
    }
}
