//! What keeps the outbox small, and right after a clock has jumped.

use std::time::Duration;

use oc::platform::outbox::housekeeping::{mend_after_clock_jump, remove_settled};
use oc::platform::outbox::{self, Settlement, Start};

use super::{MAX_AGE, Outbox, TOPIC, at, failed, retry, subject};

const HOUR: i64 = 3_600;

#[test]
fn what_was_delivered_goes_with_its_attempts_and_what_failed_stays() {
    let mut outbox = Outbox::new();
    let hows = [Settlement::Delivered, failed(), retry(60), Settlement::Delivered];
    for (number, how) in (1..).zip(&hows) {
        outbox.promise(subject(number), 1);
        let message = outbox.claim(at(0)).remove(0);
        outbox.settle(&message, how);
    }
    outbox.promise(subject(9), 1);
    let tenant = outbox.vault.tenant().clone();
    outbox::supersede(&mut outbox.conn, &tenant, (subject(9), &[TOPIC]), at(1)).unwrap();
    assert_eq!(remove_settled(&mut outbox.conn, at(1), 100).unwrap(), 0, "not before their time");
    assert_eq!(remove_settled(&mut outbox.conn, at(2), 1).unwrap(), 1, "so many at a time");
    assert_eq!(remove_settled(&mut outbox.conn, at(2), 100).unwrap(), 2);
    assert_eq!(outbox.rows(), ["1 failed 1", "1 pending 1"]);
    assert_eq!(outbox.database.count("outbox_attempts"), 2);
    assert_eq!(remove_settled(&mut outbox.conn, at(99 * HOUR), 100).unwrap(), 0, "failed ones stay for ever");
}

#[test]
fn a_clock_that_is_set_back_holds_no_message_up() {
    let mut outbox = Outbox::new();
    // Written while the clock was an hour ahead: one waits, one is under way, one is put off.
    let ahead = at(HOUR);
    for (number, start) in [(1, Start::At(ahead)), (2, Start::Leased(super::LEASE)), (3, Start::At(at(60)))] {
        let message = outbox.message(subject(number), 1);
        outbox::enqueue(&mut outbox.conn, &message, start, ahead, MAX_AGE).unwrap();
    }
    assert_eq!(outbox.claim(at(0)).len(), 0);
    let longest = Duration::from_secs(300);
    assert_eq!(mend_after_clock_jump(&mut outbox.conn, at(0), longest).unwrap(), 2);
    let mut claimed: Vec<_> = outbox.claim(at(0)).iter().map(|m| m.subject.as_u128()).collect();
    claimed.sort_unstable();
    assert_eq!(claimed, [1, 2], "a pause that may be meant is left alone");
    assert_eq!(mend_after_clock_jump(&mut outbox.conn, at(0), longest).unwrap(), 0);
}

#[test]
fn a_clock_that_is_set_ahead_only_makes_messages_due_sooner() {
    let mut outbox = Outbox::new();
    outbox.promise(subject(1), 1);
    let under_way = outbox.claim(at(0)).remove(0);
    let again = outbox.claim(at(HOUR)).remove(0);
    assert_eq!(again.attempt, 2, "the lease looks long over");
    assert!(outbox.settle(&under_way, &Settlement::Delivered).is_empty(), "the first attempt counts no more");
    assert_eq!(outbox.settle(&again, &Settlement::Delivered).len(), 1);
}
