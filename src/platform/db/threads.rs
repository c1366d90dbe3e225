//! As many threads as may use a connection, and a queue in front of them.
//!
//! Diesel blocks, so its work belongs on threads of its own. Each takes job
//! after job from a common queue: while there is work,
//! nobody has to be woken up, which is what a web server that answers small
//! queries otherwise spends most of its time with.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;

use super::DbError;

/// Jobs that may wait or run for each thread.
const JOBS_PER_THREAD: usize = 64;

/// The threads and their queue.
pub(super) struct Threads {
    runtime: Option<Runtime>,
    places: Arc<Semaphore>,
    most: usize,
    longest_wait: Duration,
    longest_run: Duration,
}

impl Threads {
    /// `count` threads, started when they are needed.
    pub(super) fn new(count: u32, longest_wait: Duration, longest_run: Duration) -> Self {
        let count = usize::try_from(count).unwrap_or(1);
        let runtime = Builder::new_current_thread()
            .max_blocking_threads(count)
            .thread_name("database")
            .thread_keep_alive(Duration::from_secs(60))
            .build();
        let most = count.saturating_mul(JOBS_PER_THREAD);
        Self {
            runtime: runtime.inspect_err(|error| log::error!("no database threads: {error}")).ok(),
            places: Arc::new(Semaphore::new(most)),
            most,
            longest_wait,
            longest_run,
        }
    }

    /// Jobs that wait or run.
    pub(super) fn held(&self) -> usize {
        self.most.saturating_sub(self.places.available_permits())
    }

    /// Longest time until a thread takes a job.
    pub(super) fn longest_wait(&self) -> Duration {
        self.longest_wait
    }

    /// Longest time a job may take.
    pub(super) fn longest_run(&self) -> Duration {
        self.longest_run
    }

    /// Runs `job` on a thread. [`DbError::Busy`] if none takes it in time; then,
    /// or when the caller goes away before, it will not run at all.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, DbError> {
        let runtime = self.runtime.as_ref().ok_or(DbError::Busy)?;
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| DbError::Busy)?;
        let taken = Arc::new(AtomicBool::new(false));
        let by_thread = Arc::clone(&taken);
        let _unwanted_once_dropped = TakenWhenDropped(Arc::clone(&taken));
        let mut result = runtime.spawn_blocking(move || {
            let _place = place;
            (!by_thread.swap(true, Ordering::AcqRel)).then(job)
        });
        let outcome = match tokio::time::timeout(self.longest_wait, &mut result).await {
            Ok(outcome) => outcome,
            // Nobody has begun, and now nobody will.
            Err(_) if !taken.swap(true, Ordering::AcqRel) => return Err(DbError::Busy),
            Err(_) => tokio::time::timeout(self.longest_run, result)
                .await
                .map_err(|_| DbError::Unavailable("no answer in time".to_owned()))?,
        };
        outcome.map_err(|_| DbError::Panicked)?.ok_or(DbError::Busy)
    }
}

/// Keeps a thread from taking a job that nobody waits for any more.
struct TakenWhenDropped(Arc<AtomicBool>);

impl Drop for TakenWhenDropped {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
