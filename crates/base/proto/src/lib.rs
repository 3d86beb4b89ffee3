//! The wire: Dapr's protobuf messages and gRPC services.
//!
//! The definitions are under `proto/` at the repository's root, by the paths that the peers use. The
//! Rust is generated from them by `cargo run -p xtask -- proto` and committed; a test of xtask fails
//! when it is out of date. Modules are named as the packages are, without `dapr.proto`.
//!
//! Fields of type `bytes` are [`bytes::Bytes`], and [`Any`] holds such too, so that bodies pass through
//! without a copy. Other well-known types are those of `prost_types`; `google.protobuf.Empty` is `()` and
//! wrappers are their plain values. Every message implements [`prost::Name`]. `Debug` of a message that
//! carries secrets does not show them. What the peers have deprecated is served like the rest and not marked.
//!
//! Clients take any tower service that speaks gRPC, such as a tonic channel. A server trait answers each
//! method that its implementor leaves out with the code `Unimplemented` and "method X not implemented".

mod any;
mod redact;

pub use any::Any;

/// Every definition in this crate and what it imports, as a serialized `google.protobuf.FileDescriptorSet`:
/// what gRPC reflection serves.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!("generated/descriptors.bin");

/// A module of generated code, with the lints of the workspace off.
macro_rules! generated {
    ($(#[$doc:meta])* $name:ident, $file:literal $(, $($inner:item)*)?) => {
        $(#[$doc])*
        #[allow(
            missing_docs,
            unreachable_pub,
            rust_2018_idioms,
            clippy::all,
            clippy::pedantic,
            clippy::allow_attributes_without_reason,
            reason = "generated code is written to no one's lints"
        )]
        pub mod $name {
            include!(concat!("generated/", $file));
            $($($inner)*)?
        }
    };
}

/// What a sidecar serves to its app ([`Dapr`](runtime::v1::dapr_server::Dapr)), and what an app serves to
/// its sidecar ([`AppCallback`](runtime::v1::app_callback_server::AppCallback) and its kin).
pub mod runtime {
    generated!(
        /// `dapr.proto.runtime.v1`
        v1,
        "dapr.proto.runtime.v1.rs"
    );
}

/// Types that the runtime API, the callbacks and the calls between sidecars share.
pub mod common {
    generated!(
        /// `dapr.proto.common.v1`
        v1,
        "dapr.proto.common.v1.rs"
    );
}

/// Calls between sidecars: [`ServiceInvocation`](internals::v1::service_invocation_server::ServiceInvocation).
pub mod internals {
    generated!(
        /// `dapr.proto.internals.v1`
        v1,
        "dapr.proto.internals.v1.rs"
    );
}

/// Pluggable components: services that a process of its own offers on a Unix socket.
pub mod components {
    generated!(
        /// `dapr.proto.components.v1`
        v1,
        "dapr.proto.components.v1.rs"
    );
}

/// Which host serves which actor type: [`Placement`](placement::v1::placement_server::Placement).
pub mod placement {
    generated!(
        /// `dapr.proto.placement.v1`
        v1,
        "dapr.proto.placement.v1.rs"
    );
}

/// Jobs and actor reminders: [`Scheduler`](scheduler::v1::scheduler_server::Scheduler).
pub mod scheduler {
    generated!(
        /// `dapr.proto.scheduler.v1`
        v1,
        "dapr.proto.scheduler.v1.rs"
    );
}

/// The certificate authority: [`Ca`](sentry::v1::ca_server::Ca).
pub mod sentry {
    generated!(
        /// `dapr.proto.sentry.v1`
        v1,
        "dapr.proto.sentry.v1.rs"
    );
}

/// Resources on Kubernetes: [`Operator`](operator::v1::operator_server::Operator).
pub mod operator {
    generated!(
        /// `dapr.proto.operator.v1`
        v1,
        "dapr.proto.operator.v1.rs"
    );
}

/// Inputs of the workflows that run around the tools of an MCP server.
pub mod workflows {
    generated!(
        /// `dapr.proto.workflows.v1`
        v1,
        "dapr.proto.workflows.v1.rs"
    );
}

generated!(
    /// Workflow workers and clients:
    /// [`TaskHubSidecarService`](durabletask::task_hub_sidecar_service_server::TaskHubSidecarService). This
    /// service and its messages have no package on the wire.
    durabletask,
    "durabletask.rs",
    pub use self::durabletask::protos::backend::v1 as backend;
    // The generated code looks for its types four modules up, so this is as deep as its package.
    mod durabletask {
        pub mod protos {
            pub mod backend {
                pub mod v1 {
                    include!("generated/durabletask.protos.backend.v1.rs");
                }
            }
        }
    }
);

generated!(
    /// `google.rpc`: the error of one item in an answer that carries many.
    google_rpc,
    "google.rpc.rs"
);
