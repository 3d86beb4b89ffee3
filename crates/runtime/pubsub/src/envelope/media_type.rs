//! What a media type says of data.

fn essence(media_type: &str) -> &str {
    media_type.split(';').next().unwrap_or_default().trim()
}

/// Whether data is JSON.
pub(crate) fn is_json(media_type: &str) -> bool {
    essence(media_type).eq_ignore_ascii_case("application/json")
}

/// Whether data is a CloudEvent already.
pub(crate) fn is_cloud_event(media_type: &str) -> bool {
    essence(media_type).eq_ignore_ascii_case("application/cloudevents+json")
}

/// Whether data is text, for apps that get its bytes: any `text/…`, and XML.
pub(crate) fn is_text(media_type: &str) -> bool {
    let essence = essence(media_type);
    essence.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("text/"))
        || essence.eq_ignore_ascii_case("application/xml")
}

/// Whether data is neither text nor JSON.
pub(crate) fn is_binary(media_type: &str) -> bool {
    ["application/octet-stream", "application/cloudevents+protobuf"]
        .iter()
        .any(|binary| essence(media_type).eq_ignore_ascii_case(binary))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_are_told_apart() {
        assert!(is_json("application/json; charset=utf-8") && !is_json("text/plain"));
        assert!(is_cloud_event("Application/CloudEvents+JSON"));
        assert!(is_text("text/html") && is_text("application/xml") && !is_text("application/json"));
        assert!(is_binary("application/octet-stream") && !is_binary("image/png"));
    }
}
