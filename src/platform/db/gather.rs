//! Work that many requests bring at the same time and that is done in batches.
//!
//! While one batch is under way, further work gathers and becomes the next one.
//! Work that comes alone is begun at once, so nobody ever waits for company.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::manager::{Connection, Side};
use super::{Db, DbError};

/// Largest batch.
const BATCH: usize = 32;
/// How long one visit to a connection goes on before it lets others have it.
const VISIT: Duration = Duration::from_millis(200);

/// One request's part of a batch.
pub(super) trait Part: Send + 'static {
    /// Answers the request that its part was not done.
    fn refuse(self, error: DbError);
}

/// Does a batch and answers everybody in it; `false` if the connection is of no
/// use any more.
pub(super) type Work<P> = fn(&mut Connection, Vec<P>) -> bool;

/// On which threads batches run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    /// Those that read.
    Reading,
    /// Those that write.
    Writing,
}

/// The queue in which parts gather.
pub(super) struct Gather<P> {
    queue: Mutex<Queue<P>>,
    work: Work<P>,
    side: Side,
    lane: Lane,
    parallel: usize,
}

struct Queue<P> {
    waiting: Vec<(u64, P)>,
    running: usize,
    tickets: u64,
}

impl<P> Queue<P> {
    /// Frees the slot of a visit, once.
    fn free(&mut self, slot: &AtomicBool) {
        if !slot.swap(true, Ordering::AcqRel) {
            self.running = self.running.saturating_sub(1);
        }
    }
}

/// One of the visits that may be under way. However the visit ends, even if the
/// thread that waits for it is stopped, its slot is freed and nobody waits in vain.
struct Slot<P: Part> {
    gather: Arc<Gather<P>>,
    free: Arc<AtomicBool>,
    why: DbError,
    kept: bool,
}

impl<P: Part> Slot<P> {
    fn taken(gather: &Arc<Gather<P>>) -> Self {
        let why = DbError::Unavailable("this process is stopping".to_owned());
        Self { gather: Arc::clone(gather), free: Arc::new(AtomicBool::new(false)), why, kept: false }
    }

    /// The next visit takes it over.
    fn keep(mut self) {
        self.kept = true;
    }

    fn give_up(mut self, why: DbError) {
        self.why = why;
    }
}

impl<P: Part> Drop for Slot<P> {
    fn drop(&mut self) {
        if !self.kept && !self.free.load(Ordering::Acquire) {
            self.gather.give_up(&self.free, &self.why);
        }
    }
}

impl<P: Part> Gather<P> {
    /// A queue of which at most `parallel` batches are under way at a time.
    pub(super) fn new(side: Side, lane: Lane, parallel: usize, work: Work<P>) -> Arc<Self> {
        let queue = Queue { waiting: Vec::new(), running: 0, tickets: 0 };
        Arc::new(Self { queue: Mutex::new(queue), work, side, lane, parallel })
    }

    /// Hands in a part and waits for its answer. [`DbError::Busy`] if no batch
    /// takes it in time: then it will not be done at all.
    pub(super) async fn hand_in<T>(
        self: &Arc<Self>,
        db: &Db,
        part: P,
        mut answer: oneshot::Receiver<T>,
    ) -> Result<T, DbError> {
        let ticket = self.enqueue(db, part);
        let gone = |_| DbError::Unavailable("the batch was given up".to_owned());
        let set = db.set(self.side);
        match tokio::time::timeout(set.longest_wait(), &mut answer).await {
            Ok(answer) => answer.map_err(gone),
            Err(_) if self.withdraw(ticket) => Err(set.why_nobody_came()),
            Err(_) => match tokio::time::timeout(set.longest_run(), answer).await {
                Ok(answer) => answer.map_err(gone),
                Err(_) => Err(DbError::Unavailable("no answer in time".to_owned())),
            },
        }
    }

    fn enqueue(self: &Arc<Self>, db: &Db, part: P) -> u64 {
        let (ticket, start) = {
            let mut queue = self.lock();
            queue.tickets += 1;
            let ticket = queue.tickets;
            queue.waiting.push((ticket, part));
            let start = queue.running < self.parallel;
            queue.running += usize::from(start);
            (ticket, start)
        };
        if start {
            actix_web::rt::spawn(Arc::clone(self).visit(db.clone()));
        }
        ticket
    }

    /// Takes a part back that no batch has taken yet.
    fn withdraw(&self, ticket: u64) -> bool {
        let mut queue = self.lock();
        let before = queue.waiting.len();
        queue.waiting.retain(|(other, _)| *other != ticket);
        queue.waiting.len() < before
    }

    /// Visits a connection again and again, as long as there is work.
    async fn visit(self: Arc<Self>, db: Db) {
        loop {
            let slot = Slot::taken(&self);
            let me = Arc::clone(&self);
            let in_job = Arc::clone(&slot.free);
            let job = move |conn: &mut Connection| Ok::<_, DbError>(me.work_off(conn, &in_job));
            match db.set(self.side).run(self.lane, job).await {
                Ok(true) => slot.keep(),
                Ok(false) => return,
                // The slot is freed and everybody who waits is told when it is dropped.
                Err(error) => return slot.give_up(error),
            }
        }
    }

    /// Does batches until nothing is left (`false`) or the visit is over (`true`).
    fn work_off(&self, conn: &mut Connection, slot: &AtomicBool) -> bool {
        let begun = Instant::now();
        while begun.elapsed() < VISIT {
            let batch: Vec<P> = {
                let mut queue = self.lock();
                if queue.waiting.is_empty() {
                    queue.free(slot);
                    return false;
                }
                let count = queue.waiting.len().min(BATCH);
                queue.waiting.drain(..count).map(|(_, part)| part).collect()
            };
            if !(self.work)(conn, batch) {
                return true;
            }
        }
        true
    }

    /// No connection can be had: everybody who waits is told.
    fn give_up(&self, slot: &AtomicBool, error: &DbError) {
        let waiting = {
            let mut queue = self.lock();
            queue.free(slot);
            std::mem::take(&mut queue.waiting)
        };
        for (_, part) in waiting {
            part.refuse(error.for_another());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue<P>> {
        // The queue is consistent between any two statements, so a panic elsewhere does not spoil it.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DbError {
    /// The same error once more, for everybody whom it concerns.
    pub(super) fn for_another(&self) -> Self {
        match self {
            Self::Busy => Self::Busy,
            Self::Unavailable(why) => Self::Unavailable(why.clone()),
            Self::Query(error) => Self::Shared(error.to_string()),
            Self::Shared(why) => Self::Shared(why.clone()),
            Self::Panicked => Self::Panicked,
        }
    }
}
