//! From the fields of a file to the settings, laid over what earlier files say.

use std::num::NonZeroU32;

use super::{
    AccessControl, Action, Api, ApiAccessRule, ApiLogging, ApiProtocol, AppOperation, AppPolicy,
    ConfigurationSpec, Feature, Handler, Mtls, NameResolution, NamedConcurrencyLimit, Otel, OtelProtocol,
    SecretScope, SelectorField, StateRetention, TokenValidator, Tracing, Workflow, metric,
};
use crate::decode::{Field, Fields, Item};
use crate::{ComponentType, GoDuration, Secret};

/// What of a configuration needs all files before it makes sense.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) spec: ConfigurationSpec,
    pub(super) metric: metric::Draft,
    pub(super) metrics: metric::Draft,
}

/// Replaces a setting by what is written, if anything is.
pub(super) fn set<T>(setting: &mut T, written: Option<T>) {
    if let Some(written) = written {
        *setting = written;
    }
}

/// Lays the fields of a field over a setting; a field that is there and says nothing makes it the default again.
pub(super) fn lay<T: Default>(
    fields: &Fields<'_>,
    name: &'static str,
    setting: &mut T,
    read: impl FnOnce(&Fields<'_>, &mut T),
) {
    match fields.field(name) {
        Field::Absent => {}
        Field::Null => *setting = T::default(),
        Field::Item(item) => {
            let fields = item.fields();
            read(&fields, setting);
            fields.finish();
        }
    }
}

/// Replaces a list by what is written; a field that is there and says nothing empties it.
pub(super) fn replace<'a, T>(
    fields: &Fields<'a>,
    name: &'static str,
    setting: &mut Vec<T>,
    read: impl FnOnce(&Item<'a>) -> Option<Vec<T>>,
) {
    match fields.field(name) {
        Field::Absent => {}
        Field::Null => setting.clear(),
        Field::Item(item) => set(setting, read(&item)),
    }
}

/// Reads one item of a list and warns of its unknown fields.
fn each<T>(read: impl Fn(&Fields<'_>) -> T) -> impl Fn(&Item<'_>) -> Option<Vec<T>> {
    move |item| {
        item.list(|fields| {
            let value = read(&fields);
            fields.finish();
            value
        })
    }
}

impl Draft {
    /// Lays what is written under `spec` over the settings.
    pub(super) fn lay_over(&mut self, spec: &Fields<'_>) {
        let Self { spec: settings, metric, metrics } = self;
        let pipeline = |fields: &Fields<'_>, handlers: &mut Vec<Handler>| {
            replace(fields, "handlers", handlers, each(handler));
        };
        lay(spec, "appHttpPipeline", &mut settings.app_http_pipeline, pipeline);
        lay(spec, "httpPipeline", &mut settings.http_pipeline, pipeline);
        lay(spec, "tracing", &mut settings.tracing, tracing);
        lay(spec, "metric", metric, metric::Draft::lay_over_from);
        lay(spec, "metrics", metrics, metric::Draft::lay_over_from);
        lay(spec, "mtls", &mut settings.mtls, mtls);
        lay(spec, "secrets", &mut settings.secret_scopes, |fields, scopes| {
            replace(fields, "scopes", scopes, each(secret_scope));
        });
        lay(spec, "accessControl", &mut settings.access_control, access_control);
        lay(spec, "nameResolution", &mut settings.name_resolution, name_resolution);
        replace(spec, "features", &mut settings.features, each(feature));
        lay(spec, "api", &mut settings.api, api);
        lay(spec, "components", &mut settings.denied_components, |fields, denied| {
            replace(fields, "deny", denied, Item::texts);
        });
        lay(spec, "logging", &mut settings.api_logging, |fields, logging| {
            lay(fields, "apiLogging", logging, api_logging);
        });
        lay(spec, "wasm", &mut settings.wasm_strict_sandbox, |fields, strict| {
            set(strict, fields.boolean("strictSandbox"));
        });
        lay(spec, "workflow", &mut settings.workflow, workflow);
    }
}

fn handler(fields: &Fields<'_>) -> Handler {
    let mut selector = Vec::new();
    lay(fields, "selector", &mut selector, |fields, selector| {
        replace(
            fields,
            "fields",
            selector,
            each(|fields| SelectorField {
                field: fields.text_or_empty("field"),
                value: fields.text_or_empty("value"),
            }),
        );
    });
    Handler {
        name: fields.text_or_empty("name"),
        component_type: ComponentType::new(fields.text_or_empty("type")),
        version: fields.text_or_empty("version"),
        selector,
    }
}

fn tracing(fields: &Fields<'_>, tracing: &mut Tracing) {
    set(&mut tracing.sampling_rate, fields.text("samplingRate"));
    set(&mut tracing.stdout, fields.boolean("stdout"));
    lay(fields, "zipkin", &mut tracing.zipkin_endpoint, |fields, endpoint| {
        set(endpoint, fields.text("endpointAddress"));
    });
    lay(fields, "otel", &mut tracing.otel, otel);
}

fn otel(fields: &Fields<'_>, otel: &mut Otel) {
    set(&mut otel.protocol, fields.text("protocol").map(OtelProtocol::from));
    set(&mut otel.endpoint_address, fields.text("endpointAddress"));
    match fields.field("isSecure") {
        Field::Absent => {}
        Field::Null => otel.is_secure = true,
        Field::Item(item) => set(&mut otel.is_secure, item.boolean()),
    }
    replace(fields, "headers", &mut otel.headers, |item| {
        Some(item.items()?.iter().filter_map(header).collect())
    });
    optional_duration(fields, "timeout", &mut otel.timeout);
}

/// A header, `name=value` as the peer has it in files, or the name/value pair of its Kubernetes resource.
fn header(item: &Item<'_>) -> Option<(String, Secret)> {
    if item.is_map() {
        let fields = item.fields();
        let header = (fields.text_or_empty("name"), fields.text_or_empty("value").into());
        fields.finish();
        return Some(header);
    }
    let text = item.text()?;
    let Some((name, value)) = text.split_once('=') else {
        // Without the text: it may be a credential.
        item.warn("expected name=value, ignored");
        return None;
    };
    Some((name.to_owned(), value.into()))
}

fn mtls(fields: &Fields<'_>, mtls: &mut Mtls) {
    set(&mut mtls.enabled, fields.boolean("enabled"));
    lenient_duration(fields, "workloadCertTTL", &mut mtls.workload_cert_ttl);
    lenient_duration(fields, "allowedClockSkew", &mut mtls.allowed_clock_skew);
    set(&mut mtls.sentry_address, fields.text("sentryAddress"));
    set(&mut mtls.control_plane_trust_domain, fields.text("controlPlaneTrustDomain"));
    let validator = |fields: &Fields<'_>| TokenValidator {
        name: fields.text_or_empty("name"),
        options: fields.item("options").and_then(|item| item.any()).unwrap_or_default(),
    };
    replace(fields, "tokenValidators", &mut mtls.token_validators, each(validator));
}

