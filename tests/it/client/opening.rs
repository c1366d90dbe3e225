//! Opening documents with a code.

use std::rc::Rc;
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use serde_json::{Value, json};

use super::uniform::constant_part;
use super::{Client, altered, code_of};
use crate::support::database::TestDatabase;
use crate::support::waiting::until_async;
use crate::support::{CODE_KEY, KEY, NEW_KEY};

#[actix_web::test]
async fn a_code_opens_its_document_with_the_fields_of_the_contract() {
    let client = Client::new().await;
    let receipt = client.deliver(&json!({"title": "T", "content": "# C"})).await.expect(201);
    let mut opened = client.open(&code_of(&receipt)).await.expect(200);
    for pointer in ["/createdAt", "/meta/updatedAt", "/meta/expiresAt"] {
        crate::support::http::assert_timestamp(opened.pointer(pointer).unwrap());
        *opened.pointer_mut(pointer).unwrap() = Value::Null;
    }
    let meta = json!({"contentType": "text/markdown", "version": 1, "updatedAt": null, "expiresAt": null});
    let expected =
        json!({"id": receipt["id"], "title": "T", "content": "# C", "createdAt": null, "meta": meta});
    assert_eq!(opened, expected);
}

#[actix_web::test]
async fn a_code_may_be_typed_in_many_ways() {
    let client = Client::new().await;
    // Until there is a code with signs that are easily confused.
    let code = loop {
        let code = client.code_for("T", "C").await;
        if code.contains('0') && code.contains('1') {
            break code;
        }
    };
    let plain = code.replace('-', "");
    for typed in [
        code.clone(),
        code.to_lowercase(),
        plain.clone(),
        code.replace('-', "%20"),
        format!("%20{code}%20%0A"),
        plain.chars().map(|c| format!("{c}%20")).collect(),
        code.replace('-', "--"),
        code.replace('0', "O").replace('1', "I"),
        code.replace('0', "o").replace('1', "l"),
    ] {
        assert_eq!(client.open(&typed).await.expect(200)["title"], "T", "{typed}");
    }
}

#[actix_web::test]
async fn whatever_opens_nothing_gets_the_same_answer() {
    let client = Client::new().await;
    let code = client.code_for("T", "C").await;
    let mut typo = code.clone();
    typo.replace_range(0..1, if code.starts_with('2') { "3" } else { "2" });
    let wrong = [
        "0000-0000-0000".to_owned(),
        "ABC123".to_owned(),
        "x".to_owned(),
        "%00".to_owned(),
        format!("{code}0"),
        code[..13].to_owned(),
        typo,
        altered(&code, 0),
        altered(&code, 4),
        // The right selector with a wrong verifier.
        altered(&code, 5),
        altered(&code, 10),
    ];
    let expected = constant_part(&client.open("1111-1111-111F").await);
    for code in wrong {
        let answer = client.open(&code).await;
        assert_eq!(constant_part(&answer), expected, "{code}");
        assert_eq!(answer.header("Retry-After"), None);
    }
    client.open(&code).await.expect(200);
}

#[actix_web::test]
async fn an_expired_document_is_gone_only_for_whoever_has_the_code() {
    let client = Client::new().await;
    let body = json!({"title": "Secret", "content": "C", "expiresAt": "2020-01-01T00:00:00Z"});
    let code = code_of(&client.deliver(&body).await.expect(201));
    let answer = client.open(&code).await;
    answer.refused(410, "ACCESS_CODE_EXPIRED");
    assert!(!answer.text().contains("Secret"));
    client.open(&altered(&code, 5)).await.refused(404, "NOT_FOUND");
    let page = client.type_in(&code).await;
    assert_eq!(page.status, 410);
    assert!(
        page.text().contains("The time to read this document is over") && !page.text().contains("Secret")
    );
}

#[actix_web::test]
async fn access_ends_at_the_moment_that_was_set() {
    let client = Client::new().await;
    let code = client.code_for("T", "C").await;
    for (from_now, status) in [("+ interval '1 second'", 200), ("- interval '1 second'", 410), ("", 410)] {
        client.database.execute(&format!("UPDATE documents SET expires_at = clock_timestamp() {from_now}"));
        assert_eq!(client.open(&code).await.status, status, "{from_now}");
    }
    client.open(&code).await.refused(410, "ACCESS_CODE_EXPIRED");
}

#[actix_web::test]
async fn the_database_holds_no_code() {
    let client = Client::new().await;
    let codes = [client.code_for("one", "C").await, client.code_for("two", "C").await];
    let dump = client.database.dump();
    assert!(dump.contains("access_codes"));
    let hex = |text: &str| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    for code in &codes {
        let plain = code.replace('-', "");
        for part in [code.as_str(), &plain, &plain[..5], &plain[5..11], &code[5..]] {
            assert!(!dump.contains(part) && !dump.contains(&hex(part)), "{part}");
        }
    }
    assert!(!dump.contains(CODE_KEY) && !dump.contains(KEY));
}

