//! To an HTTP app: the envelope in a POST, and the app's answer.

use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, TRANSFER_ENCODING};
use http::{HeaderName, HeaderValue, Method, Request, StatusCode};
use serde::Deserialize;
use tender_channel::HttpApp;
use tender_core::body::{collect, full};

use super::{Delivery, SCOPE, Verdict};

/// What an app may answer.
#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    status: String,
}

pub(super) async fn deliver(app: &HttpApp, delivery: &Delivery<'_>) -> Verdict {
    let event = delivery.event;
    let mut request = Request::new(full(event.wire.clone()));
    *request.method_mut() = Method::POST;
    match format!("/{}", delivery.path.trim_start_matches('/')).parse() {
        Ok(uri) => *request.uri_mut() = uri,
        Err(error) => return Verdict::Retry(format!("the route {:?} is no path: {error}", delivery.path)),
    }
    let headers = request.headers_mut();
    for (name, value) in delivery.metadata {
        // What cannot be a header cannot reach an HTTP app, and what frames the request is ours.
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value))
            && ![CONTENT_LENGTH, TRANSFER_ENCODING, HOST].contains(&name)
        {
            headers.insert(name, value);
        }
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/cloudevents+json"));
    if let Ok(pubsub) = HeaderValue::try_from(delivery.pubsub) {
        headers.insert(HeaderName::from_static("pubsubname"), pubsub);
    }
    let response = match app.call(request).await {
        Ok(response) => response,
        Err(error) => {
            let reason =
                format!("error returned from app channel while sending pub/sub event to app: {error}");
            tracing::warn!(target: SCOPE, "{reason}");
            return Verdict::Retry(reason);
        }
    };
    let status = response.status();
    let body = collect(response.into_body(), app.max_body()).await.unwrap_or_default();
    if status.is_success() {
        return answered(&event.text("id"), &body);
    }
    let body = String::from_utf8_lossy(&body);
    let code = status.as_u16();
    if status == StatusCode::NOT_FOUND {
        tracing::error!(
            target: SCOPE,
            "non-retriable error returned from app while processing pub/sub event {}: {body}. status code returned: {code}",
            event.text("id")
        );
        return Verdict::Drop;
    }
    let reason = format!(
        "retriable error returned from app while processing pub/sub event {}, topic: {}, body: {body}. status code returned: {code}",
        event.text("id"),
        event.text("topic")
    );
    tracing::warn!(target: SCOPE, "{reason}");
    Verdict::Retry(reason)
}

/// A 2xx with a body that is no answer counts as success, as at the peer.
fn answered(id: &str, body: &[u8]) -> Verdict {
    let Ok(answer) = serde_json::from_slice::<Answer>(body) else { return Verdict::Success };
    match answer.status.as_str() {
        "" | "SUCCESS" => Verdict::Success,
        "RETRY" => {
            Verdict::Retry(format!("RETRY status returned from app while processing pub/sub event {id}"))
        }
        "DROP" => {
            tracing::warn!(target: SCOPE, "DROP status returned from app while processing pub/sub event {id}");
            Verdict::Drop
        }
        other => Verdict::Retry(format!(
            "unknown status returned from app while processing pub/sub event {id}, status: {other}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_become_verdicts() {
        for (body, verdict) in [
            ("", "Success"),
            ("not json", "Success"),
            ("{}", "Success"),
            (r#"{"status":"SUCCESS"}"#, "Success"),
            (r#"{"status":"RETRY"}"#, "Retry"),
            (r#"{"status":"DROP"}"#, "Drop"),
            (r#"{"status":"LATER"}"#, "Retry"),
        ] {
            assert!(format!("{:?}", answered("1", body.as_bytes())).starts_with(verdict), "{body}");
        }
    }
}
