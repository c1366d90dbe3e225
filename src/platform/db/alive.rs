//! Whether the database answers, for anybody who asks: one question for all of them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

/// How long an answer is good.
const KEPT: Duration = Duration::from_millis(500);

/// The last answer.
#[derive(Debug, Clone, Default)]
pub(super) struct Alive(Arc<Mutex<Option<(Instant, bool)>>>);

impl Alive {
    /// What `ask` answers now, or has answered a moment ago. Whoever comes meanwhile
    /// waits for the same answer.
    pub(super) async fn or_ask(&self, ask: impl Future<Output = bool> + 'static) -> bool {
        let mut last = Arc::clone(&self.0).lock_owned().await;
        if let Some((_, answer)) = last.filter(|(at, _)| at.elapsed() < KEPT) {
            return answer;
        }
        // Goes on when the caller hangs up: others wait for it too.
        let asked = actix_web::rt::spawn(async move {
            let answer = ask.await;
            *last = Some((Instant::now(), answer));
            answer
        });
        asked.await.unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use futures_util::FutureExt as _;
    use futures_util::future::join_all;

    use super::*;

    #[actix_web::test]
    async fn a_hundred_questions_at_once_are_one_question() {
        let (alive, asked) = (Alive::default(), Rc::new(Cell::new(0)));
        let ask = || {
            let asked = Rc::clone(&asked);
            alive.or_ask(async move {
                asked.set(asked.get() + 1);
                tokio::task::yield_now().await;
                true
            })
        };
        assert_eq!(ask().now_or_never(), None, "this one hangs up");
        assert!(join_all((0..100).map(|_| ask())).await.into_iter().all(|answer| answer));
        assert_eq!(asked.get(), 1);
    }

    #[actix_web::test]
    async fn an_answer_that_is_too_old_is_not_given() {
        let alive = Alive::default();
        assert!(alive.or_ask(async { true }).await);
        if let Some((at, _)) = alive.0.lock().await.as_mut() {
            *at = at.checked_sub(KEPT).unwrap();
        }
        assert!(!alive.or_ask(async { false }).await);
    }
}
