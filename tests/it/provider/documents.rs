//! Creating, reading and deleting documents.

use oc::platform::tenants::Field;
use serde_json::{Value, json};

use super::{Provider, id_of};
use crate::support::http::{Call, assert_timestamp};
use crate::support::vault::vault;

#[actix_web::test]
async fn a_new_document_is_a_draft_with_every_field_of_the_contract() {
    let provider = Provider::new().await;
    let answer = provider.create(&json!({"title": "Exercises", "content": "# Week 1"})).await;
    let mut document = answer.expect(201);
    let id = id_of(&document);
    assert_eq!(uuid::Uuid::parse_str(&id).unwrap().get_version_num(), 7);
    assert_eq!(answer.header("Location"), Some(format!("/api/documents/{id}").as_str()));
    assert_eq!(answer.header("ETag"), Some("\"1\""));
    assert_timestamp(&document["createdAt"]);
    assert_eq!(document["createdAt"], document["updatedAt"]);
    for name in ["id", "createdAt", "updatedAt"] {
        document.as_object_mut().unwrap().remove(name);
    }
    let expected = json!({
        "title": "Exercises", "content": "# Week 1", "status": "draft", "accessCode": null, "version": 1,
        "contentType": "text/markdown", "recipient": null, "metadata": null, "expiresIn": null,
        "expiresAt": null, "link": null, "protection": {"secondFactor": "none"},
        "delivery": {"state": "none", "operation": null, "attempts": 0, "nextAttemptAt": null, "lastError": null,
                     "deliveredAt": null, "openedAt": null},
    });
    assert_eq!(document, expected);
}

#[actix_web::test]
async fn every_optional_field_is_kept() {
    let provider = Provider::new().await;
    let given = json!({
        "title": "Plan", "content": "Text", "contentType": "text/plain", "expiresIn": 604_800,
        "recipient": {"name": "Anna Muster", "email": "anna@example.org", "phone": "+41 44 000 00 00", "language": "de-CH"},
        "protection": {"secondFactor": "sms"},
        "metadata": {"case": "A-17", "deep": {"list": [1, 2.5, null, true, "ü"]}},
    });
    let created = provider.create(&given).await.expect(201);
    let read = provider.document(&id_of(&created)).await;
    assert_eq!(read, created);
    for (name, value) in given.as_object().unwrap() {
        assert_eq!(&read[name], value, "{name}");
    }
}

#[actix_web::test]
async fn what_was_created_is_what_is_read_with_its_etag() {
    let provider = Provider::new().await;
    let created = provider.create(&json!({"title": "T", "content": "C"})).await.expect(201);
    let answer = provider.find(&id_of(&created)).await;
    assert_eq!(answer.expect(200), created);
    assert_eq!(answer.header("ETag"), Some("\"1\""));
}

#[actix_web::test]
async fn title_and_content_are_trimmed() {
    let provider = Provider::new().await;
    let body = json!({"title": " \t Title\u{2003}\n", "content": "\n\n  indented\n  text \r\n"});
    let document = provider.create(&body).await.expect(201);
    assert_eq!((&document["title"], &document["content"]), (&json!("Title"), &json!("indented\n  text")));
}

#[actix_web::test]
async fn any_text_comes_back_as_it_was() {
    let provider = Provider::new().await;
    let text = "Ünïcödé 👩‍⚕️🇨🇭 العربية עברית 日本語 e\u{301} \u{202e}x \"quoted\" \\ '; DROP TABLE documents; -- \u{1}\u{7f}\u{feff}.";
    let id = id_of(&provider.create(&json!({"title": text, "content": text})).await.expect(201));
    let read = provider.document(&id).await;
    assert_eq!((&read["title"], &read["content"]), (&json!(text), &json!(text)));
}

#[actix_web::test]
async fn fields_that_nobody_knows_are_ignored() {
    let provider = Provider::new().await;
    let body =
        json!({"title": "T", "content": "C", "id": "mine", "version": 9, "accessCode": "X", "colour": [1]});
    let document = provider.create(&body).await.expect(201);
    assert_eq!((&document["version"], &document["accessCode"]), (&json!(1), &Value::Null));
    assert_ne!(document["id"], "mine");
    assert!(document.get("colour").is_none());
}

#[actix_web::test]
async fn null_in_an_optional_field_means_its_default() {
    let provider = Provider::new().await;
    let body = json!({"title": "T", "content": "C", "contentType": null, "recipient": null, "metadata": null, "expiresIn": null});
    let document = provider.create(&body).await.expect(201);
    assert_eq!(document["contentType"], "text/markdown");
    assert_eq!(document["recipient"], Value::Null);
}

#[actix_web::test]
async fn ids_grow_with_time() {
    let provider = Provider::new().await;
    let mut ids = Vec::new();
    for i in 0..20 {
        ids.push(provider.draft(&format!("{i}")).await);
    }
    assert!(ids.is_sorted(), "{ids:?}");
}

#[actix_web::test]
async fn an_unknown_document_is_not_found() {
    let provider = Provider::new().await;
    let unknown = "0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d";
    let body = provider.find(unknown).await.refused(404, "NOT_FOUND");
    assert_eq!(body["message"], format!("Document {unknown} not found"));
    provider.update(unknown, &json!({"title": "T"})).await.refused(404, "NOT_FOUND");
    provider.delete(unknown).await.refused(404, "NOT_FOUND");
}

