//! What ends by time at the client role.

use std::rc::Rc;

use oc::roles::client::jobs::housekeeping;
use serde_json::json;

use super::{Client, code_of};
use crate::support::database::TestDatabase;
use crate::support::vault::opened;

const ID: &str = "0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d";

impl Client {
    /// The code of a document whose access ended so long ago.
    async fn ended(&self, ago: &str) -> String {
        let body = json!({"id": ID, "title": "Secret words", "content": "C", "recipient": {"name": "Anna"}});
        let code = code_of(&self.deliver(&body).await.expect(201));
        self.database.execute(&format!("UPDATE documents SET expires_at = now() - interval '{ago}'"));
        self.tidy_up().await;
        code
    }

    async fn tidy_up(&self) {
        housekeeping::run(&self.state).await.unwrap();
    }

    fn kinds_told(&self) -> Vec<String> {
        self.database.texts("SELECT kind AS text FROM receipts ORDER BY position")
    }
}

#[actix_web::test]
async fn the_end_of_an_access_is_told_once_with_its_moment() {
    let client = Client::new().await;
    let code = client.ended("1 hour").await;
    client.tidy_up().await;
    client.open(&code).await.refused(410, "ACCESS_CODE_EXPIRED");
    assert_eq!(client.kinds_told(), ["delivered", "expired"]);
    let moment = "SELECT (r.at = d.expires_at)::text AS text FROM receipts r JOIN documents d ON d.id = r.document_id WHERE r.kind = 'expired'";
    assert_eq!(client.database.text(moment), "true");
    let kept = opened(&client.database, "client", "default", ("documents", "title"));
    assert_eq!(kept, ["Secret words"], "it may still be extended");
}

#[actix_web::test]
async fn after_the_grace_the_text_goes_and_the_receipts_stay() {
    let client = Client::new().await;
    let code = client.ended("8 days").await;
    client.tidy_up().await;
    for column in ["title", "content", "recipient", "metadata"] {
        assert_eq!(
            opened(&client.database, "client", "default", ("documents", column)),
            Vec::<String>::new()
        );
    }
    assert_eq!(client.kinds_told(), ["delivered", "expired"]);
    client.open(&code).await.refused(410, "ACCESS_CODE_EXPIRED");
    let change = json!({"sequence": 2, "expiresAt": "2026-12-01T00:00:00Z"});
    let path = format!("/v1/documents/{ID}/access");
    client.call(crate::support::http::Call::put(path, &change)).await.refused(410, "DOCUMENT_GONE");
    let body = json!({"id": ID, "sequence": 3, "title": "New words", "content": "C"});
    assert_eq!(
        code_of(&client.deliver(&body).await.expect(201)),
        code,
        "sent again, it opens with the same code"
    );
    assert_eq!(client.open(&code).await.expect(200)["title"], "New words");
}

#[actix_web::test]
async fn in_the_end_nothing_is_left() {
    let database = Rc::new(TestDatabase::of("client"));
    let given = [("RECEIPT_RETENTION_SECONDS", "86400"), ("CONTENT_GRACE_SECONDS", "0")];
    let client = Client::on(&database, &given).await;
    let code = client.ended("1 minute").await;
    for (ago, left) in [("23 hours", 2), ("25 hours", 0)] {
        database.execute(&format!("UPDATE receipts SET at = now() - interval '{ago}'"));
        database.execute(&format!("UPDATE documents SET expires_at = now() - interval '{ago}'"));
        client.tidy_up().await;
        assert_eq!(database.count("receipts"), left, "{ago}");
    }
    for table in ["documents", "access_codes", "receipts"] {
        assert_eq!(database.count(table), 0, "{table}");
    }
    client.open(&code).await.refused(404, "NOT_FOUND");
}

#[actix_web::test]
async fn what_has_not_ended_is_left_alone() {
    let client = Client::new().await;
    let code = client.code_for("T", "C").await;
    client.open(&code).await.expect(200);
    let before = client.database.dump();
    client.tidy_up().await;
    assert_eq!(client.database.dump(), before);
}

#[actix_web::test]
async fn two_processes_that_tidy_up_at_once_tell_each_end_once() {
    let client = Client::new().await;
    let other = Client::on(&client.database, &[]).await;
    for i in 0..30 {
        client.code_for(&format!("{i}"), "C").await;
    }
    client.database.execute("UPDATE documents SET expires_at = now() - interval '1 second'");
    let (one, two) =
        futures_util::future::join(housekeeping::run(&client.state), housekeeping::run(&other.state)).await;
    one.and(two).unwrap();
    client.tidy_up().await;
    assert_eq!(client.database.count("receipts WHERE kind = 'expired'"), 30);
}
