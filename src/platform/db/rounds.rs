//! Requests of one kind that are worked off together: those that come at the same
//! time become one round, which is one transaction. Each gets an answer of its
//! own, and none before the commit.

use std::sync::Arc;

use diesel::Connection as _;
use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use tokio::sync::oneshot;

use super::gather::{Gather, Lane, Part};
use super::manager::{Connection, Side};
use super::{Db, DbError};

/// Rounds that may be under way at the same time.
const PARALLEL: usize = 2;

/// Answers requests within a transaction, one answer for each in their order.
pub type Round<T, R> = Arc<dyn Fn(&mut PgConnection, &[T]) -> QueryResult<Vec<R>> + Send + Sync>;

/// Where requests of one kind are handed in.
pub struct Rounds<T, R> {
    db: Db,
    round: Round<T, R>,
    gather: Arc<Gather<Request<T, R>>>,
}

impl<T, R> Clone for Rounds<T, R> {
    fn clone(&self) -> Self {
        Self { db: self.db.clone(), round: Arc::clone(&self.round), gather: Arc::clone(&self.gather) }
    }
}

struct Request<T, R> {
    asked: T,
    round: Round<T, R>,
    answer: oneshot::Sender<Result<R, DbError>>,
}

impl<T: Send + 'static, R: Send + 'static> Part for Request<T, R> {
    fn refuse(self, error: DbError) {
        // A requester that went away needs no answer.
        drop(self.answer.send(Err(error)));
    }
}

impl<T: Send + 'static, R: Send + 'static> Rounds<T, R> {
    /// Rounds on `db` in the rows of all tenants, each done by `round`, which may be
    /// run twice for a request.
    #[must_use]
    pub fn of_everybody(db: Db, round: Round<T, R>) -> Self {
        Self { db, round, gather: Gather::new(Side::Everybody, Lane::Writing, PARALLEL, work) }
    }

    /// The answer to one request.
    pub async fn ask(&self, asked: T) -> Result<R, DbError> {
        let (answer, answered) = oneshot::channel();
        let request = Request { asked, round: Arc::clone(&self.round), answer };
        self.gather.hand_in(&self.db, request, answered).await?
    }
}

/// One round; `false` if the connection is of no use any more.
fn work<T: Send + 'static, R: Send + 'static>(conn: &mut Connection, batch: Vec<Request<T, R>>) -> bool {
    let Some(round) = batch.first().map(|request| Arc::clone(&request.round)) else { return true };
    let (asked, waiting): (Vec<_>, Vec<_>) = batch.into_iter().map(|r| (r.asked, r.answer)).unzip();
    match conn.inner().transaction(|conn| round(conn, &asked)).map_err(DbError::from) {
        Ok(answers) => {
            for (waits, answer) in waiting.into_iter().zip(answers) {
                drop(waits.send(Ok(answer)));
            }
            true
        }
        // One request must not spoil the others.
        Err(DbError::Query(_)) if asked.len() > 1 => {
            let request = |(asked, answer)| Request { asked, round: Arc::clone(&round), answer };
            asked.into_iter().zip(waiting).map(request).all(|request| work(conn, vec![request]))
        }
        Err(error) => {
            for waits in waiting {
                drop(waits.send(Err(error.for_another())));
            }
            !matches!(error, DbError::Unavailable(_))
        }
    }
}
