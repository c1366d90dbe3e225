//! Links: they lead to the field for the code and open nothing by themselves.

use serde_json::json;

use super::{Client, altered, code_of, token_of};
use crate::support::http::Call;

const UNKNOWN: &str = "lG0aCeUoXiT1vN6rWQ4sb7SxwJ3nq5Rk8ZyVtPfM2dg";
const PATH: &str = "/api/public/access";

#[actix_web::test]
async fn a_link_and_its_code_open_the_document_and_the_code_alone_does_so_too() {
    let client = Client::new().await;
    let (code, token) = client.hand_over("T").await;
    assert_eq!(client.open_by_link(&token, &code.to_lowercase()).await.expect(200)["title"], "T");
    let mut alone = client.call(Call::post(PATH, &json!({ "accessCode": code }))).await.expect(200);
    assert!(alone.as_object_mut().unwrap().remove("session").is_some());
    assert_eq!(alone, client.open(&code).await.expect(200));
    let form = Call::new("POST", format!("/d/{token}")).form(&format!("code={code}"));
    assert!(client.call(form).await.text().contains("<title>T</title>"));
}

#[actix_web::test]
async fn a_repeated_delivery_answers_the_same_link() {
    let client = Client::new().await;
    let body = json!({"id": "0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d", "title": "T", "content": "C"});
    let first = client.deliver(&body).await.expect(201);
    assert_eq!(client.deliver(&body).await.expect(201), first);
    let reissue = json!({"sequence": 2, "generation": 2, "expiresAt": "2020-01-01T00:00:00Z"});
    let path = format!("/v1/documents/{}/access", body["id"].as_str().unwrap());
    let second = client.call(Call::put(path, &reissue)).await.expect(200);
    assert_ne!(second["link"], first["link"]);
    client.open_by_link(&token_of(&first), &code_of(&first)).await.refused(410, "ACCESS_CODE_REVOKED");
}

#[actix_web::test]
async fn a_code_that_is_older_than_links_gets_one_with_the_next_delivery() {
    let client = Client::new().await;
    let body = json!({"id": "0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d", "title": "T", "content": "C"});
    let code = code_of(&client.deliver(&body).await.expect(201));
    client.database.execute("UPDATE access_codes SET link_hash = NULL, sealed_link = NULL");
    client.open(&code).await.expect(200);
    let again = client.deliver(&body).await.expect(201);
    assert_eq!(code_of(&again), code);
    client.open_by_link(&token_of(&again), &code).await.expect(200);
    assert_eq!(client.deliver(&body).await.expect(201), again);
}

#[actix_web::test]
async fn a_link_shows_the_same_page_whether_it_leads_anywhere_or_not() {
    let client = Client::new().await;
    let (_, token) = client.hand_over("Very secret title").await;
    let page = client.call(Call::get(format!("/d/{token}"))).await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("This link needs the code") && !page.text().contains("secret"));
    assert!(!page.text().contains(&token), "nothing of the link is repeated");
    assert_eq!(page.header("X-Robots-Tag"), Some("noindex"));
    for unknown in [UNKNOWN, "x", "%00", "%22%3E%3Cscript%3E"] {
        let other = client.call(Call::get(format!("/d/{unknown}"))).await;
        assert_eq!((other.status, other.text()), (200, page.text()), "{unknown}");
    }
}

#[actix_web::test]
async fn whatever_a_bot_does_with_a_link_opens_nothing_and_costs_nothing() {
    let client = Client::new().await;
    let (code, token) = client.hand_over("Very secret title").await;
    let before = client.database.dump();
    let paths = [format!("/d/{token}"), format!("/view/{code}"), "/".to_owned()];
    let mut calls = Vec::new();
    for path in &paths {
        calls.extend(["GET", "HEAD"].map(|method| Call::new(method, path)));
    }
    for path in [&paths[0], &paths[2]] {
        calls.extend(
            ["", "code=", "code=%20", "other=1", "code=x", "code=&code="]
                .map(|body| Call::new("POST", path).form(body)),
        );
        calls.push(Call::new("POST", path));
    }
    for body in [json!({ "linkToken": token }), json!({ "linkToken": token, "accessCode": " " })] {
        calls.push(Call::post(PATH, &body));
    }
    for call in calls {
        let answer = client.call(call.clone()).await;
        assert!(!answer.text().contains("secret"), "{call:?}");
        assert_eq!(answer.status >= 400, call.method == "POST", "{call:?}: {}", answer.status);
    }
    assert_eq!(client.database.dump(), before);
    assert_eq!(client.state.codes.checks(), 0);
    client.open_by_link(&token, &code).await.expect(200);
}

#[actix_web::test]
async fn a_link_without_a_code_is_told_so_and_nothing_else() {
    let client = Client::new().await;
    let (_, token) = client.hand_over("T").await;
    let mut bodies = Vec::new();
    for token in [token.as_str(), UNKNOWN, "x"] {
        let mut body = client
            .call(Call::post(PATH, &json!({ "linkToken": token })))
            .await
            .refused(401, "ACCESS_CODE_REQUIRED");
        body["timestamp"].take();
        body["requestId"].take();
        bodies.push(body);
    }
    assert!(bodies.iter().all(|body| body == &bodies[0]));
    client.call(Call::post(PATH, &json!({}))).await.names_fields(&["accessCode"]);
    client
        .call(Call::post(PATH, &json!({"accessCode": 1, "linkToken": 2})))
        .await
        .names_fields(&["accessCode", "linkToken"]);
}

#[actix_web::test]
async fn whoever_has_the_link_is_told_how_often_the_code_may_be_tried() {
    let client = Client::new().await;
    let (code, token) = client.hand_over("T").await;
    for left in (1..10).rev() {
        let body = client.open_by_link(&token, &altered(&code, 7)).await.refused(401, "ACCESS_CODE_WRONG");
        assert_eq!(body["details"]["remainingAttempts"], left);
    }
    let form = |code: &str| Call::new("POST", format!("/d/{token}")).form(&format!("code={code}"));
    let last = client.call(form(&altered(&code, 0))).await;
    assert!(last.status == 403 && last.text().contains("this link is blocked"), "{}", last.text());
    client.open_by_link(&token, &code).await.refused(403, "ACCESS_CODE_BLOCKED");
    assert_eq!(client.open(&code).await.expect(200)["title"], "T", "the code alone has tries of its own");
}

#[actix_web::test]
async fn an_unknown_link_is_answered_like_an_unknown_code() {
    let client = Client::new().await;
    let (code, token) = client.hand_over("T").await;
    client.open_by_link(UNKNOWN, &code).await.refused(404, "NOT_FOUND");
    client.open_by_link("x", &code).await.refused(404, "NOT_FOUND");
    // A typo is found without a look at the link.
    client.open_by_link(&token, "0000-0000-0001").await.refused(404, "NOT_FOUND");
    assert_eq!(client.database.text("SELECT failed_link::text AS text FROM access_codes"), "0");
}

#[actix_web::test]
async fn a_short_code_is_refused_where_the_code_alone_opens() {
    let client = Client::new().await;
    let body = |protection| json!({"title": "T", "content": "C", "protection": protection});
    let short = client.deliver(&body(json!({"codeFormat": "short6"}))).await;
    short.names_fields(&["protection.codeFormat"]);
    assert!(short.text().contains("the code alone opens"), "{}", short.text());
    client.deliver(&body(json!({"codeFormat": "standard"}))).await.expect(201);
}