fn secret_scope(fields: &Fields<'_>) -> SecretScope {
    let default_access = match fields.text_or_empty("defaultAccess") {
        access if access.is_empty() || access.eq_ignore_ascii_case("allow") => Action::Allow,
        access if access.eq_ignore_ascii_case("deny") => Action::Deny,
        access => {
            fields.refuse("defaultAccess", format!("defaultAccess {access} can be either allow or deny"));
            Action::Deny
        }
    };
    SecretScope {
        store_name: fields.text_or_empty("storeName"),
        default_access,
        allowed_secrets: fields.texts("allowedSecrets").unwrap_or_default(),
        denied_secrets: fields.texts("deniedSecrets").unwrap_or_default(),
    }
}

/// What an action says. The peer compares with `allow` and denies all else, so a slip of the pen is worth a warning.
fn action(fields: &Fields<'_>, name: &'static str) -> Option<Action> {
    let text = fields.text(name)?;
    match text.as_str() {
        "" => None,
        allow if allow.eq_ignore_ascii_case("allow") => Some(Action::Allow),
        deny if deny.eq_ignore_ascii_case("deny") => Some(Action::Deny),
        other => {
            fields.warn(name, format!("expected allow or deny, found {other:?}, which denies"));
            Some(Action::Deny)
        }
    }
}

fn access_control(fields: &Fields<'_>, control: &mut AccessControl) {
    if fields.text("defaultAction").is_some() {
        control.default_action = action(fields, "defaultAction");
    }
    set(&mut control.trust_domain, fields.text("trustDomain"));
    let operation = |fields: &Fields<'_>| AppOperation {
        name: fields.text_or_empty("name"),
        http_verbs: fields.texts("httpVerb").unwrap_or_default(),
        action: action(fields, "action"),
    };
    let policy = |fields: &Fields<'_>| {
        let mut operations = Vec::new();
        replace(fields, "operations", &mut operations, each(operation));
        AppPolicy {
            app_id: fields.text_or_empty("appId"),
            default_action: action(fields, "defaultAction"),
            trust_domain: fields.text_or_empty("trustDomain"),
            namespace: fields.text_or_empty("namespace"),
            operations,
        }
    };
    replace(fields, "policies", &mut control.policies, each(policy));
}

