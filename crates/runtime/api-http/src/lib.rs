//! Dapr's HTTP API over the building blocks.
