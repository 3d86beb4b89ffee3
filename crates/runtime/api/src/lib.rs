//! What the HTTP and the gRPC API share: the building blocks behind them, who may call what, and listeners.

pub mod access;
mod blocks;
pub mod listen;
pub mod shutdown;

pub use blocks::Blocks;
