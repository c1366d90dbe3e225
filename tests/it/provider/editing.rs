//! Changing and finalising documents.

use serde_json::{Value, json};

use super::Provider;
use crate::support::http::{Answer, Call};

#[actix_web::test]
async fn a_change_makes_the_next_version() {
    let provider = Provider::new().await;
    let id = provider.draft("First").await;
    let before = provider.document(&id).await;
    let answer = provider.update(&id, &json!({"title": " Second ", "content": "New"})).await;
    let after = answer.expect(200);
    assert_eq!(answer.header("ETag"), Some("\"2\""));
    assert_eq!((&after["title"], &after["content"]), (&json!("Second"), &json!("New")));
    assert_eq!((&after["version"], &after["createdAt"]), (&json!(2), &before["createdAt"]));
    assert!(after["updatedAt"].as_str() >= before["updatedAt"].as_str());
    assert_eq!(provider.document(&id).await, after);
}

#[actix_web::test]
async fn a_change_that_changes_nothing_keeps_the_version() {
    let provider = Provider::new().await;
    let id = provider.draft("Same").await;
    let before = provider.document(&id).await;
    for body in
        [json!({"title": "Same"}), json!({"title": " Same "}), json!({"status": "draft"}), before.clone()]
    {
        let answer = provider.update(&id, &body).await;
        assert_eq!(answer.expect(200), before);
        assert_eq!(answer.header("ETag"), Some("\"1\""));
    }
}

#[actix_web::test]
async fn only_what_is_given_changes_and_null_clears() {
    let provider = Provider::new().await;
    let body = json!({"title": "T", "content": "C", "contentType": "text/plain", "expiresIn": 60,
                      "recipient": {"name": "A"}, "metadata": {"a": 1}});
    let created = provider.create(&body).await.expect(201);
    let id = super::id_of(&created);
    let renamed = provider.update(&id, &json!({"title": "U"})).await.expect(200);
    for kept in ["content", "contentType", "expiresIn", "recipient", "metadata", "status"] {
        assert_eq!(renamed[kept], created[kept], "{kept}");
    }
    let cleared = provider
        .update(&id, &json!({"recipient": null, "metadata": null, "expiresIn": null}))
        .await
        .expect(200);
    for gone in ["recipient", "metadata", "expiresIn"] {
        assert_eq!(cleared[gone], Value::Null, "{gone}");
    }
    let other = provider
        .update(&id, &json!({"contentType": "text/markdown", "recipient": {"email": "a@b.ch"}}))
        .await;
    let other = other.expect(200);
    assert_eq!(
        (&other["contentType"], &other["recipient"]),
        (&json!("text/markdown"), &json!({"email": "a@b.ch"}))
    );
}

#[actix_web::test]
async fn a_final_document_never_becomes_a_draft_again() {
    let provider = Provider::new().await;
    let id = provider.ready("T").await;
    let before = provider.document(&id).await;
    assert_eq!((&before["status"], &before["version"]), (&json!("final"), &json!(2)));
    let refused = provider.update(&id, &json!({"status": "draft", "title": "U"})).await;
    refused.refused(400, "INVALID_DOCUMENT_STATE");
    assert_eq!(provider.document(&id).await, before);
    provider.update(&id, &json!({"title": "U"})).await.expect(200);
}

#[actix_web::test]
async fn a_stale_etag_changes_nothing() {
    let provider = Provider::new().await;
    let id = provider.draft("First").await;
    let path = format!("/api/documents/{id}");
    let change =
        |title: &str, tag: &str| Call::put(&path, &json!({ "title": title })).header("If-Match", tag);
    provider.call(change("Second", "\"1\"")).await.expect(200);
    for stale in ["\"1\"", "\"3\"", "W/\"2\"", "2", "", "\"\"", "nonsense"] {
        let body = provider.call(change("Third", stale)).await.refused(412, "PRECONDITION_FAILED");
        assert!(body["message"].as_str().unwrap().contains("\"2\""), "{body}");
    }
    let now = provider.document(&id).await;
    assert_eq!((&now["title"], &now["version"]), (&json!("Second"), &json!(2)));
    provider.call(change("Third", "\"1\", \"2\"")).await.expect(200);
    provider.call(change("Fourth", "*")).await.expect(200);
    assert_eq!(provider.document(&id).await["version"], 4);
}

#[actix_web::test]
async fn of_a_hundred_racing_changes_with_one_etag_exactly_one_wins() {
    let provider = Provider::with(&[("DATABASE_POOL_WAIT_MS", "20000")]).await;
    let id = provider.draft("Start").await;
    for version in 1..=3 {
        let tag = format!("\"{version}\"");
        let change = |i: usize| {
            let body = json!({ "title": format!("by {i} of version {version}") });
            provider.call(Call::put(format!("/api/documents/{id}"), &body).header("If-Match", &tag))
        };
        let answers: Vec<Answer> = futures_util::future::join_all((0..100).map(change)).await;
        let winners: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
        assert_eq!(winners.len(), 1);
        let losers = answers.iter().filter(|answer| answer.status != 200);
        losers.for_each(|answer| drop(answer.refused(412, "PRECONDITION_FAILED")));
        let now = provider.document(&id).await;
        assert_eq!((&now["title"], &now["version"]), (&winners[0].json()["title"], &json!(version + 1)));
    }
}

#[actix_web::test]
async fn no_change_is_lost_when_many_change_different_fields_at_once() {
    let provider = Provider::with(&[("DATABASE_POOL_WAIT_MS", "20000")]).await;
    let id = provider.draft("Start").await;
    let changes = [
        json!({"title": "T"}),
        json!({"content": "C"}),
        json!({"metadata": {"m": 1}}),
        json!({"recipient": {"name": "N"}}),
        json!({"expiresIn": 3600}),
        json!({"contentType": "text/plain"}),
        json!({"status": "final"}),
    ];
    let answers = futures_util::future::join_all(changes.iter().map(|body| provider.update(&id, body))).await;
    answers.iter().for_each(|answer| drop(answer.expect(200)));
    let now = provider.document(&id).await;
    for (name, value) in changes.iter().flat_map(|body| body.as_object().unwrap()) {
        assert_eq!(&now[name], value);
    }
    assert_eq!(now["version"], 8);
}
