//! Publishing, between the wire's messages and the building block.

use tender_proto::runtime::v1 as wire;
use tender_pubsub::{BulkPublish, PubSub, Publish, PublishEntry, TraceContext};
use tonic::metadata::MetadataMap;
use tonic::{Request, Status};

fn trace(metadata: &MetadataMap) -> TraceContext {
    let header =
        |name| metadata.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    TraceContext { parent: header("traceparent"), state: header("tracestate") }
}

pub(crate) async fn publish(
    block: &PubSub,
    request: Request<wire::PublishEventRequest>,
) -> Result<(), Status> {
    let trace = trace(request.metadata());
    let wire::PublishEventRequest { pubsub_name, topic, data, data_content_type, metadata } =
        request.into_inner();
    let request =
        Publish { pubsub: pubsub_name, topic, data, content_type: data_content_type, metadata, trace };
    Ok(block.publish(request).await?)
}

pub(crate) async fn bulk_publish(
    block: &PubSub,
    request: Request<wire::BulkPublishRequest>,
) -> Result<wire::BulkPublishResponse, Status> {
    let trace = trace(request.metadata());
    let wire::BulkPublishRequest { pubsub_name, topic, entries, metadata } = request.into_inner();
    let entries = entries
        .into_iter()
        .map(|entry| PublishEntry {
            entry_id: entry.entry_id,
            data: entry.event,
            content_type: entry.content_type,
            metadata: entry.metadata,
        })
        .collect();
    let failed =
        block.bulk_publish(BulkPublish { pubsub: pubsub_name, topic, entries, metadata, trace }).await?;
    let failed_entries = failed
        .into_iter()
        .map(|failure| wire::BulkPublishResponseFailedEntry {
            entry_id: failure.entry_id,
            error: failure.error,
        })
        .collect();
    Ok(wire::BulkPublishResponse { failed_entries })
}
