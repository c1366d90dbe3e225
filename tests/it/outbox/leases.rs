//! Who holds a message, and what remains of an attempt.

use oc::platform::outbox::{self, Settlement};
use std::time::Duration;
use uuid::Uuid;

use super::{Outbox, at, ended, failed, retry, subject};

#[test]
fn the_message_of_a_worker_that_died_is_taken_over_when_its_lease_ends() {
    let mut outbox = Outbox::new();
    outbox.promise(subject(1), 1);
    assert_eq!(outbox.claim(at(0)).remove(0).attempt, 1);
    assert_eq!(outbox.claim(at(29)).len(), 0, "the lease holds");
    assert_eq!(outbox.lease_one(subject(1), 1, at(29)), None, "for everybody");
    let taken_over = outbox.claim(at(30)).remove(0);
    assert_eq!((taken_over.attempt, taken_over.open(&outbox.vault).unwrap()), (2, b"{}".to_vec()));
    assert_eq!(outbox.lease_one(subject(1), 1, at(61)).unwrap().attempt, 3);
}

#[test]
fn only_the_attempt_that_holds_the_lease_may_settle() {
    let mut outbox = Outbox::new();
    outbox.promise(subject(1), 1);
    let late = outbox.claim(at(0)).remove(0);
    let holder = outbox.claim(at(30)).remove(0);
    for how in [Settlement::Delivered, retry(99), failed()] {
        assert!(outbox.settle(&late, &how).is_empty());
        assert_eq!(outbox.rows(), ["1 leased 2"]);
    }
    assert_eq!(outbox.database.count("outbox_attempts"), 0);
    assert_eq!(outbox.settle(&holder, &Settlement::Delivered), [(holder.id, 2)].into());
    assert!(outbox.settle(&holder, &failed()).is_empty(), "what is settled is settled");
    assert_eq!(outbox.rows(), ["1 delivered 2"]);
    assert_eq!(outbox.database.count("outbox_attempts"), 1);
}

#[test]
fn of_two_attempts_at_one_message_in_a_batch_only_the_holder_settles() {
    let mut outbox = Outbox::new();
    outbox.promise(subject(1), 1);
    let hows = [retry(99), Settlement::Delivered];
    let attempts = [outbox.claim(at(0)).remove(0), outbox.claim(at(30)).remove(0)];
    let ended: Vec<_> = attempts.iter().zip(&hows).map(|(message, how)| ended(message, how)).collect();
    let pairs: Vec<_> = ended.iter().zip(&hows).collect();
    let settled = outbox::settle(&mut outbox.conn, &pairs, at(31)).unwrap();
    assert_eq!(settled, [(attempts[1].id, 2)].into());
    assert_eq!(outbox.rows(), ["1 delivered 2"]);
    let log = outbox.database.texts("SELECT attempt::text AS text FROM outbox_attempts");
    assert_eq!(log, ["2"], "the late one is not told");
}

#[test]
fn a_batch_is_settled_each_message_for_itself() {
    let mut outbox = Outbox::new();
    for number in 1..=4 {
        outbox.promise(subject(number), 1);
    }
    let mut claimed = outbox.claim(at(0));
    claimed.sort_by_key(|message| message.subject);
    let hows = [Settlement::Delivered, retry(60), failed(), Settlement::Delivered];
    let mut attempts: Vec<_> = claimed.iter().zip(&hows).map(|(message, how)| ended(message, how)).collect();
    // The last one is somebody else's by now.
    attempts[3].message.attempt = 7;
    let pairs: Vec<_> = attempts.iter().zip(&hows).collect();
    let settled = outbox::settle(&mut outbox.conn, &pairs, at(1)).unwrap();
    let expected: Vec<(Uuid, i32)> = claimed[..3].iter().map(|message| (message.id, 1)).collect();
    assert_eq!(settled, expected.into_iter().collect());
    assert_eq!(outbox.rows(), ["1 delivered 1", "1 pending 1", "1 failed 1", "1 leased 1"]);
    let kept = outbox.database.texts(
        "SELECT concat_ws(' ', payload IS NULL, settled_at IS NULL, last_error) AS text FROM outbox ORDER BY subject_id",
    );
    assert_eq!(kept, ["t f", "f t it was busy", "f f it said no", "f t"]);
}

#[test]
fn an_attempt_that_called_nobody_takes_no_time_and_leaves_no_line() {
    let mut outbox = Outbox::new();
    outbox.promise(subject(1), 1);
    let (pause, error) = (Duration::from_secs(300), "its tenant is suspended".to_owned());
    for began in [0, 300, 600] {
        let message = outbox.claim(at(began)).remove(0);
        let due_at = at(began + 300);
        outbox.settle(&message, &Settlement::PutOff { pause, due_at, error: error.clone() });
        assert_eq!(outbox.rows(), ["1 pending 0"]);
        assert!(outbox.claim(at(began + 299)).is_empty());
    }
    let life = "SELECT concat_ws(' ', give_up_at - created_at, last_error) AS text FROM outbox";
    assert_eq!(outbox.database.text(life), "01:15:00 its tenant is suspended");
    assert_eq!(outbox.database.count("outbox_attempts"), 0);
}

#[test]
fn the_log_tells_how_each_attempt_ended() {
    let mut outbox = Outbox::new();
    outbox.promise(subject(1), 1);
    let first = outbox.claim(at(0)).remove(0);
    outbox.settle(&first, &retry(10));
    let second = outbox.claim(at(10)).remove(0);
    outbox.settle(&second, &retry(20));
    let third = outbox.claim(at(20)).remove(0);
    outbox.settle(&third, &Settlement::Delivered);
    let log = outbox.database.texts(
        "SELECT concat_ws('|', attempt, status, duration_ms, coalesce(error, '-'), coalesce(length(answer), 0), \
         convert_from(answer, 'UTF8')) AS text FROM outbox_attempts ORDER BY attempt",
    );
    assert_eq!(log, ["1|503|12|it was busy|4|busy", "2|503|12|it was busy|4|busy", "3|201|12|-|0"]);
}
