//! Whoever looks after the outbox is rung by whoever writes into it.

use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use oc::platform::outbox::{self, Start, Wake, listen};

use super::{LEASE, MAX_AGE, Outbox, at, subject};
use crate::support::database::settings;
use crate::support::waiting::until_async;

const PATIENCE: Duration = Duration::from_secs(10);
const LISTENING: &str = "SELECT pid::text AS text FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'";

async fn rung(wake: &Wake) -> bool {
    tokio::time::timeout(PATIENCE, wake.rung()).await.is_ok()
}

/// A worker of another process that listens and has heard that it listens.
async fn listener(outbox: &Outbox) -> Wake {
    let wake = Wake::default();
    listen(&settings(outbox.database.url()), &[&wake]).unwrap();
    assert!(rung(&wake).await, "something may have been written before");
    wake
}

#[actix_web::test]
async fn a_message_that_is_due_wakes_the_workers_of_every_process_once_it_is_committed() {
    let mut outbox = Outbox::new();
    let (one, other) = (listener(&outbox).await, listener(&outbox).await);
    outbox.conn.batch_execute("BEGIN").unwrap();
    outbox.promise(subject(1), 1);
    outbox.conn.batch_execute("COMMIT").unwrap();
    assert!(rung(&one).await && rung(&other).await);
}

#[test]
fn what_needs_no_worker_now_wakes_nobody() {
    let mut outbox = Outbox::new();
    let mut ear = outbox.database.connect();
    ear.batch_execute("LISTEN oc_outbox").unwrap();
    let mut heard = move || {
        ear.batch_execute("SELECT 1").unwrap();
        ear.notifications_iter().count()
    };
    let (later, at_once) = (outbox.message(subject(1), 1), outbox.message(subject(2), 1));
    for (message, start) in [(later, Start::At(at(60))), (at_once, Start::Leased(LEASE))] {
        outbox::enqueue(&mut outbox.conn, &message, start, at(0), MAX_AGE).unwrap();
    }
    assert_eq!(heard(), 0);
    outbox.promise(subject(3), 1);
    assert_eq!(heard(), 1);
}

#[actix_web::test]
async fn a_connection_that_broke_is_opened_again_and_rings_for_what_was_missed() {
    let outbox = Outbox::new();
    let wake = listener(&outbox).await;
    let pid = outbox.database.text(LISTENING);
    outbox.database.execute(&format!("SELECT pg_terminate_backend({pid})"));
    assert!(rung(&wake).await);
    assert_ne!(outbox.database.text(LISTENING), pid);
}

#[actix_web::test]
async fn nobody_listens_for_a_worker_that_is_gone() {
    let outbox = Outbox::new();
    let wake = listener(&outbox).await;
    drop(wake);
    let silent = || outbox.database.texts(LISTENING).is_empty().then_some(());
    until_async("the end of the listening", PATIENCE, silent).await;
}
