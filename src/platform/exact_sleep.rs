//! Waits that end at their moment, whatever was done before.
//!
//! The runtime rounds what is left of a wait up to whole milliseconds when it goes to
//! rest, and that is when the work before it has ended. So the moment at which it wakes
//! up tells, below a millisecond, how long that work took. A thread of its own, which
//! does nothing else, wakes up within some 0.1 ms of the moment itself.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::io;
use std::sync::{Condvar, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use tokio::sync::oneshot;

/// Waits until `moment`.
pub async fn sleep_until(moment: Instant) {
    if let Some(ended) = Clock::get().and_then(|clock| clock.wake_at(moment))
        && ended.await.is_ok()
    {
        return;
    }
    tokio::time::sleep_until(moment.into()).await;
}

/// One wait; the earliest is the greatest.
struct Wait {
    at: Reverse<Instant>,
    ended: oneshot::Sender<()>,
}

impl PartialEq for Wait {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Wait {}

impl PartialOrd for Wait {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Wait {
    fn cmp(&self, other: &Self) -> Ordering {
        self.at.cmp(&other.at)
    }
}

/// The thread's list.
#[derive(Default)]
struct Clock {
    waits: Mutex<BinaryHeap<Wait>>,
    earlier: Condvar,
}

impl Clock {
    /// The one of this process; `None` if the system gives no thread for it.
    fn get() -> Option<&'static Self> {
        static CLOCK: OnceLock<Option<&'static Clock>> = OnceLock::new();
        *CLOCK.get_or_init(|| Self::start().ok())
    }

    fn start() -> io::Result<&'static Self> {
        let clock: &'static Self = Box::leak(Box::default());
        std::thread::Builder::new().name("exact-sleep".to_owned()).spawn(|| clock.run())?;
        Ok(clock)
    }

    fn wake_at(&self, moment: Instant) -> Option<oneshot::Receiver<()>> {
        let (ended, waits_for) = oneshot::channel();
        let mut waits = self.waits.lock().ok()?;
        let is_first = waits.peek().is_none_or(|first| moment < first.at.0);
        waits.push(Wait { at: Reverse(moment), ended });
        if is_first {
            self.earlier.notify_one();
        }
        Some(waits_for)
    }

    fn run(&self) {
        let mut waits = self.waits.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let left = waits.peek().map(|first| first.at.0.saturating_duration_since(Instant::now()));
            waits = match left {
                None => self.earlier.wait(waits).unwrap_or_else(PoisonError::into_inner),
                Some(left) if left.is_zero() => {
                    // Whoever waited may have gone away.
                    if let Some(first) = waits.pop() {
                        let _ = first.ended.send(());
                    }
                    continue;
                }
                Some(left) => {
                    self.earlier.wait_timeout(waits, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[actix_web::test]
    async fn waits_end_in_the_order_of_their_moments_and_none_too_early() {
        let begun = Instant::now();
        let wait = |millis: u64| async move {
            sleep_until(begun + Duration::from_millis(millis)).await;
            (millis, begun.elapsed())
        };
        let mut waits: futures_util::stream::FuturesUnordered<_> =
            [30, 10, 20, 0].map(wait).into_iter().collect();
        let mut ended = Vec::new();
        while let Some((millis, passed)) = futures_util::StreamExt::next(&mut waits).await {
            assert!(passed >= Duration::from_millis(millis), "{millis}: {passed:?}");
            ended.push(millis);
        }
        assert_eq!(ended, [0, 10, 20, 30]);
    }

    #[actix_web::test]
    async fn a_wait_that_is_given_up_holds_up_no_other() {
        let begun = Instant::now();
        drop(tokio::time::timeout(Duration::ZERO, sleep_until(begun + Duration::from_millis(5))).await);
        sleep_until(begun + Duration::from_millis(10)).await;
        assert!(begun.elapsed() >= Duration::from_millis(10));
    }
}
