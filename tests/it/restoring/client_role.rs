//! The client's database comes back from a backup that is older than what the provider
//! role has delivered.

use serde_json::json;

use super::{reconcile, told};
use crate::delivery::{Way, promised, text};
use crate::support::backup::Backup;
use crate::support::http::Call;

/// A client role that is stopped while its database is put back, and so remembers no tenant.
async fn way() -> Way {
    Way::between(&[("CODE_RESERVE_SIZE", "8")], &[("TENANT_CACHE_MS", "0")]).await
}

#[actix_web::test]
async fn what_was_delivered_since_the_backup_is_sent_again_under_the_same_codes_and_links() {
    let way = way().await;
    let (changed, code) = way.delivered("first").await;
    let (reissued, old_code) = way.delivered("reissued").await;
    let (revoked, dead_code) = way.delivered("revoked").await;
    let (deleted, gone_code) = way.delivered("deleted").await;
    let (edited, edited_code) = way.delivered("edited").await;
    let (longer, longer_code) = way.delivered("longer").await;
    let backup = Backup::of(way.client.database.url());

    // Codes that are handed out from here on are not in the backup.
    way.fill_reserve().await;
    way.provider.update(&changed, &json!({"title": "second"})).await.expect(200);
    way.sent(&changed).await;
    let new_code = text(&way.provider.reissue(&reissued).await.expect(200)["accessCode"]);
    way.provider.revoke(&revoked).await.expect(200);
    way.provider.delete(&deleted).await;
    way.settle_all().await;
    let (new, reserved_code) = way.delivered("new").await;
    let link = text(&way.provider.document(&new).await["link"]);
    way.provider.update(&edited, &json!({"title": "edited twice"})).await.expect(200);
    way.sent(&edited).await;
    way.provider.update(&edited, &json!({"title": "not meant to be sent yet"})).await.expect(200);
    way.provider.expire_in(&longer, 86_400).await.expect(200);
    way.provider.update(&longer, &json!({"title": "not meant to be sent yet"})).await.expect(200);

    backup.put_back(&way.client.database);
    let open = async |code: &str| way.client.open(code).await.status;
    assert_eq!(
        (open(&dead_code).await, open(&gone_code).await),
        (200, 200),
        "the backup does not know better"
    );
    assert_eq!((open(&reserved_code).await, open(&new_code).await), (404, 404));
    let done = reconcile(&way, &[]);
    assert_eq!(done.code, 1, "one is left for its author: {}{}", done.out, done.err);
    let expected = [
        (&changed, "sent again, under the same code"),
        (&reissued, "sent again, under the same code"),
        (&new, "sent again, under the same code"),
        (&longer, "its code and its end of access sent again"),
        (&revoked, "revoked again"),
        (&deleted, "revoked again"),
    ];
    for (id, what) in expected {
        assert_eq!(told(&done, id), what, "{}", done.out);
    }
    assert!(told(&done, &edited).starts_with("LOST THERE AND CHANGED HERE"), "{}", done.out);
    way.settle_all().await;

    for (code, title) in
        [(&code, "second"), (&new_code, "reissued"), (&reserved_code, "new"), (&longer_code, "longer")]
    {
        way.read(code, title).await;
    }
    let token = link.rsplit('/').next().unwrap();
    assert_eq!(way.client.open_by_link(token, &reserved_code).await.status, 200, "the link, too");
    assert_eq!((open(&dead_code).await, open(&gone_code).await, open(&old_code).await), (410, 410, 410));
    let ends = way.client.database.text("SELECT (expires_at < now() + interval '2 days')::text AS text FROM documents WHERE version = 2 AND sequence > 2 ORDER BY 1 DESC LIMIT 1");
    assert_eq!(ends, "true");
    assert_eq!(way.provider.document(&new).await["accessCode"], json!(reserved_code));
    assert_eq!(way.client.open(&edited_code).await.expect(200)["title"], "edited", "what the backup had");
    let history = way.provider.history(&new).await;
    assert!(!history.contains(&"reissued".to_owned()), "{history:?}");
    let quiet = reconcile(&way, &[]);
    assert_eq!((quiet.code, quiet.out.matches("default  ").count()), (1, 1), "{}", quiet.out);
}

#[actix_web::test]
async fn a_code_that_was_promised_is_kept_although_the_client_role_does_not_know_it_any_more() {
    let way = way().await;
    let backup = Backup::of(way.client.database.url());
    way.fill_reserve().await;
    way.close();
    let id = way.provider.ready("T").await;
    let answer = way.provider.send(&id).await;
    let code = promised(&answer);
    backup.put_back(&way.client.database);
    assert_eq!(way.client.database.count("access_codes"), 0);
    way.open();
    way.settle_all().await;
    way.read(&code, "T").await;
    let token = text(&answer.json()["link"]).rsplit('/').next().unwrap().to_owned();
    assert_eq!(way.client.open_by_link(&token, &code).await.status, 200);
}

#[actix_web::test]
async fn a_code_that_another_document_has_got_meanwhile_is_not_given_twice() {
    let way = way().await;
    let backup = Backup::of(way.client.database.url());
    way.fill_reserve().await;
    let (first, code) = way.delivered("first").await;
    backup.put_back(&way.client.database);
    // Another tenant that names the same code and its link gets neither.
    let link = text(&way.provider.document(&first).await["link"]);
    let theirs = json!({"title": "theirs", "content": "C", "reservedCode": code, "reservedLink": link});
    let call = Call::post("/v1/documents", &theirs).tenant("north");
    let given = way.client.call(call).await.expect(201);
    assert!(given["accessCode"] != json!(code) && given["link"] != json!(link), "{given}");
    assert_eq!(way.client.open(&code).await.status, 404);
    let another = text(&given["link"]);
    let mixed = json!({"title": "mixed", "content": "C", "reservedCode": code, "reservedLink": another});
    assert_ne!(way.client.deliver(&mixed).await.expect(201)["accessCode"], json!(code));
    // Another sender names the same code before the first document comes back.
    let other = json!({"title": "other", "content": "C", "reservedCode": code, "reservedLink": link});
    assert_eq!(way.client.deliver(&other).await.expect(201)["accessCode"], json!(code));
    reconcile(&way, &[]);
    way.settle_all().await;
    let renewed = text(&way.provider.document(&first).await["accessCode"]);
    assert_ne!(renewed, code);
    way.read(&renewed, "first").await;
    way.read(&code, "other").await;
    assert!(way.provider.history(&first).await.contains(&"reissued".to_owned()));
}
