//! What the client role tells.

use std::time::Duration;

use oc::roles::client::jobs::housekeeping;
use serde_json::json;

use super::PATIENCE;
use crate::client::{Client, code_of};
use crate::support::http::Call;

const ID: &str = "0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d";

impl Client {
    async fn told(&self, count: i64) -> Vec<String> {
        let started = std::time::Instant::now();
        while self.database.count("audit_log") < count {
            assert!(started.elapsed() < PATIENCE, "{}", self.database.dump());
            self.state.audit.chain_all().await.unwrap();
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.database
            .texts("SELECT concat_ws(' ', action, outcome, times) AS text FROM audit_log ORDER BY seq")
    }
}

/// A code that begins like this one and ends otherwise, with a right check symbol.
fn mistyped(code: &str) -> String {
    let symbols: Vec<char> = code.chars().filter(|c| *c != '-').collect();
    let letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let next = letters.chars().nth((letters.find(symbols[8]).unwrap() + 1) % 32).unwrap();
    let changed = |check: char| -> String {
        [&symbols[..8], &[next], &symbols[9..11], &[check]].concat().into_iter().collect()
    };
    let fits = |code: &String| oc::domain::access_code::AccessCode::parse(code).is_ok();
    letters.chars().map(changed).find(fits).unwrap()
}

#[actix_web::test]
async fn the_way_of_a_document_is_told() {
    let client = Client::new().await;
    let deliver = |sequence: i64| json!({"id": ID, "sequence": sequence, "title": "Secret title", "content": "C", "expiresIn": 3_600});
    let code = code_of(&client.deliver(&deliver(1)).await.expect(201));
    client.deliver(&deliver(1)).await.expect(201);
    assert_eq!(client.told(1).await, ["document.received done 1"], "a repetition is told once");
    client.open(&code).await.expect(200);
    client.open(&mistyped(&code)).await.refused(404, "NOT_FOUND");
    client.told(3).await;
    client.open(&code).await.expect(200);
    client.open(&code).await.expect(200);
    client.type_in(&code).await;
    client.told(4).await;
    let path = format!("/v1/documents/{ID}/access");
    let expiry = oc::platform::clock::now().plus(Duration::from_secs(3_600)).to_string();
    let change = json!({"sequence": 2, "generation": 2, "expiresAt": expiry});
    client.call(Call::put(path.as_str(), &change)).await.expect(200);
    let change = json!({"sequence": 3, "generation": 2, "expiresAt": expiry});
    client.call(Call::put(path.as_str(), &change)).await.expect(200);
    client.database.execute("UPDATE documents SET expires_at = '2026-01-01'");
    housekeeping::run(&client.state).await.unwrap();
    let withdraw = Call::delete(format!("/v1/documents/{ID}?sequence=4"));
    assert_eq!(client.call(withdraw).await.status, 204);
    let told = client.told(8).await;
    assert_eq!(told[0], "document.received done 1");
    assert!(told[1..3].contains(&"document.opened done 1".to_owned()), "{told:?}");
    assert!(told[1..3].contains(&"code.wrong refused 1".to_owned()), "{told:?}");
    assert_eq!(
        told[3..],
        [
            "document.read done 3",
            "document.reissued done 1",
            "document.expiry_changed done 1",
            "document.expired done 1",
            "document.revoked done 1",
        ]
    );
    let trail = client.database.text("SELECT string_agg(l::text, ' ') AS text FROM audit_log l");
    assert!(!trail.contains("Secret") && !trail.contains(&code));
    assert_eq!(client.call(Call::get("/api/audit")).await.text().lines().count(), 8);
}

#[actix_web::test]
async fn guesses_leave_a_bounded_number_of_entries() {
    let client = Client::new().await;
    let code = client.code_for("T", "C").await;
    client.told(1).await;
    for _ in 0..15 {
        client.open(&mistyped(&code)).await.refused(404, "NOT_FOUND");
    }
    client.told(12).await;
    client.state.audit.chain_all().await.unwrap();
    assert_eq!(client.database.count("audit_log WHERE action = 'code.wrong' AND outcome = 'refused'"), 10);
    assert_eq!(client.database.count("audit_log WHERE action = 'code.blocked'"), 1);
}
