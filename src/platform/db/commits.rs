//! Commits together what is written at the same time.
//!
//! A commit waits for the disk, whatever it holds. So transactions that come
//! while the disk is busy are run one after the other within one, and wait for it
//! once. If any of them fails, all are rolled back and each is run by itself:
//! none can spoil another. Nobody is answered before the commit. Each sees the rows
//! of its own tenant only, also in company with those of others.

use std::time::{Duration, Instant};

use diesel::Connection as _;
use diesel::connection::SimpleConnection as _;
use diesel::pg::PgConnection;
use diesel::result::Error as QueryError;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::gather::Part;
use super::manager::Connection;
use super::{DbError, fence};
use crate::domain::ids::TenantId;

/// Commits that may be under way at the same time.
pub(super) const PARALLEL: usize = 2;

/// In company nobody waits long for a row that somebody else holds.
const IN_COMPANY: &str = "SET LOCAL lock_timeout = '50ms'";
/// Once parts that run by themselves have taken this long, the rest is refused.
const PATIENCE: Duration = Duration::from_secs(3);

/// One request's transaction.
pub(super) struct Commit {
    /// Whose rows it may see.
    tenant: TenantId,
    /// What it locks first. Parts of a batch run in the order of tenants and
    /// subjects, so that two batches never wait for each other's rows.
    subject: Uuid,
    work: Box<dyn Work>,
}

/// A transaction whose types are forgotten.
trait Work: Send {
    /// Runs the statements; `false` if they must be rolled back.
    fn run(&mut self, conn: &mut PgConnection) -> bool;
    /// Answers the request: with its own result, unless the commit failed.
    fn answer(self: Box<Self>, committed: Result<(), DbError>);
}

struct Typed<F, T, E> {
    statements: F,
    result: Option<Result<T, E>>,
    answer: oneshot::Sender<Result<T, E>>,
}

impl<F, T, E> Work for Typed<F, T, E>
where
    F: FnMut(&mut PgConnection) -> Result<T, E> + Send,
    T: Send,
    E: From<DbError> + Send,
{
    fn run(&mut self, conn: &mut PgConnection) -> bool {
        let result = (self.statements)(conn);
        let good = result.is_ok();
        self.result = Some(result);
        good
    }

    fn answer(self: Box<Self>, committed: Result<(), DbError>) {
        let result = match (committed, self.result) {
            (Ok(()), Some(result)) => result,
            (Ok(()), None) => Err(DbError::Panicked.into()),
            (Err(error), _) => Err(error.into()),
        };
        // A requester that went away needs no answer.
        drop(self.answer.send(result));
    }
}

impl Part for Commit {
    fn refuse(self, error: DbError) {
        self.work.answer(Err(error));
    }
}

impl Commit {
    /// A transaction of `tenant` that locks `subject` first, and where its result arrives.
    pub(super) fn new<T, E>(
        tenant: TenantId,
        subject: Uuid,
        statements: impl FnMut(&mut PgConnection) -> Result<T, E> + Send + 'static,
    ) -> (Self, oneshot::Receiver<Result<T, E>>)
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        (Self { tenant, subject, work: Box::new(Typed { statements, result: None, answer }) }, answered)
    }
}

/// Why a transaction was rolled back.
enum Aborted {
    /// The part at this place failed.
    ByPart(usize),
    /// It could not begin or commit.
    Failed(QueryError),
}

impl From<QueryError> for Aborted {
    fn from(error: QueryError) -> Self {
        Self::Failed(error)
    }
}

/// Runs a batch in one transaction, or each part in its own.
pub(super) fn commit(conn: &mut Connection, mut batch: Vec<Commit>) -> bool {
    batch.sort_by(|a, b| (&a.tenant, a.subject).cmp(&(&b.tenant, b.subject)));
    if batch.len() > 1 {
        match in_one(conn, &mut batch) {
            // The one that failed comes last now, so that the others need not wait for it again.
            Err(Aborted::ByPart(at)) => {
                let failed = batch.remove(at);
                batch.push(failed);
            }
            outcome => return answer_all(batch, outcome),
        }
    }
    let (mut usable, begun) = (true, Instant::now());
    for part in batch {
        if begun.elapsed() > PATIENCE {
            part.refuse(DbError::Busy);
            continue;
        }
        let mut alone = vec![part];
        let outcome = match in_one(conn, &mut alone) {
            // The part's own result says why.
            Err(Aborted::ByPart(_)) => Ok(()),
            outcome => outcome,
        };
        usable &= answer_all(alone, outcome);
    }
    usable
}

fn in_one(conn: &mut Connection, batch: &mut [Commit]) -> Result<(), Aborted> {
    let Some(mut tenant) = batch.first().map(|part| part.tenant.clone()) else { return Ok(()) };
    conn.show(&tenant)?.transaction(|conn| {
        if batch.len() > 1 {
            conn.batch_execute(IN_COMPANY)?;
        }
        for (at, part) in batch.iter_mut().enumerate() {
            if part.tenant != tenant {
                // Until the end of the transaction: then the first one's rows are shown again.
                fence::set_tenant_within(conn, &part.tenant)?;
                tenant = part.tenant.clone();
            }
            if !part.work.run(conn) {
                return Err(Aborted::ByPart(at));
            }
        }
        Ok(())
    })
}

/// Answers everybody; `false` if the connection is of no use any more.
fn answer_all(batch: Vec<Commit>, outcome: Result<(), Aborted>) -> bool {
    let error = match outcome {
        Err(Aborted::Failed(error)) => Some(DbError::from(error)),
        Ok(()) | Err(Aborted::ByPart(_)) => None,
    };
    for part in batch {
        part.work.answer(error.as_ref().map_or(Ok(()), |error| Err(error.for_another())));
    }
    !matches!(error, Some(DbError::Unavailable(_)))
}
