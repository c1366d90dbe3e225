//! Lets end what ends by time, and removes what is not needed any more.

use diesel::PgConnection;

use crate::platform::http::ApiError;
use crate::platform::{clock, idempotency};
use crate::roles::client::State;
use crate::roles::client::store::upkeep;

/// Rows that one statement attends to.
const BATCH: i64 = 1_000;

/// One round.
pub async fn run(state: &State) -> Result<(), ApiError> {
    let (now, keep) = (clock::now(), state.retention);
    loop {
        let round = move |conn: &mut PgConnection| -> Result<usize, ApiError> {
            let counts = [
                upkeep::expire(conn, now, BATCH)?,
                upkeep::remove_texts(conn, now.minus(keep.content_grace), BATCH)?,
                // As long again: a letter may have been printed on the last day.
                upkeep::forget_reservations(conn, now.minus(keep.reservation), BATCH)?,
                upkeep::remove_otps(conn, now, BATCH)?,
                upkeep::forget_sessions(conn, now, BATCH)?,
                upkeep::remove_remains(conn, now.minus(keep.receipts), BATCH)?,
                idempotency::remove_expired(conn, now, BATCH)?,
            ];
            Ok(counts.into_iter().max().unwrap_or_default())
        };
        if state.db.of_everybody().run(round).await? < usize::try_from(BATCH).unwrap_or(usize::MAX) {
            return Ok(());
        }
    }
}

/// Puts the feed of receipts in order after the database was restored into another server.
pub async fn mend(state: &State) -> Result<usize, ApiError> {
    state.db.of_everybody().run(|conn| upkeep::mend_after_restore(conn).map_err(ApiError::from)).await
}
