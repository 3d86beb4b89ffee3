//! Service invocation between real sidecars and real apps, over real sockets.

#[cfg(test)]
mod apps;
#[cfg(test)]
mod failures;
#[cfg(test)]
mod grpc;
#[cfg(test)]
mod http;
#[cfg(test)]
mod proxy;
#[cfg(test)]
mod streaming;
#[cfg(test)]
mod world;