#[actix_web::test]
async fn a_draft_is_deleted_once() {
    let provider = Provider::new().await;
    let id = provider.draft("T").await;
    let deleted = provider.delete(&id).await;
    assert_eq!((deleted.status, deleted.body.len()), (204, 0));
    provider.find(&id).await.refused(404, "NOT_FOUND");
    provider.delete(&id).await.refused(404, "NOT_FOUND");
    assert_eq!(provider.database.count("documents"), 0);
}

#[actix_web::test]
async fn a_delete_with_a_stale_etag_deletes_nothing() {
    let provider = Provider::new().await;
    let id = provider.draft("T").await;
    provider.update(&id, &json!({"title": "U"})).await.expect(200);
    let path = format!("/api/documents/{id}");
    let stale = provider.call(Call::delete(&path).header("If-Match", "\"1\"")).await;
    stale.refused(412, "PRECONDITION_FAILED");
    assert_eq!(provider.document(&id).await["title"], "U");
    assert_eq!(provider.call(Call::delete(&path).header("If-Match", "\"2\"")).await.status, 204);
}

#[actix_web::test]
async fn a_tenant_never_sees_the_documents_of_another() {
    let provider = Provider::new().await;
    let body = json!({"title": "Secret", "content": "C"});
    let mine = provider.call(Call::post("/api/documents", &body).tenant("north")).await.expect(201);
    let (id, path) = (id_of(&mine), format!("/api/documents/{}", id_of(&mine)));
    let put = json!({"status": "final"});
    for call in [
        Call::get(&path),
        Call::put(&path, &put),
        Call::delete(&path),
        Call::post("/api/send", &json!({ "documentId": id })),
    ] {
        for tenant in ["south", "default", "nort", "north-"] {
            provider.call(call.clone().tenant(tenant)).await.refused(404, "NOT_FOUND");
        }
        provider.call(call).await.refused(404, "NOT_FOUND");
    }
    for query in ["", "?q=Secret", "?status=draft", "?limit=50"] {
        let list =
            provider.call(Call::get(format!("/api/documents{query}")).tenant("south")).await.expect(200);
        assert_eq!(list, json!({"items": []}));
    }
    let still = provider.call(Call::get(&path).tenant("north")).await.expect(200);
    assert_eq!(still, mine);
}

#[actix_web::test]
async fn without_a_tenant_the_default_one_is_meant() {
    let provider = Provider::new().await;
    let id = provider.draft("T").await;
    let read = provider.call(Call::get(format!("/api/documents/{id}")).tenant("default")).await;
    assert_eq!(read.expect(200)["title"], "T");
}

#[actix_web::test]
async fn a_malformed_tenant_is_refused_by_name_everywhere() {
    let provider = Provider::new().await;
    let id = provider.draft("T").await;
    let path = format!("/api/documents/{id}");
    let long = "x".repeat(64);
    for tenant in ["", "UPPER", "-a", "a b", "a/b", "ä", long.as_str(), "../x"] {
        for call in [
            Call::post("/api/documents", &json!({"title": "T", "content": "C"})),
            Call::get("/api/documents"),
            Call::get(&path),
            Call::put(&path, &json!({"title": "U"})),
            Call::delete(&path),
            Call::post("/api/send", &json!({ "documentId": id })),
        ] {
            provider.call(call.tenant(tenant)).await.names_fields(&["X-Tenant"]);
        }
    }
    assert_eq!(provider.document(&id).await["version"], 1);
}

#[actix_web::test]
async fn reads_at_the_same_time_are_never_mixed_up() {
    let provider = Provider::with(&[("DATABASE_POOL_WAIT_MS", "20000")]).await;
    let mut ids = Vec::new();
    for i in 0..40 {
        ids.push(provider.draft(&format!("default {i}")).await);
    }
    // The same ids at another tenant mean other documents.
    let north = vault(&provider.database, "north");
    let sealed = |column: &'static str, id: &str, text: &str| {
        let id: uuid::Uuid = id.parse().unwrap();
        let sealed = north.seal_text(Field::new("documents", column), id, text).unwrap();
        sealed.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    for (i, id) in ids.iter().enumerate() {
        let (title, content) = (sealed("title", id, &format!("north {i}")), sealed("content", id, "Text."));
        provider.database.execute(&format!(
            "INSERT INTO documents (tenant_id, id, title, content, content_type, status, version, delivery_state, created_at, updated_at) \
             VALUES ('north', '{id}', '\\x{title}', '\\x{content}', 'text/plain', 'draft', 1, 'none', now(), now())"
        ));
    }
    let read = |i: usize| {
        let tenant = ["default", "north", "south"][i % 3];
        let id = ids[i / 3 % 40].clone();
        let provider = &provider;
        async move {
            (
                tenant,
                i / 3 % 40,
                provider.call(Call::get(format!("/api/documents/{id}")).tenant(tenant)).await,
            )
        }
    };
    for (tenant, i, answer) in futures_util::future::join_all((0..240).map(read)).await {
        match tenant {
            "south" => drop(answer.refused(404, "NOT_FOUND")),
            _ => assert_eq!(answer.expect(200)["title"], format!("{tenant} {i}")),
        }
    }
}

#[actix_web::test]
async fn a_read_after_a_change_sees_the_change() {
    let provider = Provider::new().await;
    let id = provider.draft("0").await;
    for i in 1..=30 {
        provider.update(&id, &json!({ "title": i.to_string() })).await.expect(200);
        let reads = futures_util::future::join_all((0..4).map(|_| provider.find(&id))).await;
        reads.iter().for_each(|answer| assert_eq!(answer.expect(200)["title"], i.to_string()));
    }
}
