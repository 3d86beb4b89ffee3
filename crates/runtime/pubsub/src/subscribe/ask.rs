//! Subscriptions that the app asks for when it is asked.

use std::collections::HashMap;
use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, StatusCode};
use serde::Deserialize;
use tender_channel::{App, GrpcApp, HttpApp};
use tender_core::body::{collect, empty};
use tender_proto::runtime::v1 as wire;
use tender_proto::runtime::v1::app_callback_client::AppCallbackClient;
use tonic::Code;

use super::spec::{SubscriptionKind, SubscriptionSpec, warn_of_bulk};
use crate::routing::{InvalidRule, Rule, Rules};

const SCOPE: &str = "dapr.runtime.processor.subscription";

/// How often an app that does not answer is asked again, and the first wait; the next is twice as long.
const ATTEMPTS: u32 = 3;
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// An answer that is of no use.
#[derive(Debug, thiserror::Error)]
enum AskError {
    #[error("{0}")]
    Unreachable(String),
    #[error("error unmarshalling app subscriptions: {0}")]
    Malformed(String),
    #[error(transparent)]
    Rule(#[from] InvalidRule),
}

/// Asks the app. One that has nothing to say subscribes to nothing; a failure is told.
pub(crate) async fn ask(app: &App, app_id: &str) -> Vec<SubscriptionSpec> {
    let mut wait = FIRST_WAIT;
    for attempt in 1.. {
        let answer = match app {
            App::Http(app) => ask_http(app, app_id).await,
            App::Grpc(app) => ask_grpc(app).await,
        };
        match answer {
            Ok(subscriptions) => return subscriptions,
            Err(AskError::Unreachable(_)) if attempt < ATTEMPTS => {
                tokio::time::sleep(wait).await;
                wait *= 2;
            }
            Err(error) => {
                tracing::error!(target: SCOPE, "could not get the app's subscriptions: {error}");
                break;
            }
        }
    }
    Vec::new()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    #[serde(default, rename = "pubsubname", alias = "pubsubName")]
    pubsub: String,
    #[serde(default)]
    topic: String,
    #[serde(default)]
    dead_letter_topic: String,
    #[serde(default)]
    metadata: Option<HashMap<String, String>>,
    #[serde(default)]
    route: String,
    #[serde(default)]
    routes: Option<Routes>,
    #[serde(default)]
    bulk_subscribe: Option<Bulk>,
}

#[derive(Default, Deserialize)]
struct Routes {
    #[serde(default)]
    rules: Option<Vec<RouteRule>>,
    #[serde(default)]
    default: String,
}

#[derive(Deserialize)]
struct RouteRule {
    #[serde(default, rename = "match")]
    expression: String,
    #[serde(default)]
    path: String,
}

#[derive(Deserialize)]
struct Bulk {
    #[serde(default)]
    enabled: bool,
}

async fn ask_http(app: &HttpApp, app_id: &str) -> Result<Vec<SubscriptionSpec>, AskError> {
    let mut request = Request::new(empty());
    *request.uri_mut() = http::Uri::from_static("/dapr/subscribe");
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Ok(id) = HeaderValue::try_from(app_id) {
        request.headers_mut().insert("dapr-app-id", id);
    }
    let response = app.call(request).await.map_err(|error| AskError::Unreachable(error.to_string()))?;
    let status = response.status();
    let body = collect(response.into_body(), app.max_body()).await;
    let body = body.map_err(|error| AskError::Unreachable(error.to_string()))?;
    match status {
        StatusCode::OK => parse(&body),
        StatusCode::NOT_FOUND => Ok(Vec::new()),
        other => {
            tracing::error!(
                target: SCOPE, "app returned http status code {} from subscription endpoint", other.as_u16()
            );
            Ok(Vec::new())
        }
    }
}

fn parse(body: &[u8]) -> Result<Vec<SubscriptionSpec>, AskError> {
    if body.trim_ascii().is_empty() {
        return Ok(Vec::new());
    }
    let items: Option<Vec<Item>> =
        serde_json::from_slice(body).map_err(|error| AskError::Malformed(error.to_string()))?;
    let mut subscriptions = Vec::new();
    for item in items.unwrap_or_default() {
        let routes = item.routes.unwrap_or_default();
        let mut rules = Vec::new();
        for rule in routes.rules.unwrap_or_default() {
            rules.push(Rule::new(&rule.expression, rule.path)?);
        }
        let default = if routes.default.is_empty() { item.route } else { routes.default };
        if !default.is_empty() {
            rules.push(Rule::new("", default)?);
        }
        if rules.is_empty() {
            tracing::warn!(target: SCOPE, "topic {} has an empty routes. removing from subscriptions list", item.topic);
            continue;
        }
        warn_of_bulk(item.bulk_subscribe.is_some_and(|bulk| bulk.enabled), &item.pubsub, &item.topic);
        subscriptions.push(SubscriptionSpec {
            pubsub: item.pubsub,
            topic: item.topic,
            metadata: item.metadata.unwrap_or_default(),
            rules: Rules::new(rules),
            dead_letter_topic: Some(item.dead_letter_topic).filter(|topic| !topic.is_empty()),
            kind: SubscriptionKind::Programmatic,
        });
    }
    Ok(subscriptions)
}

async fn ask_grpc(app: &GrpcApp) -> Result<Vec<SubscriptionSpec>, AskError> {
    let limit = app.max_body();
    let mut client = AppCallbackClient::new(app.service()).max_decoding_message_size(limit);
    let listed = match client.list_topic_subscriptions(()).await {
        Ok(answer) => answer.into_inner().subscriptions,
        Err(status) if status.code() == Code::Unimplemented => {
            tracing::info!(
                target: SCOPE, "pubsub subscriptions: gRPC app does not implement ListTopicSubscriptions"
            );
            Vec::new()
        }
        Err(status) => return Err(AskError::Unreachable(status.to_string())),
    };
    listed.into_iter().map(from_wire).collect()
}

/// A gRPC app has one method for all events, so no route is needed.
fn from_wire(item: wire::TopicSubscription) -> Result<SubscriptionSpec, AskError> {
    let routes = item.routes.unwrap_or_default();
    let mut rules = Vec::with_capacity(routes.rules.len() + 1);
    for rule in routes.rules {
        rules.push(Rule::new(&rule.r#match, rule.path)?);
    }
    if !routes.default.is_empty() || rules.is_empty() {
        rules.push(Rule::new("", routes.default)?);
    }
    warn_of_bulk(item.bulk_subscribe.is_some_and(|bulk| bulk.enabled), &item.pubsub_name, &item.topic);
    Ok(SubscriptionSpec {
        pubsub: item.pubsub_name,
        topic: item.topic,
        metadata: item.metadata,
        rules: Rules::new(rules),
        dead_letter_topic: Some(item.dead_letter_topic).filter(|topic| !topic.is_empty()),
        kind: SubscriptionKind::Programmatic,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes(json: &str) -> Vec<Vec<(String, String)>> {
        parse(json.as_bytes()).unwrap().iter().map(|spec| spec.info().rules).collect()
    }

    #[test]
    fn both_forms_of_routes_are_read() {
        let rule = |expression: &str, path: &str| (expression.to_owned(), path.to_owned());
        assert_eq!(routes(r#"[{"pubsubname":"p","topic":"t","route":"/r"}]"#), [vec![rule("", "/r")]]);
        assert_eq!(
            routes(
                r#"[{"pubsubname":"p","topic":"t","route":"/r",
                     "routes":{"rules":[{"match":"event.type == 'x'","path":"/x"}],"default":"/d"}}]"#
            ),
            [vec![rule("event.type == 'x'", "/x"), rule("", "/d")]]
        );
    }

    #[test]
    fn subscriptions_without_a_route_are_left_out() {
        assert!(routes(r#"[{"pubsubname":"p","topic":"t"}]"#).is_empty());
        assert!(routes("").is_empty() && routes("null").is_empty() && routes("[]").is_empty());
    }

    #[test]
    fn answers_that_cannot_be_read_are_errors() {
        assert!(parse(b"{").is_err());
        assert!(parse(br#"[{"topic":"t","routes":{"rules":[{"match":"==","path":"/x"}]}}]"#).is_err());
    }

    #[test]
    fn a_grpc_subscription_needs_no_route() {
        let spec =
            from_wire(wire::TopicSubscription { topic: "t".to_owned(), ..Default::default() }).unwrap();
        assert_eq!(spec.info().rules, [(String::new(), String::new())]);
    }
}
