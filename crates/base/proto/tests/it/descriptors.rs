//! The descriptors are complete enough to be served.

use std::collections::BTreeSet;

use prost::Message;
use prost_types::FileDescriptorSet;
use tender_proto::FILE_DESCRIPTOR_SET;

#[test]
fn reflection_accepts_the_descriptors() {
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
        .build_v1();
    assert!(reflection.is_ok());
}

#[test]
fn every_import_is_among_them_and_before_its_importer() {
    let set = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap();
    let mut seen = BTreeSet::new();
    for file in &set.file {
        for import in &file.dependency {
            assert!(seen.contains(import.as_str()), "{import} is not before {}", file.name());
        }
        seen.insert(file.name());
    }
}

#[test]
fn they_hold_every_service_by_its_name_on_the_wire() {
    let set = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap();
    let services: BTreeSet<String> = set
        .file
        .iter()
        .flat_map(|file| file.service.iter().map(move |service| (file.package(), service.name())))
        .map(|(package, service)| format!("{package}.{service}").trim_start_matches('.').to_owned())
        .collect();
    let expected = [
        "TaskHubSidecarService",
        "dapr.proto.components.v1.InputBinding",
        "dapr.proto.components.v1.OutputBinding",
        "dapr.proto.components.v1.PubSub",
        "dapr.proto.components.v1.QueriableStateStore",
        "dapr.proto.components.v1.SecretStore",
        "dapr.proto.components.v1.StateStore",
        "dapr.proto.components.v1.TransactionalStateStore",
        "dapr.proto.components.v1.TransactionalStoreMultiMaxSize",
        "dapr.proto.internals.v1.ServiceInvocation",
        "dapr.proto.operator.v1.Operator",
        "dapr.proto.placement.v1.Placement",
        "dapr.proto.runtime.v1.AppCallback",
        "dapr.proto.runtime.v1.AppCallbackAlpha",
        "dapr.proto.runtime.v1.AppCallbackHealthCheck",
        "dapr.proto.runtime.v1.Dapr",
        "dapr.proto.scheduler.v1.Scheduler",
        "dapr.proto.sentry.v1.CA",
    ];
    assert_eq!(services, expected.map(str::to_owned).into());
}
