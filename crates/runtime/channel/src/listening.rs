//! Waiting for the app to start.

use std::time::Duration;

use crate::config::AppConfig;
use crate::error::CallError;
use crate::grpc::connector;

/// What one attempt may take.
const DIAL_TIMEOUT: Duration = Duration::from_millis(500);
/// The pause between attempts.
const PAUSE: Duration = Duration::from_millis(100);
/// After so many attempts, a line says that the sidecar is still waiting.
const ATTEMPTS_PER_LINE: u32 = 100;

/// Waits until the app accepts connections. To give up, drop the future.
///
/// An error means that the address is none.
pub async fn wait_until_listening(config: &AppConfig) -> Result<(), CallError> {
    let connector = connector(config, &[])?;
    tracing::info!(
        target: "dapr.runtime",
        "application protocol: {}. waiting on port {}.  This will block until the app is listening on that port.",
        config.protocol,
        config.port
    );
    let mut attempts = 0u32;
    while !matches!(tokio::time::timeout(DIAL_TIMEOUT, connector.connect()).await, Ok(Ok(_))) {
        attempts += 1;
        tokio::time::sleep(PAUSE).await;
        if attempts.is_multiple_of(ATTEMPTS_PER_LINE) {
            tracing::info!(
                target: "dapr.runtime",
                "waiting for application to listen on port {}",
                config.port
            );
        }
    }
    tracing::info!(target: "dapr.runtime", "application discovered on port {}", config.port);
    Ok(())
}
