//! The loop that looks for due messages.

use std::time::Duration;

/// Calls `run` again and again: at once while there is work, otherwise after
/// `idle`. `run` tells how many messages it attended to.
pub async fn repeat<E: std::fmt::Display>(idle: Duration, mut run: impl AsyncFnMut() -> Result<usize, E>) {
    loop {
        match run().await {
            Ok(0) => tokio::time::sleep(idle).await,
            Ok(_) => {}
            Err(error) => {
                log::debug!("the outbox can't be read: {error}");
                tokio::time::sleep(idle.saturating_mul(5)).await;
            }
        }
    }
}
