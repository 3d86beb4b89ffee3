//! Dapr's gRPC API over the building blocks.
