//! Messages about one subject go out in their order.

use diesel::connection::SimpleConnection as _;
use oc::platform::outbox::{self, Settlement, Start};

use super::{DESTINATION, LEASE, MAX_AGE, Outbox, TOPIC, at, claim, failed, retry, subject};

#[test]
fn each_message_waits_until_the_one_before_it_is_settled() {
    let mut outbox = Outbox::new();
    for sequence in [3, 1, 2] {
        outbox.promise(subject(1), sequence);
    }
    let first = outbox.claim(at(0)).remove(0);
    assert_eq!(first.sequence, 1);
    assert_eq!(outbox.claimed(at(0)), [] as [i64; 0], "an attempt at the first is under way");
    outbox.settle(&first, &Settlement::Delivered);
    let second = outbox.claim(at(0)).remove(0);
    assert_eq!(second.sequence, 2);
    outbox.settle(&second, &retry(60));
    assert_eq!(outbox.claimed(at(59)), [] as [i64; 0], "the second waits, and the third behind it");
    let second = outbox.claim(at(60)).remove(0);
    assert_eq!((second.sequence, second.attempt), (2, 2));
    outbox.settle(&second, &failed());
    assert_eq!(outbox.claimed(at(60)), [3], "what has failed holds nobody up");
}

#[test]
fn two_workers_at_the_same_moment_keep_the_order_too() {
    let mut outbox = Outbox::new();
    outbox.promise(subject(1), 1);
    outbox.promise(subject(1), 2);
    outbox.promise(subject(2), 1);
    // The one has leased the first message of a subject and has not committed yet.
    let mut one = outbox.database.connect();
    one.batch_execute("BEGIN").unwrap();
    let leased = outbox::claim_due(&mut one, DESTINATION, 1, at(0), LEASE).unwrap().remove(0);
    let other = outbox.claim(at(0));
    assert_eq!(other.len(), 1, "it takes what is free");
    assert_ne!(other[0].subject, leased.subject);
    one.batch_execute("COMMIT").unwrap();
    assert_eq!(outbox.claim(at(0)).len(), 0);
}

#[test]
fn many_workers_share_the_work_and_none_is_done_twice() {
    let mut outbox = Outbox::new();
    for number in 0..200 {
        outbox.promise(subject(number), 1);
    }
    let counts: Vec<usize> = std::thread::scope(|scope| {
        let work = || {
            let mut conn = outbox.database.connect();
            let mut count = 0;
            loop {
                let claimed = outbox::claim_due(&mut conn, DESTINATION, 7, at(0), LEASE).unwrap();
                count += claimed.len();
                if claimed.is_empty() {
                    return count;
                }
            }
        };
        let workers: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).collect()
    });
    assert_eq!(counts.iter().sum::<usize>(), 200, "{counts:?}");
    assert_eq!(outbox.database.count("outbox WHERE state = 'leased' AND attempts = 1"), 200);
}

#[test]
fn subjects_and_destinations_do_not_wait_for_each_other() {
    let mut outbox = Outbox::new();
    outbox.promise(subject(1), 1);
    outbox.promise(subject(2), 5);
    let mut elsewhere = outbox.message(subject(1), 9);
    elsewhere.destination = "a third place".to_owned();
    outbox::enqueue(&mut outbox.conn, &elsewhere, Start::At(at(0)), at(0), MAX_AGE).unwrap();
    let mut claimed = outbox.claimed(at(0));
    claimed.sort_unstable();
    assert_eq!(claimed, [1, 5]);
    let there = outbox::claim_due(&mut outbox.conn, "a third place", 10, at(0), LEASE).unwrap();
    assert_eq!(there.len(), 1);
}

#[test]
fn what_is_due_first_goes_first_and_what_is_not_due_stays() {
    let mut outbox = Outbox::new();
    for (number, seconds) in [(1, 30), (2, 10), (3, 20), (4, 99)] {
        let message = outbox.message(subject(number), 1);
        outbox::enqueue(&mut outbox.conn, &message, Start::At(at(seconds)), at(0), MAX_AGE).unwrap();
    }
    let mut subjects = Vec::new();
    for _ in 0..3 {
        let claimed = outbox::claim_due(&mut outbox.conn, DESTINATION, 1, at(50), LEASE).unwrap();
        subjects.push(claimed[0].subject.as_u128());
    }
    assert_eq!(subjects, [2, 3, 1]);
    assert_eq!(outbox.claim(at(50)).len(), 0);
}

#[test]
fn a_message_that_has_to_wait_never_begins_at_once() {
    let mut outbox = Outbox::new();
    let first = outbox.message(subject(1), 1);
    let start = Start::Leased(LEASE);
    let begun = outbox::enqueue(&mut outbox.conn, &first, start, at(0), MAX_AGE).unwrap().unwrap();
    assert_eq!((begun.attempt, begun.open(&outbox.vault).unwrap()), (1, b"{}".to_vec()));
    let second = outbox.message(subject(1), 2);
    assert_eq!(outbox::enqueue(&mut outbox.conn, &second, start, at(0), MAX_AGE).unwrap(), None);
    assert_eq!(outbox.rows(), ["1 leased 1", "2 pending 0"]);
    assert_eq!(outbox.lease_one(subject(1), 2, at(0)), None, "not on demand either");
    outbox.settle(&begun, &Settlement::Delivered);
    assert_eq!(outbox.lease_one(subject(1), 2, at(0)).unwrap().attempt, 1);
}

#[test]
fn a_place_in_the_order_belongs_to_one_open_message() {
    let mut outbox = Outbox::new();
    outbox.promise(subject(1), 1);
    let same = outbox.message(subject(1), 1);
    outbox::enqueue(&mut outbox.conn, &same, Start::At(at(0)), at(0), MAX_AGE).unwrap_err();
    assert_eq!(outbox.rows(), ["1 pending 0"]);
}

#[test]
fn only_what_nobody_is_attempting_can_be_superseded() {
    let mut outbox = Outbox::new();
    outbox.promise(subject(1), 1);
    let under_way = outbox.claim(at(0)).remove(0);
    outbox.promise(subject(1), 2);
    outbox.promise(subject(2), 1);
    let tenant = outbox.vault.tenant().clone();
    let superseded = outbox::supersede(&mut outbox.conn, &tenant, (subject(1), &[TOPIC]), at(0)).unwrap();
    assert_eq!(superseded, 1);
    assert_eq!(outbox.rows(), ["1 leased 1", "2 superseded 0", "1 pending 0"]);
    let kept = "SELECT count(payload)::text AS text FROM outbox WHERE state = 'superseded'";
    assert_eq!(outbox.database.text(kept), "0", "what it said is gone");
    outbox.settle(&under_way, &Settlement::Delivered);
    let left: Vec<_> = claim(&mut outbox.conn, at(0)).iter().map(|message| message.subject).collect();
    assert_eq!(left, [subject(2)]);
}
