//! Clients and servers, joined without a network: a client takes a server for its transport.

use tender_proto::{
    durabletask::{
        GetWorkItemsRequest,
        task_hub_sidecar_service_client::TaskHubSidecarServiceClient,
        task_hub_sidecar_service_server::{TaskHubSidecarService, TaskHubSidecarServiceServer},
    },
    runtime::v1::{
        EncryptRequest, GetStateRequest, GetStateResponse, PublishEventRequest,
        SubscribeConfigurationRequest,
        dapr_client::DaprClient,
        dapr_server::{Dapr, DaprServer},
    },
};
use tonic::{Code, Request, Response, Status};

/// A service that answers one method and leaves out the rest.
struct OnlyState;

#[tonic::async_trait]
impl Dapr for OnlyState {
    async fn get_state(
        &self,
        request: Request<GetStateRequest>,
    ) -> Result<Response<GetStateResponse>, Status> {
        let data = format!("value of {}", request.into_inner().key).into();
        Ok(Response::new(GetStateResponse { data, ..GetStateResponse::default() }))
    }
}

fn client() -> DaprClient<DaprServer<OnlyState>> {
    DaprClient::new(DaprServer::new(OnlyState))
}

fn unimplemented<T>(answer: Result<Response<T>, Status>) -> String {
    let status = answer.map(|_| ()).unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
    status.message().to_owned()
}

#[tokio::test]
async fn a_method_that_is_implemented_answers() {
    let request = GetStateRequest { key: "k".to_owned(), ..GetStateRequest::default() };
    let answer = client().get_state(request).await.unwrap().into_inner();
    assert_eq!(answer.data, "value of k");
}

#[tokio::test]
async fn a_method_that_is_left_out_says_its_name() {
    assert_eq!(
        unimplemented(client().publish_event(PublishEventRequest::default()).await),
        "method PublishEvent not implemented"
    );
}

#[tokio::test]
async fn streaming_methods_that_are_left_out_say_their_names() {
    assert_eq!(
        unimplemented(client().subscribe_configuration(SubscribeConfigurationRequest::default()).await),
        "method SubscribeConfiguration not implemented"
    );
    let chunks = tokio_stream::iter([EncryptRequest::default()]);
    assert_eq!(unimplemented(client().encrypt_alpha1(chunks).await), "method EncryptAlpha1 not implemented");
}

#[tokio::test]
async fn the_service_without_a_package_has_no_dot_in_its_path() {
    struct Nothing;
    impl TaskHubSidecarService for Nothing {}

    let service = TaskHubSidecarServiceServer::new(Nothing);
    assert_eq!(
        tender_proto::durabletask::task_hub_sidecar_service_server::SERVICE_NAME,
        "TaskHubSidecarService"
    );
    let answer =
        TaskHubSidecarServiceClient::new(service).get_work_items(GetWorkItemsRequest::default()).await;
    assert_eq!(unimplemented(answer), "method GetWorkItems not implemented");
}