fn name_resolution(fields: &Fields<'_>, resolution: &mut NameResolution) {
    if let Some(component) = fields.text("component") {
        resolution.component = Some(component).filter(|component| !component.is_empty());
    }
    set(&mut resolution.version, fields.text("version"));
    match fields.field("configuration") {
        Field::Absent => {}
        Field::Null => resolution.configuration = serde_json::Value::Null,
        Field::Item(item) => set(&mut resolution.configuration, item.any()),
    }
}

fn feature(fields: &Fields<'_>) -> Feature {
    Feature { name: fields.text_or_empty("name"), enabled: fields.boolean("enabled").unwrap_or_default() }
}

fn api(fields: &Fields<'_>, api: &mut Api) {
    let rule = |fields: &Fields<'_>| {
        let protocol = match fields.text_or_empty("protocol") {
            http if http.eq_ignore_ascii_case("http") => Some(ApiProtocol::Http),
            grpc if grpc.eq_ignore_ascii_case("grpc") => Some(ApiProtocol::Grpc),
            other => {
                fields.warn(
                    "protocol",
                    format!("expected http or grpc, found {other:?}, the rule has no effect"),
                );
                None
            }
        };
        ApiAccessRule {
            name: fields.text_or_empty("name"),
            version: fields.text_or_empty("version"),
            protocol,
        }
    };
    replace(fields, "allowed", &mut api.allowed, each(rule));
    replace(fields, "denied", &mut api.denied, each(rule));
}

fn api_logging(fields: &Fields<'_>, logging: &mut ApiLogging) {
    set(&mut logging.enabled, fields.boolean("enabled"));
    set(&mut logging.obfuscate_urls, fields.boolean("obfuscateURLs"));
    set(&mut logging.omit_health_checks, fields.boolean("omitHealthChecks"));
}

fn workflow(fields: &Fields<'_>, workflow: &mut Workflow) {
    let limit =
        |name: &'static str, setting: &mut Option<NonZeroU32>, optional: bool| match fields.field(name) {
            Field::Null if optional => *setting = None,
            Field::Absent | Field::Null => {}
            Field::Item(item) => {
                if let Some(limit) = item.integer::<i32>() {
                    *setting = u32::try_from(limit).ok().and_then(NonZeroU32::new);
                }
            }
        };
    limit("maxConcurrentWorkflowInvocations", &mut workflow.max_concurrent_workflow_invocations, false);
    limit("maxConcurrentActivityInvocations", &mut workflow.max_concurrent_activity_invocations, false);
    limit(
        "globalMaxConcurrentWorkflowInvocations",
        &mut workflow.global_max_concurrent_workflow_invocations,
        true,
    );
    limit(
        "globalMaxConcurrentActivityInvocations",
        &mut workflow.global_max_concurrent_activity_invocations,
        true,
    );
    let named = |fields: &Fields<'_>| NamedConcurrencyLimit {
        name: fields.text("name"),
        max_concurrent: fields.integer("maxConcurrent"),
    };
    replace(fields, "workflowConcurrencyLimits", &mut workflow.workflow_concurrency_limits, each(named));
    replace(fields, "activityConcurrencyLimits", &mut workflow.activity_concurrency_limits, each(named));
    lay(fields, "stateRetentionPolicy", &mut workflow.state_retention, |fields, retention| {
        let StateRetention { any_terminal, completed, failed, terminated } =
            retention.get_or_insert_default();
        optional_duration(fields, "anyTerminal", any_terminal);
        optional_duration(fields, "completed", completed);
        optional_duration(fields, "failed", failed);
        optional_duration(fields, "terminated", terminated);
    });
}

/// A duration that must be one.
pub(super) fn optional_duration(fields: &Fields<'_>, name: &'static str, setting: &mut Option<GoDuration>) {
    match fields.field(name) {
        Field::Absent => {}
        Field::Null => *setting = None,
        Field::Item(item) => set(setting, item.duration().map(Some)),
    }
}

/// A duration that the peer keeps as a text and that this sidecar does not need.
fn lenient_duration(fields: &Fields<'_>, name: &'static str, setting: &mut Option<GoDuration>) {
    let Some(text) = fields.text(name) else { return };
    *setting = None;
    if !text.is_empty() {
        match text.parse() {
            Ok(duration) => *setting = Some(duration),
            Err(error) => fields.warn(name, format!("{error}, ignored")),
        }
    }
}

impl From<String> for OtelProtocol {
    fn from(text: String) -> Self {
        match text.as_str() {
            "" => Self::Unset,
            "http" => Self::Http,
            "grpc" => Self::Grpc,
            _ => Self::Other(text),
        }
    }
}
