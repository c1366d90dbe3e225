//! Lists: pages, order, filters.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::{Provider, id_of};

fn titles(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|item| item["title"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn a_page_has_twenty_documents_newest_first_unless_said_otherwise() {
    let provider = Provider::new().await;
    assert_eq!(provider.list("").await.expect(200), json!({"items": []}));
    for i in 0..25 {
        provider.draft(&format!("{i}")).await;
    }
    let page = provider.list("").await.expect(200);
    let expected: Vec<String> = (5..25).rev().map(|i| i.to_string()).collect();
    assert_eq!(titles(&page), expected);
    let rest = provider.list(&format!("?cursor={}", page["nextCursor"].as_str().unwrap())).await.expect(200);
    assert_eq!(titles(&rest), ["4", "3", "2", "1", "0"]);
    assert!(rest.get("nextCursor").is_none(), "{rest}");
    assert_eq!(titles(&provider.list("?limit=1").await.expect(200)), ["24"]);
    assert_eq!(titles(&provider.list("?limit=50").await.expect(200)).len(), 25);
    assert_eq!(titles(&provider.list("?limit=&cursor=").await.expect(200)).len(), 20);
}

#[actix_web::test]
async fn an_item_of_a_list_is_the_document_itself() {
    let provider = Provider::new().await;
    let id = provider.ready("T").await;
    let page = provider.list("").await.expect(200);
    assert_eq!(page["items"], json!([provider.document(&id).await]));
}

#[actix_web::test]
async fn a_full_last_page_promises_no_further_one() {
    let provider = Provider::new().await;
    for i in 0..4 {
        provider.draft(&format!("{i}")).await;
    }
    let first = provider.list("?limit=2").await.expect(200);
    let last = provider
        .list(&format!("?limit=2&cursor={}", first["nextCursor"].as_str().unwrap()))
        .await
        .expect(200);
    assert_eq!(titles(&last), ["1", "0"]);
    assert!(last.get("nextCursor").is_none());
}

#[actix_web::test]
async fn a_walk_meets_each_document_once_while_new_ones_arrive() {
    let provider = Provider::new().await;
    let mut present = HashSet::new();
    for i in 0..120 {
        present.insert(provider.draft(&format!("{i}")).await);
    }
    let (mut met, mut query) = (Vec::new(), "?limit=17".to_owned());
    loop {
        let page = provider.list(&query).await.expect(200);
        met.extend(page["items"].as_array().unwrap().iter().map(id_of));
        provider.draft("arrives in between").await;
        provider.draft("arrives in between").await;
        let Some(cursor) = page["nextCursor"].as_str() else { break };
        query = format!("?limit=17&cursor={cursor}");
    }
    assert_eq!(met.len(), 120);
    assert_eq!(met.into_iter().collect::<HashSet<_>>(), present);
}

#[actix_web::test]
async fn a_deleted_document_does_not_break_the_walk() {
    let provider = Provider::new().await;
    let mut ids = Vec::new();
    for i in 0..4 {
        ids.push(provider.draft(&format!("{i}")).await);
    }
    let page = provider.list("?limit=2").await.expect(200);
    assert_eq!(provider.delete(&ids[2]).await.status, 204);
    let rest = provider.list(&format!("?cursor={}", page["nextCursor"].as_str().unwrap())).await.expect(200);
    assert_eq!(titles(&rest), ["1", "0"]);
}

#[actix_web::test]
async fn broken_parameters_are_all_named() {
    let provider = Provider::new().await;
    for limit in ["0", "51", "-1", "x", "1.5", "99999999999999999999", "%00"] {
        provider.list(&format!("?limit={limit}")).await.names_fields(&["limit"]);
    }
    let good = oc::domain::cursor::Cursor(oc::platform::random::document_id()).encode();
    for cursor in
        ["x", "%00", &good[1..], &format!("{good}A"), "AQ", &format!("%20{good}"), &"A".repeat(5000)]
    {
        provider.list(&format!("?cursor={cursor}")).await.names_fields(&["cursor"]);
    }
    let all = format!("?limit=x&cursor=x&status=x&state=x&updatedSince=x&q={}", "x".repeat(201));
    let names = ["limit", "cursor", "status", "state", "updatedSince", "q"];
    provider.list(&all).await.names_fields(&names);
    provider.list("?status=FINAL&q=%00").await.names_fields(&["status", "q"]);
}

#[actix_web::test]
async fn status_and_state_filter() {
    let provider = Provider::sending_to("http://127.0.0.1:1/").await;
    provider.draft("draft").await;
    provider.ready("ready").await;
    let queued = provider.ready("queued").await;
    provider.send(&queued).await.expect(202);
    for (query, expected) in [
        ("?status=draft", vec!["draft"]),
        ("?status=final", vec!["queued", "ready"]),
        ("?state=none", vec!["ready", "draft"]),
        ("?state=queued", vec!["queued"]),
        ("?state=delivered", vec![]),
        ("?status=final&state=none", vec!["ready"]),
        ("?status=draft&state=queued", vec![]),
    ] {
        assert_eq!(titles(&provider.list(query).await.expect(200)), expected, "{query}");
    }
}

#[actix_web::test]
async fn a_search_finds_title_and_recipient_and_takes_every_sign_literally() {
    let provider = Provider::new().await;
    for (title, name, email) in [
        ("Plan 100%", "Anna Muster", "anna@example.org"),
        ("Plan 100 percent", "Bea", "bea_b@example.org"),
        ("under_score", "Carl", "carl@example.org"),
        ("back\\slash", "Ünal Öz", "u@example.org"),
    ] {
        let body =
            json!({"title": title, "content": "secret words", "recipient": {"name": name, "email": email}});
        provider.create(&body).await.expect(201);
    }
    provider.draft("no recipient").await;
    for (text, expected) in [
        ("plan", vec!["Plan 100 percent", "Plan 100%"]),
        ("100%25", vec!["Plan 100%"]),
        ("%25", vec!["Plan 100%"]),
        ("_", vec!["under_score", "Plan 100 percent"]),
        ("%5C", vec!["back\\slash"]),
        ("ANNA+MUSTER", vec!["Plan 100%"]),
        ("%C3%B6z", vec!["back\\slash"]),
        ("carl%40", vec!["under_score"]),
        ("no+rec", vec!["no recipient"]),
        ("secret", vec![]),
        ("%27%20OR%201%3D1", vec![]),
        ("100%25%25", vec![]),
    ] {
        assert_eq!(titles(&provider.list(&format!("?q={text}")).await.expect(200)), expected, "{text}");
    }
}

#[actix_web::test]
async fn a_filtered_walk_goes_on_where_it_was() {
    let provider = Provider::new().await;
    for i in 0..9 {
        provider.draft(&format!("{} {i}", if i % 3 == 0 { "yes" } else { "no" })).await;
    }
    let first = provider.list("?q=yes&limit=2").await.expect(200);
    assert_eq!(titles(&first), ["yes 6", "yes 3"]);
    let next = format!("?q=yes&limit=2&cursor={}", first["nextCursor"].as_str().unwrap());
    let second = provider.list(&next).await.expect(200);
    assert_eq!(titles(&second), ["yes 0"]);
    assert!(second.get("nextCursor").is_none());
}

#[actix_web::test]
async fn updated_since_shows_what_changed_from_that_moment_on() {
    let provider = Provider::new().await;
    let old = provider.draft("old").await;
    provider.draft("untouched").await;
    let sql = "UPDATE documents SET updated_at = '2026-01-01T00:00:00.500Z', created_at = '2026-01-01T00:00:00.500Z'";
    provider.database.execute(sql);
    provider.draft("new").await;
    for (moment, expected) in [
        ("2026-01-01T00:00:00.500Z", vec!["new", "untouched", "old"]),
        ("2026-01-01T01:00:00.500%2B01:00", vec!["new", "untouched", "old"]),
        ("2026-01-01T00:00:00.501Z", vec!["new"]),
        ("2099-01-01T00:00:00Z", vec![]),
    ] {
        assert_eq!(
            titles(&provider.list(&format!("?updatedSince={moment}")).await.expect(200)),
            expected,
            "{moment}"
        );
    }
    provider.update(&old, &json!({"title": "old, changed"})).await.expect(200);
    let changed = provider.list("?updatedSince=2026-06-01T00:00:00Z").await.expect(200);
    assert_eq!(titles(&changed), ["new", "old, changed"]);
}

#[actix_web::test]
async fn a_moment_outside_of_all_calendars_is_no_server_error() {
    let provider = Provider::new().await;
    for moment in
        ["-009999-01-02T00:00:00Z", "-004800-01-01T00:00:00Z", "9999-12-30T00:00:00Z", "0000-01-01T00:00:00Z"]
    {
        let answer = provider.list(&format!("?updatedSince={moment}")).await;
        assert!([200, 400].contains(&answer.status), "{moment}: {}", answer.text());
    }
}
