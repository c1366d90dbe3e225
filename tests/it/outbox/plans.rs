//! What a long queue costs.

use diesel::connection::SimpleConnection as _;
use diesel::{QueryableByName, RunQueryDsl as _, sql_query};

use super::{Outbox, at, subject};
use oc::platform::db::PLANS;
use oc::platform::outbox::{self, Settlement};

const QUEUE: &str = "INSERT INTO outbox (tenant_id, id, topic, subject_id, sequence, payload, state, due_at, created_at, destination, give_up_at) \
    SELECT 'default', gen_random_uuid(), 'document.deliver', gen_random_uuid(), 1, '{}', 'pending', now(), now(), 'client', now() + interval '1 day' \
    FROM generate_series(1, 50000)";

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = diesel::sql_types::Text)]
    text: String,
}

/// The plan of a statement that was prepared while the outbox was empty, run now.
fn plan_from_before(outbox: &mut Outbox, (types, statement): (&str, &str), parameters: &str) -> String {
    let explained = "CREATE FUNCTION pg_temp.plan(q text) RETURNS SETOF text LANGUAGE plpgsql AS \
        $$ DECLARE line text; BEGIN FOR line IN EXECUTE q LOOP RETURN NEXT line; END LOOP; END $$";
    let sql = format!(
        "{PLANS}; {explained}; PREPARE statement ({types}) AS {statement}; \
         EXECUTE statement({parameters}); {QUEUE}"
    );
    outbox.conn.batch_execute(&sql).unwrap_or_else(|error| panic!("{error}: {statement}"));
    let explain = "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF)";
    let sql = format!("SELECT pg_temp.plan($$ {explain} EXECUTE statement({parameters}) $$) AS text");
    let lines: Vec<Line> = sql_query(sql).load(&mut outbox.conn).unwrap();
    lines.into_iter().map(|line| line.text + "\n").collect()
}

/// No step of the plan reads a large part of the queue.
fn reads_little(plan: &str) -> bool {
    let rows = plan.split("rows=").skip(1);
    let most = rows.filter_map(|rest| rest.split(' ').next()?.parse::<u64>().ok()).max();
    most.is_some_and(|most| most <= 10) && !plan.contains("Rows Removed") && !plan.contains("Seq Scan")
}

#[test]
fn a_claim_reads_what_it_takes_however_long_the_queue_has_grown_meanwhile() {
    let mut outbox = Outbox::new();
    assert!(outbox.claim(at(0)).is_empty());
    let statement = outbox.database.last_statement("WITH due");
    let parameters = "'client', now(), 6, now() + interval '1 minute', now() + interval '1 minute'";
    let plan = plan_from_before(
        &mut outbox,
        ("text, timestamptz, bigint, timestamptz, timestamptz", &statement),
        parameters,
    );
    assert!(reads_little(&plan), "{plan}");
}

#[test]
fn a_look_for_the_next_message_reads_one_however_long_the_queue_has_grown_meanwhile() {
    let mut outbox = Outbox::new();
    outbox::next_due(&mut outbox.conn, vec!["client".to_owned()]).unwrap();
    let statement = outbox.database.last_statement("SELECT (SELECT o.due_at");
    let plan = plan_from_before(&mut outbox, ("text[]", &statement), "ARRAY['client']");
    assert!(reads_little(&plan), "{plan}");
}

#[test]
fn a_message_that_is_leased_for_itself_is_found_by_its_subject() {
    let mut outbox = Outbox::new();
    assert_eq!(outbox.lease_one(subject(1), 1, at(0)), None);
    let statement = outbox.database.last_statement("UPDATE \"outbox\"");
    let parameters = "'leased', 1, now(), now(), 'default', gen_random_uuid(), 'client', 1, 'pending', now()";
    let types = "text, integer, timestamptz, timestamptz, text, uuid, text, bigint, text, timestamptz";
    let plan = plan_from_before(&mut outbox, (types, &statement), parameters);
    assert!(plan.contains("Index Scan using outbox_subject"), "{plan}");
}

#[test]
fn a_batch_is_settled_by_its_keys_however_long_the_queue_has_grown_meanwhile() {
    let mut outbox = Outbox::new();
    outbox.promise(subject(1), 1);
    let message = outbox.claim(at(0)).remove(0);
    outbox.settle(&message, &Settlement::Delivered);
    // Too long for what the server tells about other connections.
    let prepared =
        "SELECT statement AS text FROM pg_prepared_statements WHERE starts_with(statement, 'WITH given')";
    let statement = sql_query(prepared).get_result::<Line>(&mut outbox.conn).unwrap().text;
    let types = "text[], uuid[], integer[], text[], timestamptz[], text[], integer[], smallint[], bytea[], bigint[], timestamptz, timestamptz";
    let batch = "ARRAY['default', 'default'], ARRAY[gen_random_uuid(), gen_random_uuid()], ARRAY[1, 1], \
        ARRAY['delivered', 'failed'], ARRAY[NULL, NULL]::timestamptz[], ARRAY[NULL, 'no'], ARRAY[1, 1], \
        ARRAY[201, 400]::smallint[], ARRAY[NULL, NULL]::bytea[], ARRAY[0, 0]::bigint[], now(), now()";
    let plan = plan_from_before(&mut outbox, (types, &statement), batch);
    assert!(reads_little(&plan), "{plan}");
}
