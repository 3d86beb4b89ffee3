//! Streaming subscriptions: the first message opens one, the others settle what it delivered.

use std::sync::Arc;

use tender_api::Blocks;
use tender_proto::runtime::v1 as wire;
use tender_proto::runtime::v1::subscribe_topic_events_request_alpha1::SubscribeTopicEventsRequestType as Incoming;
use tender_proto::runtime::v1::subscribe_topic_events_response_alpha1::SubscribeTopicEventsResponseType as Outgoing;
use tender_pubsub::{OpenStream, StreamOutcome, StreamRequest, StreamSettler};
use tokio_stream::StreamExt;
use tonic::codegen::BoxStream;
use tonic::{Response, Status, Streaming};

type Event = wire::SubscribeTopicEventsResponseAlpha1;
type Requests = Streaming<wire::SubscribeTopicEventsRequestAlpha1>;

pub(crate) async fn subscribe(
    blocks: Arc<Blocks>,
    mut requests: Requests,
) -> Result<Response<BoxStream<Event>>, Status> {
    let first = requests.message().await?.and_then(|request| request.subscribe_topic_events_request_type);
    let Some(Incoming::InitialRequest(initial)) = first else {
        return Err(Status::unknown("initial request is required"));
    };
    let request = StreamRequest {
        pubsub: initial.pubsub_name,
        topic: initial.topic,
        metadata: initial.metadata,
        dead_letter_topic: initial.dead_letter_topic,
    };
    let stream =
        blocks.pubsub.open_stream(request).await.map_err(|error| Status::unknown(error.to_string()))?;
    let opened = tokio_stream::once(Ok(event(Outgoing::InitialResponse(
        wire::SubscribeTopicEventsResponseInitialAlpha1::default(),
    ))));
    Ok(Response::new(Box::pin(opened.chain(events(stream, requests)))))
}

fn event(kind: Outgoing) -> Event {
    Event { subscribe_topic_events_response_type: Some(kind) }
}

/// The events of an open subscription. The app's words are taken while the next event is waited for; the subscription
/// ends with the stream, whoever ends it.
fn events(
    stream: OpenStream,
    requests: Requests,
) -> impl tokio_stream::Stream<Item = Result<Event, Status>> + Send {
    let settler = stream.settler();
    futures::stream::unfold((stream, requests, settler), |(mut stream, mut requests, settler)| async move {
        loop {
            tokio::select! {
                next = stream.next() => {
                    let message = next?;
                    return Some((Ok(event(Outgoing::EventMessage(message))), (stream, requests, settler)));
                }
                request = requests.message() => match request {
                    Ok(Some(request)) => {
                        if let Err(status) = settle(&settler, request) {
                            return Some((Err(status), (stream, requests, settler)));
                        }
                    }
                    Ok(None) | Err(_) => return None,
                },
            }
        }
    })
}

fn settle(settler: &StreamSettler, request: wire::SubscribeTopicEventsRequestAlpha1) -> Result<(), Status> {
    match request.subscribe_topic_events_request_type {
        Some(Incoming::EventProcessed(processed)) => {
            let status = processed.status.unwrap_or_default().status;
            settler.settle(&StreamOutcome { id: processed.id, status });
            Ok(())
        }
        Some(Incoming::InitialRequest(_)) => Err(Status::unknown("initial request already received")),
        None => Ok(()),
    }
}
