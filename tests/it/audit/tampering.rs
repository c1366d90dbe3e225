//! Whatever somebody does to the rows is found, and at its place.

use oc::platform::audit::{Damage, Head};

use super::{Trail, keys};

const ROWS: usize = 12;

async fn written() -> Trail {
    let trail = Trail::new();
    trail.write("one", 1..=ROWS).await;
    trail.write("two", 1..=3).await;
    trail.chain(ROWS + 3).await;
    assert_eq!(trail.verify("one").await.unwrap().head.seq, 12);
    trail
}

/// What is found in the chain that was tampered with; the other one stays whole.
async fn found(sql: &str) -> Damage {
    let trail = written().await;
    trail.tamper(sql);
    assert!(trail.verify("two").await.is_ok());
    trail.verify("one").await.expect_err(sql)
}

#[actix_web::test]
async fn an_edited_entry_is_found_whatever_was_edited() {
    for set in [
        "who = 'berta'",
        "action = 'document.read'",
        "target = '0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d'",
        "outcome = 'refused'",
        "times = 2",
        "address = '192.0.2.0/24'",
        "agent = 'firefox'",
        "mark = '00'",
        "at = at + interval '1 millisecond'",
        "hash = sha256('x')",
        "prev_hash = sha256('x')",
    ] {
        let sql = format!("UPDATE audit_log SET {set} WHERE tenant_id = 'one' AND seq = 5");
        assert_eq!(found(&sql).await, Damage::Edited { seq: 5 }, "{set}");
    }
}

#[actix_web::test]
async fn a_deleted_entry_is_found() {
    let delete = |seq: i64| format!("DELETE FROM audit_log WHERE tenant_id = 'one' AND seq = {seq}");
    assert_eq!(found(&delete(1)).await, Damage::Missing { seq: 1 });
    assert_eq!(found(&delete(7)).await, Damage::Missing { seq: 7 });
    let closed = "UPDATE audit_log SET seq = seq - 1 WHERE tenant_id = 'one' AND seq > 7";
    assert_eq!(found(&format!("{}; {closed}", delete(7))).await, Damage::Edited { seq: 7 });
}

#[actix_web::test]
async fn swapped_entries_are_found() {
    let swap = "UPDATE audit_log SET seq = 1000 WHERE tenant_id = 'one' AND seq = 4; \
                UPDATE audit_log SET seq = 4 WHERE tenant_id = 'one' AND seq = 5; \
                UPDATE audit_log SET seq = 5 WHERE tenant_id = 'one' AND seq = 1000";
    assert_eq!(found(swap).await, Damage::Edited { seq: 4 });
}

#[actix_web::test]
async fn an_entry_that_was_put_in_between_is_found() {
    let columns = "at, who, action, target, outcome, times, address, agent, mark, prev_hash, hash";
    let insert = format!(
        "UPDATE audit_log SET seq = seq + 1000 WHERE tenant_id = 'one' AND seq > 6; \
         UPDATE audit_log SET seq = seq - 999 WHERE tenant_id = 'one' AND seq > 1000; \
         INSERT INTO audit_log (tenant_id, seq, {columns}) SELECT 'one', 7, {columns} FROM audit_log WHERE tenant_id = 'two' AND seq = 2"
    );
    assert_eq!(found(&insert).await, Damage::Edited { seq: 7 });
}

#[actix_web::test]
async fn a_missing_end_is_found() {
    let cut = "DELETE FROM audit_log WHERE tenant_id = 'one' AND seq > 9";
    assert_eq!(found(cut).await, Damage::CutOff { seq: 10 });
    let hidden = "UPDATE audit_chains c SET head_seq = l.seq, head_hash = l.hash FROM audit_log l \
                  WHERE c.tenant_id = 'one' AND l.tenant_id = 'one' AND l.seq = 9";
    assert_eq!(found(&format!("{cut}; {hidden}")).await, Damage::BrokenSeal);
    let all =
        "DELETE FROM audit_log WHERE tenant_id = 'one'; DELETE FROM audit_chains WHERE tenant_id = 'one'";
    let trail = written().await;
    let head = trail.verify("one").await.unwrap().head;
    trail.tamper(all);
    assert_eq!(trail.verify_with("one", &[head]).await, Err(Damage::CutOff { seq: 1 }));
}

#[actix_web::test]
async fn an_end_that_was_set_back_with_its_seal_is_found_by_a_head_that_was_noted() {
    let trail = Trail::new();
    trail.write("one", 1..=3).await;
    trail.chain(3).await;
    trail.database.execute("CREATE TABLE kept AS SELECT * FROM audit_chains");
    trail.write("one", 4..=5).await;
    trail.chain(2).await;
    let noted = trail.verify("one").await.unwrap().head;
    trail.tamper(
        "DELETE FROM audit_log WHERE seq > 3; DELETE FROM audit_chains; INSERT INTO audit_chains SELECT * FROM kept",
    );
    assert!(trail.verify("one").await.is_ok(), "by itself it looks whole");
    assert_eq!(trail.verify_with("one", &[noted]).await, Err(Damage::CutOff { seq: 4 }));
}

#[actix_web::test]
async fn a_chain_that_was_written_anew_is_found_by_a_head_that_was_noted() {
    let trail = Trail::new();
    trail.write("one", 1..=5).await;
    trail.chain(5).await;
    let noted = trail.verify("one").await.unwrap().head;
    trail.tamper("DELETE FROM audit_log; DELETE FROM audit_chains");
    trail.write("one", 11..=16).await;
    trail.chain(6).await;
    assert!(trail.verify("one").await.is_ok());
    assert_eq!(trail.verify_with("one", &[noted]).await, Err(Damage::Rewritten { seq: 5 }));
}

