//! Every entry gets into its chain once, in an order that never goes backwards.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use oc::domain::audit::{AuditAction, Trace};
use oc::platform::audit;
use oc::platform::db::DbError;
use oc::platform::http::ApiError;
use serde_json::Value;
use uuid::Uuid;

use super::{PATIENCE, Trail, at, entry, tenant};
use crate::support::waiting::until_async;

fn targets(lines: &[String]) -> Vec<String> {
    let target = |line: &String| {
        let line: Value = serde_json::from_str(line).unwrap();
        line["target"].as_str().unwrap().to_owned()
    };
    lines.iter().map(target).collect()
}

#[actix_web::test]
async fn writers_of_several_tenants_at_once_leave_every_entry_once_and_in_order() {
    let trail = Arc::new(Trail::new());
    let tenants = ["one", "two", "three"];
    let write = |writer: usize| {
        let trail = Arc::clone(&trail);
        actix_web::rt::spawn(async move {
            for n in 0..40 {
                let name = tenant(tenants[(writer + n) % 3]);
                let rows = trail.db.of(&name);
                // Two entries of one transaction, and what a writer did before.
                let note = move |conn: &mut diesel::PgConnection| -> Result<(), DbError> {
                    audit::note(conn, &name, &entry(format!("{writer}/{n}/a"), 0))?;
                    Ok(audit::note(conn, &name, &entry(format!("{writer}/{n}/b"), 0))?)
                };
                rows.transaction(Uuid::from_u128(writer as u128), note).await.unwrap();
            }
        })
    };
    let writers: Vec<_> = (0..8).map(write).collect();
    let chainers: Vec<_> = (0..2)
        .map(|_| {
            let trail = Arc::clone(&trail);
            actix_web::rt::spawn(async move {
                let mut chained = 0;
                for _ in 0..50 {
                    chained += trail.audit.chain_all().await.unwrap_or_default();
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
                chained
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let mut chained = 0;
    for chainer in chainers {
        chained += chainer.await.unwrap();
    }
    trail.chain(640 - chained).await;
    let mut seen = HashSet::new();
    for name in tenants {
        assert!(trail.verify(name).await.is_ok());
        let mut last: BTreeMap<String, (usize, String)> = BTreeMap::new();
        for target in targets(&trail.lines(name).await) {
            assert!(seen.insert(target.clone()), "{target} stands there twice");
            let [writer, n, part] = target.split('/').collect::<Vec<_>>()[..] else { panic!("{target}") };
            let now = (n.parse().unwrap(), part.to_owned());
            if let Some(before) = last.insert(writer.to_owned(), now.clone()) {
                assert!(before < now, "{name}: {before:?} before {now:?}");
            }
        }
    }
    assert_eq!(seen.len(), 640);
    assert_eq!(trail.database.count("audit_pending"), 0);
}

#[actix_web::test]
async fn an_entry_of_a_transaction_that_still_runs_holds_later_ones_back() {
    let trail = Trail::new();
    let mut slow = trail.database.connect();
    slow.batch_execute("BEGIN").unwrap();
    audit::note(&mut slow, &tenant("one"), &entry("first", 0)).unwrap();
    trail.write("one", [2]).await;
    assert_eq!(trail.audit.chain_all().await.unwrap(), 0);
    slow.batch_execute("COMMIT").unwrap();
    trail.chain(2).await;
    assert_eq!(targets(&trail.lines("one").await), ["first", "2"]);
}

#[actix_web::test]
async fn a_process_that_dies_between_writing_and_chaining_loses_nothing() {
    let trail = Trail::new();
    trail.write("one", 1..=3).await;
    let next = Trail::on(trail.database, trail.db.clone(), Arc::clone(&trail.keys));
    next.chain(3).await;
    // A transaction that chains and dies before its commit has done nothing.
    next.write("one", [4]).await;
    next.database.execute("ALTER TABLE audit_chains ADD CONSTRAINT full_up CHECK (head_seq < 4) NOT VALID");
    let started = std::time::Instant::now();
    while next.audit.chain_all().await.is_ok() {
        assert!(started.elapsed() < PATIENCE);
    }
    assert_eq!((next.database.count("audit_pending"), next.database.count("audit_log")), (1, 3));
    next.database.execute("ALTER TABLE audit_chains DROP CONSTRAINT full_up");
    next.chain(1).await;
    assert_eq!(next.verify("one").await.unwrap().head.seq, 4);
}

#[actix_web::test]
async fn what_a_transaction_takes_back_leaves_no_entry() {
    let trail = Trail::new();
    let name = tenant("one");
    let rows = trail.db.of(&name);
    let refuse = move |conn: &mut diesel::PgConnection| -> Result<(), ApiError> {
        audit::note(conn, &name, &entry(1, 0))?;
        Err(ApiError::internal("refused"))
    };
    rows.transaction(Uuid::nil(), refuse).await.unwrap_err();
    assert_eq!(trail.audit.chain_all().await.unwrap(), 0);
    assert_eq!(trail.verify("one").await.unwrap().pending, 0);
}

#[actix_web::test]
async fn reading_is_gathered_and_equal_reading_is_counted() {
    let trail = Trail::new();
    let who = audit::Who::default();
    for _ in 0..3 {
        trail.audit.read(&tenant("one"), &who, AuditAction::DocumentRead, "a");
    }
    trail.audit.refused(&tenant("one"), &who, "GET /api/audit");
    assert_eq!(trail.database.count("audit_log"), 0);
    trail.chain(2).await;
    trail.write("one", [1]).await;
    trail.chain(1).await;
    let told =
        "SELECT concat_ws(' ', seq, action, target, outcome, times) AS text FROM audit_log ORDER BY seq";
    assert_eq!(
        trail.database.texts(told),
        [
            "1 document.read a done 3",
            "2 request.refused GET /api/audit refused 1",
            "3 document.sent 1 done 1"
        ]
    );
}

#[actix_web::test]
async fn what_is_gathered_survives_a_database_that_is_away_for_a_while() {
    let trail = Trail::new();
    trail.audit.read(&tenant("one"), &audit::Who::default(), AuditAction::DocumentRead, "a");
    trail.database.execute("ALTER TABLE audit_log RENAME TO away");
    trail.audit.chain_all().await.unwrap_err();
    trail.database.execute("ALTER TABLE away RENAME TO audit_log");
    trail.chain(1).await;
}

#[actix_web::test]
async fn entries_of_another_server_are_chained_after_a_restore() {
    let trail = Trail::new();
    trail.write("one", [1]).await;
    trail.database.execute("UPDATE audit_pending SET txid = 9000000000");
    assert_eq!(trail.audit.chain_all().await.unwrap(), 0);
    let running = actix_web::rt::spawn(trail.audit.clone().run());
    // Whoever is asked for a trace wakes the job.
    drop(trail.audit.trace(&tenant("one"), &audit::Who::default()));
    let chained = || (trail.database.count("audit_log") == 1).then_some(());
    until_async("the entry to be chained", PATIENCE, chained).await;
    running.abort();
}

#[actix_web::test]
async fn old_entries_are_removed_from_the_start_and_the_rest_is_still_whole() {
    let trail = Trail::new();
    let name = tenant("one");
    for millis in [-400, -350, 100, -300] {
        let (name, rows) = (name.clone(), trail.db.of(&name));
        let days = millis * 86_400_000;
        let entry = Trace::nobody().did(AuditAction::DocumentSent, millis, at(days));
        let note =
            move |conn: &mut diesel::PgConnection| audit::note(conn, &name, &entry).map_err(DbError::from);
        rows.transaction(Uuid::nil(), note).await.unwrap();
    }
    trail.chain(4).await;
    let noted = trail.verify("one").await.unwrap().head;
    let settings = oc::config::Audit {
        reads: true,
        pause: Duration::from_millis(1),
        retention: Duration::from_secs(200 * 86_400),
    };
    let short = audit::Audit::new(trail.db.clone(), Arc::clone(&trail.keys), settings);
    assert_eq!(short.forget_old().await.unwrap(), 2, "only from the start, and not behind a newer one");
    assert_eq!(short.forget_old().await.unwrap(), 0);
    let whole = trail.verify_with("one", &[noted]).await.unwrap();
    assert_eq!((whole.start.seq, whole.head.seq), (2, 4));
    trail.tamper("UPDATE audit_chains SET start_seq = 1");
    assert!(trail.verify("one").await.is_err());
}

#[actix_web::test]
async fn a_tenant_that_can_not_be_chained_is_in_nobodys_way_and_loses_nothing() {
    let trail = Trail::new();
    trail
        .database
        .execute("ALTER TABLE audit_chains ADD CONSTRAINT bad CHECK (tenant_id <> 'bad') NOT VALID");
    for name in ["bad", "one", "two"] {
        trail.audit.read(&tenant(name), &audit::Who::default(), AuditAction::DocumentRead, "a");
        trail.write(name, [1]).await;
    }
    let chained = "SELECT tenant_id || ' ' || count(*) AS text FROM audit_log GROUP BY tenant_id ORDER BY 1";
    // The others are chained whether or not their group failed first; entries wait for older
    // transactions, also for those of other databases of the server.
    let (started, mut failed) = (std::time::Instant::now(), false);
    while !failed || trail.database.texts(chained) != ["one 2", "two 2"] {
        assert!(started.elapsed() < PATIENCE, "{failed} {:?}", trail.database.texts(chained));
        failed |= trail.audit.chain_all().await.is_err();
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    trail.database.execute("ALTER TABLE audit_chains DROP CONSTRAINT bad");
    trail.chain(2).await;
    assert_eq!(trail.database.texts(chained), ["bad 2", "one 2", "two 2"]);
}
