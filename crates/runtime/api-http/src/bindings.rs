//! `/v1.0/bindings`.

use std::collections::HashMap;

use bytes::Bytes;
use http::Response;
use http::header::{CONTENT_TYPE, HeaderValue};
use hyper::body::Incoming;
use serde::Deserialize;
use serde_json::value::RawValue;
use tender_component::binding::InvokeRequest;
use tender_core::Body;
use tender_core::bindings::OutputBindings;

use crate::request;
use crate::respond;

#[derive(Deserialize)]
struct InvokeBody {
    #[serde(default)]
    metadata: Option<HashMap<String, String>>,
    #[serde(default)]
    data: Option<Box<RawValue>>,
    #[serde(default)]
    operation: String,
}

pub(crate) async fn invoke(
    bindings: &OutputBindings,
    name: &str,
    body: Incoming,
    limit: usize,
) -> Response<Body> {
    let body: InvokeBody = match request::json(body, limit).await {
        Ok(body) => body,
        Err(error) => return respond::error(&error),
    };
    let request = InvokeRequest {
        operation: body.operation,
        // The binding gets the JSON text of what was given, and `null` where nothing was.
        data: body.data.map_or(Bytes::from_static(b"null"), |data| Bytes::from(data.get().to_owned())),
        metadata: body.metadata.unwrap_or_default(),
    };
    match bindings.invoke(name, request).await {
        Ok(answer) => {
            let mut response = match answer.data {
                None if answer.metadata.is_empty() => respond::no_content(),
                data => respond::json_bytes(data.unwrap_or_default()),
            };
            if let Some(content_type) = answer.content_type.and_then(|text| HeaderValue::try_from(text).ok())
            {
                response.headers_mut().insert(CONTENT_TYPE, content_type);
            }
            respond::add_metadata(&mut response, &answer.metadata);
            response
        }
        Err(failure) => {
            let mut response = respond::error(&failure.error);
            respond::add_metadata(&mut response, &failure.metadata);
            response
        }
    }
}