#[actix_web::test]
async fn a_new_key_leaves_old_codes_working_and_a_lost_key_ends_them() {
    let database = Rc::new(TestDatabase::of("client"));
    let id = "0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d";
    let before = Client::on(&database, &[]).await;
    let old = code_of(&before.deliver(&json!({"id": id, "title": "old", "content": "C"})).await.expect(201));
    let rotated = Client::on(&database, &[("ACCESS_CODE_KEY", &format!("{NEW_KEY},{CODE_KEY}"))]).await;
    assert_eq!(rotated.open(&old).await.expect(200)["title"], "old");
    let newer = json!({"id": id, "version": 2, "title": "newer", "content": "C"});
    assert_eq!(code_of(&rotated.deliver(&newer).await.expect(201)), old);
    let new = rotated.code_for("new", "C").await;
    before.open(&new).await.refused(404, "NOT_FOUND");
    let keys = "SELECT count(DISTINCT key_id)::text AS text FROM access_codes";
    assert_eq!(database.text(keys), "2");
    let only_new = Client::on(&database, &[("ACCESS_CODE_KEY", NEW_KEY)]).await;
    assert_eq!(only_new.open(&new).await.expect(200)["title"], "new");
    only_new.open(&old).await.refused(404, "NOT_FOUND");
}

#[actix_web::test]
async fn nothing_of_an_answer_is_stored_or_passed_on_by_a_browser() {
    let client = Client::new().await;
    let code = client.code_for("T", "C").await;
    for answer in [client.open(&code).await, client.open("x").await, client.type_in(&code).await] {
        assert_eq!(answer.header("Cache-Control"), Some("no-store"));
        assert_eq!(answer.header("X-Content-Type-Options"), Some("nosniff"));
        assert_eq!(answer.header("Referrer-Policy"), Some("no-referrer"));
        let policy = answer.header("Content-Security-Policy").unwrap();
        assert!(
            policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        let mut scripts = policy.split(';').map(str::trim).filter(|part| part.starts_with("script-src"));
        assert!(!policy.contains("unsafe") && scripts.all(|part| part == "script-src 'self'"), "{policy}");
    }
}

#[actix_web::test]
async fn a_code_is_found_by_the_index_of_its_selector() {
    let client = Client::new().await;
    client.database.execute(
        "INSERT INTO documents (tenant_id, id, sequence, generation, version, title, content, content_type, expires_at, created_at, updated_at) \
           SELECT 'default', (lpad(to_hex(i), 8, '0') || '-0000-7000-8000-000000000000')::uuid, 1, 1, 1, \
           '\\x00', '\\x00', 'text/plain', now(), now(), now() FROM generate_series(1, 5000) i; \
         INSERT INTO access_codes (tenant_id, id, document_id, key_id, selector_hash, verifier_salt, verifier_hash, sealed_code, created_at) \
           SELECT tenant_id, id, id, 'k', decode(md5(id::text), 'hex'), '', '', '', now() FROM documents; \
         ANALYZE documents, access_codes",
    );
    let code = client.code_for("T", "C").await;
    // While the table is locked, the statement that waits for it can be seen.
    let mut locked = client.database.connect();
    locked.batch_execute("BEGIN; LOCK TABLE documents").unwrap();
    let look = async {
        let waiting = "SELECT count(*)::text AS text FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        until_async("the statement to wait", Duration::from_secs(10), || {
            (client.database.text(waiting) != "0").then_some(())
        })
        .await;
        let statement = client.database.last_statement("SELECT \"access_codes\"");
        locked.batch_execute("ROLLBACK").unwrap();
        statement
    };
    let (answer, statement) = futures_util::future::join(client.open(&code), look).await;
    answer.expect(200);
    let selector =
        client.database.text("SELECT selector_hash::text AS text FROM access_codes WHERE key_id <> 'k'");
    let plan = client.database.plan(None, &statement, &format!("ARRAY['{selector}'::bytea]"));
    assert!(plan.contains("access_codes_selector") && plan.contains("documents_pkey"), "{plan}");
    assert!(!plan.contains("Seq Scan"), "{plan}");
}

#[actix_web::test]
async fn codes_that_are_typed_at_the_same_time_are_never_mixed_up() {
    let database = Rc::new(TestDatabase::of("client"));
    let client = Client::on(&database, &[("DATABASE_POOL_WAIT_MS", "20000")]).await;
    let mut codes = Vec::new();
    for i in 0..40 {
        codes.push(client.code_for(&format!("title {i}"), "C").await);
    }
    let wrong: Vec<String> = codes.iter().map(|code| altered(code, 7)).collect();
    let open = |i: usize| client.open(if i % 3 == 2 { &wrong[i / 3] } else { &codes[i / 3] });
    let answers = futures_util::future::join_all((0..120).map(open)).await;
    for (i, answer) in answers.iter().enumerate() {
        if i % 3 == 2 {
            answer.refused(404, "NOT_FOUND");
        } else {
            assert_eq!(answer.expect(200)["title"], format!("title {}", i / 3));
        }
    }
}
