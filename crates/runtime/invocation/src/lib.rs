//! Service invocation: sidecar to sidecar, gRPC proxying, name resolution.
