//! From a document to the resource that it describes.

mod component;
mod http_endpoint;
mod metadata;
mod resiliency;
mod subscription;

use tender_yaml::Document;

use crate::decode::{Fields, Reader, Report, Rules};
use crate::{Component, HttpEndpoint, Kind, ObjectMeta, Resiliency, Source, Subscription};

/// The group and version of most kinds.
const V1ALPHA1: &str = "dapr.io/v1alpha1";
/// The newer version of subscriptions.
const V2ALPHA1: &str = "dapr.io/v2alpha1";

/// A resource of a directory.
#[derive(Debug)]
pub(crate) enum Resource {
    Component(Component),
    Subscription(Subscription),
    HttpEndpoint(HttpEndpoint),
    Resiliency(Resiliency),
}

/// Reads the resource that a document describes: none if it is not for us, or if it is refused, which the report
/// tells.
pub(crate) fn resource(document: &Document, source: &Source) -> (Option<Resource>, Report) {
    let reader = Reader::new(Rules::K8s, source.clone());
    let resource = read(document, &reader);
    let report = reader.into_report();
    (resource.filter(|_| report.problems.is_empty()), report)
}

fn read(document: &Document, reader: &Reader) -> Option<Resource> {
    let position = document.root.position;
    let Some(map) = document.root.as_map() else {
        reader.refuse(position, "", format!("expected a resource, found {}", document.root.kind()));
        return None;
    };
    let root = Fields::new(reader, Some(map), String::new(), position);
    let kind =
        map.get("kind").and_then(|node| node.as_str().map(str::to_owned)).or_else(|| root.text("kind"));
    let kind = kind.unwrap_or_default();
    let version = root.text_or_empty("apiVersion");
    // Asked for again so that it counts as known.
    root.field("kind");
    let kind = match (kind.as_str(), version.as_str()) {
        ("Component", V1ALPHA1) => Kind::Component,
        ("HTTPEndpoint", V1ALPHA1) => Kind::HttpEndpoint,
        ("Subscription", V1ALPHA1 | V2ALPHA1) => Kind::Subscription,
        // The peer does not look at the version of these when it starts.
        ("Resiliency", _) => Kind::Resiliency,
        ("MCPServer" | "WorkflowAccessPolicy", V1ALPHA1) => {
            reader.warn(position, "kind", format!("{kind} is not supported yet, the resource has no effect"));
            return None;
        }
        ("Component" | "HTTPEndpoint" | "Subscription", _) if is_ours(&version) => {
            reader.warn(
                position,
                "apiVersion",
                format!("there is no {kind} in {version:?}, the resource is left out"),
            );
            return None;
        }
        _ => return None,
    };
    let meta = object_meta(&root, kind, reader);
    let source = reader.source(position);
    let resource = match kind {
        Kind::Component => Resource::Component(component::read(&root, reader, meta, source)),
        Kind::HttpEndpoint => Resource::HttpEndpoint(http_endpoint::read(&root, reader, meta, source)),
        Kind::Subscription => {
            Resource::Subscription(subscription::read(&root, meta, source, version == V2ALPHA1))
        }
        Kind::Resiliency => Resource::Resiliency(resiliency::read(&root, meta, source)),
        Kind::Configuration => return None,
    };
    root.finish();
    Some(resource)
}

/// Whether a version is of the peer's group, or written without one.
fn is_ours(version: &str) -> bool {
    version.is_empty() || version.starts_with("dapr.io/") || !version.contains('/')
}

fn object_meta(root: &Fields<'_>, kind: Kind, reader: &Reader) -> ObjectMeta {
    let metadata = root.fields("metadata");
    let name = metadata.text_or_empty("name");
    reader.about(kind, &name);
    if let Some(fault) = fault_of_name(&name) {
        metadata.refuse("name", format!("invalid name {name:?} for {:?}: {fault}", kind.as_str()));
    } else if name.is_empty() && matches!(kind, Kind::Component | Kind::HttpEndpoint) {
        metadata.refuse("name", format!("the {kind} has no name"));
    }
    let namespace = metadata.non_empty("namespace");
    // What Kubernetes writes there, and what people and tools do.
    for known in [
        "labels",
        "annotations",
        "creationTimestamp",
        "deletionGracePeriodSeconds",
        "deletionTimestamp",
        "finalizers",
        "generateName",
        "generation",
        "managedFields",
        "ownerReferences",
        "resourceVersion",
        "selfLink",
        "uid",
    ] {
        metadata.field(known);
    }
    metadata.finish();
    ObjectMeta { name, namespace }
}

/// Why a name could not be part of a path, in the words of Kubernetes.
fn fault_of_name(name: &str) -> Option<String> {
    if matches!(name, "." | "..") {
        return Some(format!("may not be '{name}'"));
    }
    let faults: Vec<_> =
        ['/', '%'].iter().filter(|c| name.contains(**c)).map(|c| format!("may not contain '{c}'")).collect();
    (!faults.is_empty()).then(|| faults.join("; "))
}
