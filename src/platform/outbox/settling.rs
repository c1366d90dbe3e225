//! What becomes of attempts that have ended.

use std::collections::HashSet;

use diesel::prelude::*;

use super::{Attempted, Courier, Dispatcher, Settled, Settlement, retry, store};
use crate::domain::timestamp::Timestamp;
use crate::platform::http::ApiError;
use crate::platform::{clock, random};

impl<C: Courier> Dispatcher<C> {
    /// Settles attempts together, with what their role notes about them; if that
    /// fails, each for itself, so that none spoils another. What can't be settled
    /// is attempted once more when its lease ends.
    pub(super) async fn settle(&self, attempted: Vec<Attempted<C::Receipt>>) {
        if attempted.is_empty() || self.settle_together(attempted.clone()).await.is_ok() {
            return;
        }
        for attempt in attempted {
            if let Err(error) = self.settle_together(vec![attempt]).await {
                log::warn!("a delivery attempt can't be recorded: {error}");
            }
        }
    }

    async fn settle_together(&self, attempted: Vec<Attempted<C::Receipt>>) -> Result<(), ApiError> {
        let decided = self.decide(&attempted)?;
        let record = move |conn: &mut PgConnection| {
            conn.transaction(|conn| Self::record(conn, &attempted, &decided)).map_err(ApiError::from)
        };
        self.db.of_everybody().run(record).await
    }

    /// What is to become of these messages.
    pub fn decide(&self, attempted: &[Attempted<C::Receipt>]) -> Result<Vec<Settlement>, ApiError> {
        let now = clock::now();
        attempted.iter().map(|attempt| self.settlement(attempt, now)).collect()
    }

    fn settlement(&self, attempted: &Attempted<C::Receipt>, now: Timestamp) -> Result<Settlement, ApiError> {
        let Err(failure) = &attempted.call.outcome else { return Ok(Settlement::Delivered) };
        let random = u16::from_ne_bytes(random::bytes().map_err(ApiError::internal)?);
        if !attempted.called {
            let pause = retry::pause_without_call(self.settings.retry, random);
            return Ok(Settlement::PutOff { pause, due_at: now.plus(pause), error: failure.why.clone() });
        }
        let pause = retry::pause(self.settings.retry, attempted.message.attempt, failure.retry_after, random);
        let due_at = now.plus(pause);
        let error = failure.why.clone();
        if !failure.temporary || due_at > attempted.message.give_up_at {
            return Ok(Settlement::Failed { error });
        }
        Ok(Settlement::Retry { due_at, error })
    }

    /// Writes down how attempts ended. Within a transaction.
    pub fn record(
        conn: &mut PgConnection,
        attempted: &[Attempted<C::Receipt>],
        decided: &[Settlement],
    ) -> QueryResult<()> {
        let now = clock::now();
        let messages: Vec<_> = attempted.iter().map(|attempt| &attempt.message).collect();
        // What they are about first, as everybody else does, so that nobody waits crosswise.
        C::lock(conn, &messages)?;
        let pairs: Vec<_> = attempted.iter().zip(decided).collect();
        let held: HashSet<_> = store::settle(conn, &pairs, now)?;
        let settled: Vec<_> = pairs
            .iter()
            .filter(|(attempt, _)| held.contains(&(attempt.message.id, attempt.message.attempt)))
            .map(|(attempt, how)| Settled {
                message: &attempt.message,
                receipt: attempt.call.outcome.as_ref().ok(),
                how,
            })
            .collect();
        C::record(conn, &settled, now)
    }
}
