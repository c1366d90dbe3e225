//! Removes what is not needed any more.

use crate::platform::http::ApiError;
use crate::platform::outbox::{housekeeping, lease_time};
use crate::platform::{clock, idempotency};
use crate::roles::provider::{State, store};

/// Rows that one statement removes.
const BATCH: i64 = 1_000;

/// Puts the feed of events in order after the database was restored into another server.
pub async fn mend(state: &State) -> Result<usize, ApiError> {
    state.db.of_everybody().run(|conn| store::relay::mend_after_restore(conn).map_err(ApiError::from)).await
}

/// Makes due what has longer to wait than one attempt takes, after the clock was set back.
pub async fn hurry(state: &State) -> Result<usize, ApiError> {
    let lease = lease_time(state.outbox.call_timeout);
    let mend =
        move |conn: &mut diesel::PgConnection| housekeeping::mend_after_clock_jump(conn, clock::now(), lease);
    state.db.of_everybody().run(move |conn| mend(conn).map_err(ApiError::from)).await
}

/// One round.
pub async fn run(state: &State) -> Result<(), ApiError> {
    let now = clock::now();
    let settled_before = now.minus(state.outbox.retention);
    let retry = state.outbox.retry;
    let longest = retry.longest.max(retry.longest_asked_for).max(lease_time(state.outbox.call_timeout));
    state
        .db
        .of_everybody()
        .run(move |conn| {
            housekeeping::mend_after_clock_jump(conn, now, longest)?;
            store::reserve::forget_unusable(conn, now).map_err(ApiError::from)
        })
        .await?;
    loop {
        let round = move |conn: &mut diesel::PgConnection| -> Result<usize, ApiError> {
            let counts = [
                housekeeping::remove_settled(conn, settled_before, BATCH)?,
                store::documents::purge(conn, now, BATCH)?,
                idempotency::remove_expired(conn, now, BATCH)?,
            ];
            Ok(counts.into_iter().max().unwrap_or_default())
        };
        if state.db.of_everybody().run(round).await? < usize::try_from(BATCH).unwrap_or(usize::MAX) {
            return Ok(());
        }
    }
}