#[actix_web::test]
async fn nothing_is_added_to_a_chain_whose_ends_were_changed() {
    let trail = written().await;
    trail.tamper("UPDATE audit_chains SET head_seq = 11 WHERE tenant_id = 'one'");
    trail.write("one", [13]).await;
    trail.write("two", [4]).await;
    trail.chain(1).await;
    assert_eq!(trail.verify("one").await, Err(Damage::BrokenSeal));
    assert_eq!(trail.verify("two").await.unwrap().head.seq, 4);
    assert_eq!(trail.database.count("audit_pending"), 1);
}

#[actix_web::test]
async fn a_seal_outlives_a_new_key_and_not_the_loss_of_its_own() {
    let trail = written().await;
    let database = trail.database;
    let both = Trail::on(database, trail.db.clone(), keys(&[8, 7]));
    assert!(both.verify("one").await.is_ok());
    let stranger = Trail::on(both.database, trail.db.clone(), keys(&[8]));
    assert_eq!(stranger.verify("one").await, Err(Damage::BrokenSeal));
}

#[actix_web::test]
async fn an_ordinary_statement_does_not_change_what_was_chained() {
    use diesel::connection::SimpleConnection as _;
    let trail = written().await;
    let before = trail.database.dump();
    for sql in ["UPDATE audit_log SET who = 'x'", "DELETE FROM audit_log", "TRUNCATE audit_log"] {
        let refused = trail.database.connect().batch_execute(sql).unwrap_err().to_string();
        assert!(refused.contains("only ever added to"), "{sql}: {refused}");
    }
    assert_eq!(trail.database.dump(), before);
}

#[actix_web::test]
async fn ten_thousand_entries_are_verified_quickly() {
    let trail = Trail::new();
    trail.write_many("one", 10_000).await;
    let started = std::time::Instant::now();
    assert_eq!(trail.verify("one").await.unwrap().head.seq, 10_000);
    assert!(started.elapsed() < std::time::Duration::from_secs(20), "{:?}", started.elapsed());
    trail.tamper("UPDATE audit_log SET target = '0' WHERE seq = 7500");
    assert_eq!(trail.verify("one").await, Err(Damage::Edited { seq: 7_500 }));
}

#[actix_web::test]
async fn what_was_never_written_is_an_empty_chain() {
    let trail = Trail::new();
    assert_eq!(trail.verify("nobody").await.unwrap().head, Head::genesis());
}

#[actix_web::test]
async fn an_entry_behind_the_end_is_found_and_holds_up_nobody_else() {
    let forged = "INSERT INTO audit_log SELECT tenant_id, seq + 1, at, who, action, target, outcome, times, address, agent, mark, hash, \
                  sha256('x') FROM audit_log WHERE tenant_id = 'one' AND seq = 12";
    assert_eq!(found(forged).await, Damage::Edited { seq: 13 });
    let trail = written().await;
    let lines = trail.lines("one").await;
    // Its hash fits: whoever writes to the database can compute it.
    let next = lines[11].replace("\"seq\":12", "\"seq\":13");
    let hash = |line: &str| {
        serde_json::from_str::<serde_json::Value>(line).unwrap()["hash"].as_str().unwrap().to_owned()
    };
    let prev = |line: &str| {
        serde_json::from_str::<serde_json::Value>(line).unwrap()["prev"].as_str().unwrap().to_owned()
    };
    let next = next.replace(&prev(&lines[11]), &hash(&lines[11]));
    let body = format!("{}}}", &next[..next.find(",\"hash\"").unwrap()]);
    trail.tamper(&format!(
        "INSERT INTO audit_log SELECT tenant_id, seq + 1, at, who, action, target, outcome, times, address, agent, mark, hash, \
         sha256(convert_to('{body}', 'UTF8')) FROM audit_log WHERE tenant_id = 'one' AND seq = 12"
    ));
    assert_eq!(trail.verify("one").await, Err(Damage::Added { seq: 13 }));
    // What comes next for this tenant can't be added; that of others is.
    trail.write("one", [13]).await;
    trail.write("two", [4]).await;
    trail.chain(1).await;
    assert_eq!(trail.verify("two").await.unwrap().head.seq, 4);
}

#[actix_web::test]
async fn a_chain_whose_ends_were_removed_is_found_and_not_begun_anew() {
    let trail = written().await;
    trail.tamper("DELETE FROM audit_chains WHERE tenant_id = 'one'");
    assert_eq!(trail.verify("one").await, Err(Damage::NoEnds));
    trail.write("one", [13]).await;
    assert_eq!(trail.audit.chain_all().await.unwrap(), 0);
    assert_eq!(trail.verify("one").await, Err(Damage::NoEnds));
    assert_eq!(trail.database.count("audit_pending"), 1);
}

#[actix_web::test]
async fn nothing_is_removed_at_its_time_that_is_not_whole() {
    let trail = written().await;
    trail.tamper("UPDATE audit_log SET at = '2000-01-01' WHERE tenant_id = 'one' AND seq < 5");
    assert_eq!(trail.audit.forget_old().await.unwrap(), 0);
    assert_eq!(trail.verify("one").await, Err(Damage::Edited { seq: 1 }));
}
