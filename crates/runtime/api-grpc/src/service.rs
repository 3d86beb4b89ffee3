//! The `Dapr` service. A method that is not here answers `Unimplemented` with its name.

use std::sync::Arc;

use tender_api::Blocks;
use tender_api::shutdown::ShutdownRequest;
use tender_component::binding::InvokeRequest;
use tender_proto::common::v1 as common;
use tender_proto::runtime::v1 as wire;
use tender_proto::runtime::v1::dapr_server::Dapr;
use tonic::codegen::BoxStream;
use tonic::metadata::{AsciiMetadataKey, AsciiMetadataValue, MetadataMap};
use tonic::{Request, Response, Status, Streaming};

use crate::{metadata, publish, state, stream};

/// Implements the service over the building blocks.
#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) blocks: Arc<Blocks>,
}

type Answer<T> = Result<Response<T>, Status>;

fn ok<T>(outcome: Result<T, Status>) -> Answer<T> {
    outcome.map(Response::new)
}

#[tonic::async_trait]
impl Dapr for Service {
    async fn invoke_service(
        &self,
        request: Request<wire::InvokeServiceRequest>,
    ) -> Answer<common::InvokeResponse> {
        let (metadata, _, request) = request.into_parts();
        let message = request.message.unwrap_or_default();
        let answer =
            self.blocks.invocation.invoke_service(request.id, message, metadata.into_headers()).await?;
        let mut response = Response::new(answer.message);
        *response.metadata_mut() = MetadataMap::from_headers(answer.headers);
        // The peer hands the app's trailers on beside its headers.
        for (name, value) in &answer.trailers {
            if let (Ok(name), Ok(value)) =
                (AsciiMetadataKey::from_bytes(name.as_ref()), AsciiMetadataValue::try_from(value.as_bytes()))
            {
                response.metadata_mut().append(name, value);
            }
        }
        Ok(response)
    }

    async fn get_state(&self, request: Request<wire::GetStateRequest>) -> Answer<wire::GetStateResponse> {
        ok(state::get(&self.blocks.state, request.into_inner()).await)
    }

    async fn get_bulk_state(
        &self,
        request: Request<wire::GetBulkStateRequest>,
    ) -> Answer<wire::GetBulkStateResponse> {
        ok(state::get_bulk(&self.blocks.state, request.into_inner()).await)
    }

    async fn save_state(&self, request: Request<wire::SaveStateRequest>) -> Answer<()> {
        ok(state::save(&self.blocks.state, request.into_inner()).await)
    }

    async fn delete_state(&self, request: Request<wire::DeleteStateRequest>) -> Answer<()> {
        ok(state::delete(&self.blocks.state, request.into_inner()).await)
    }

    async fn delete_bulk_state(&self, request: Request<wire::DeleteBulkStateRequest>) -> Answer<()> {
        ok(state::delete_bulk(&self.blocks.state, request.into_inner()).await)
    }

    async fn execute_state_transaction(
        &self,
        request: Request<wire::ExecuteStateTransactionRequest>,
    ) -> Answer<()> {
        ok(state::transact(&self.blocks.state, request.into_inner()).await)
    }

    async fn query_state_alpha1(
        &self,
        request: Request<wire::QueryStateRequest>,
    ) -> Answer<wire::QueryStateResponse> {
        self.blocks.state.query(&request.get_ref().store_name)?;
        ok(Ok(wire::QueryStateResponse::default()))
    }

    async fn publish_event(&self, request: Request<wire::PublishEventRequest>) -> Answer<()> {
        ok(publish::publish(&self.blocks.pubsub, request).await)
    }

    async fn bulk_publish_event(
        &self,
        request: Request<wire::BulkPublishRequest>,
    ) -> Answer<wire::BulkPublishResponse> {
        ok(publish::bulk_publish(&self.blocks.pubsub, request).await)
    }

    async fn bulk_publish_event_alpha1(
        &self,
        request: Request<wire::BulkPublishRequest>,
    ) -> Answer<wire::BulkPublishResponse> {
        ok(publish::bulk_publish(&self.blocks.pubsub, request).await)
    }

    async fn subscribe_topic_events_alpha1(
        &self,
        request: Request<Streaming<wire::SubscribeTopicEventsRequestAlpha1>>,
    ) -> Answer<BoxStream<wire::SubscribeTopicEventsResponseAlpha1>> {
        stream::subscribe(self.blocks.clone(), request.into_inner()).await
    }

    async fn invoke_binding(
        &self,
        request: Request<wire::InvokeBindingRequest>,
    ) -> Answer<wire::InvokeBindingResponse> {
        let wire::InvokeBindingRequest { name, data, metadata, operation } = request.into_inner();
        let request = InvokeRequest { operation, data, metadata };
        match self.blocks.bindings.invoke(&name, request).await {
            Ok(answer) => ok(Ok(wire::InvokeBindingResponse {
                data: answer.data.unwrap_or_default(),
                metadata: answer.metadata,
            })),
            Err(failure) => {
                let mut status = Status::from(failure.error);
                for (key, value) in failure.metadata {
                    let name =
                        AsciiMetadataKey::from_bytes(format!("metadata.{}", key.to_lowercase()).as_bytes());
                    if let (Ok(name), Ok(value)) = (name, AsciiMetadataValue::try_from(value)) {
                        status.metadata_mut().insert(name, value);
                    }
                }
                Err(status)
            }
        }
    }

    async fn get_secret(&self, request: Request<wire::GetSecretRequest>) -> Answer<wire::GetSecretResponse> {
        let wire::GetSecretRequest { store_name, key, metadata } = request.into_inner();
        let secret = self.blocks.secrets.get(&store_name, &key, &metadata).await?;
        ok(Ok(wire::GetSecretResponse { data: secret.0 }))
    }

    async fn get_bulk_secret(
        &self,
        request: Request<wire::GetBulkSecretRequest>,
    ) -> Answer<wire::GetBulkSecretResponse> {
        let wire::GetBulkSecretRequest { store_name, metadata } = request.into_inner();
        let secrets = self.blocks.secrets.bulk_get(&store_name, &metadata).await?;
        let data =
            secrets.into_iter().map(|(name, secret)| (name, wire::SecretResponse { secrets: secret.0 }));
        ok(Ok(wire::GetBulkSecretResponse { data: data.collect() }))
    }

    async fn get_metadata(&self, _: Request<wire::GetMetadataRequest>) -> Answer<wire::GetMetadataResponse> {
        let subscriptions = self.blocks.pubsub.subscriptions().await;
        ok(Ok(metadata::response(&self.blocks.metadata, subscriptions)))
    }

    async fn set_metadata(&self, request: Request<wire::SetMetadataRequest>) -> Answer<()> {
        let wire::SetMetadataRequest { key, value } = request.into_inner();
        self.blocks.metadata.set_extended(key, value);
        ok(Ok(()))
    }

    async fn shutdown(&self, request: Request<wire::ShutdownRequest>) -> Answer<()> {
        let force = request.metadata().get("dapr-force-shutdown");
        let force = force.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"true"));
        self.blocks.shutdown.request(if force { ShutdownRequest::Forced } else { ShutdownRequest::Graceful });
        ok(Ok(()))
    }
}
