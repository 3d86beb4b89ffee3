//! How a sidecar reaches its application: HTTP and gRPC app channels.
