//! Keys of an identity provider: fetched when needed, kept for a while, never guessed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use oc::config::{self, Auth, Jwks, Jwt, Secret};
use oc::domain::claims::BadToken;
use oc::domain::timestamp::Timestamp;
use oc::platform::identity::{Door, Identity, Refusal};
use serde_json::json;

use crate::support::receiver::{Behaviour, Gate, Receiver};
use crate::support::tokens::{EVERY_SCOPE, SECRET, Signer, claims, key_set, now};
use crate::support::waiting::until_async;

const LONG: Duration = Duration::from_secs(3_600);

/// A door that fetches its keys from `jwks`.
fn door(jwks: &Receiver, ttl: Duration, refetch: Duration) -> Door {
    let url = format!("http://{}/jwks", jwks.address());
    let jwt = Jwt {
        secret: Some(Secret::new(SECRET.to_owned())),
        jwks: Some(Jwks { url, ttl, refetch }),
        issuer: "https://id.example".to_owned(),
        audience: "oc".to_owned(),
    };
    let leeway = Duration::from_secs(30);
    let settings = config::Identity { auth: Auth::Jwt, jwt: Some(jwt), service_secrets: Vec::new(), leeway };
    Identity::new(&settings, None).door().unwrap()
}

fn serving(keys: &[(&Signer, &str)]) -> Behaviour {
    let keys: Vec<_> = keys.iter().map(|(signer, kid)| signer.jwk(kid)).collect();
    Behaviour::Answer(200, key_set(&keys))
}

async fn recognise(door: &Door, signer: &Signer, kid: &str) -> Result<String, Refusal> {
    let now = Timestamp::from_millis(now() * 1_000).unwrap();
    let token = signer.token(kid, &claims(EVERY_SCOPE));
    door.recognise(&token, now).await.map(|person| person.subject)
}

fn anna() -> Result<String, Refusal> {
    Ok("anna".to_owned())
}

fn unknown() -> Result<String, Refusal> {
    Err(Refusal::Bad(BadToken("names an unknown key")))
}

#[actix_web::test]
async fn every_algorithm_is_checked_with_a_key_of_its_own() {
    let (rsa, p256, ed25519) = (Signer::rsa(), Signer::p256(), Signer::ed25519());
    let all = [(&rsa, "r"), (&p256, "p"), (&ed25519, "e")];
    let jwks = Receiver::start(serving(&all));
    let door = door(&jwks, LONG, LONG);
    for (signer, kid) in all {
        assert_eq!(recognise(&door, signer, kid).await, anna(), "{kid}");
    }
    for (signer, kid) in [(&rsa, "p"), (&p256, "e"), (&ed25519, "r")] {
        let refused = recognise(&door, signer, kid).await;
        assert_eq!(refused, Err(Refusal::Bad(BadToken("says another algorithm than its key is for"))));
    }
    let refused = recognise(&door, &Signer::p256(), "p").await;
    assert_eq!(refused, Err(Refusal::Bad(BadToken("has a wrong signature"))));
    assert_eq!(jwks.every_call().len(), 1);
}

#[actix_web::test]
async fn a_shared_secret_needs_no_keys() {
    let jwks = Receiver::start(Behaviour::Close);
    let door = door(&jwks, LONG, LONG);
    assert_eq!(recognise(&door, &Signer::secret(SECRET.as_bytes()), "any").await, anna());
    assert!(jwks.every_call().is_empty());
}

#[actix_web::test]
async fn new_keys_are_found_by_their_id() {
    let (old, new) = (Signer::ed25519(), Signer::p256());
    let jwks = Receiver::start(serving(&[(&old, "old")]));
    let door = door(&jwks, LONG, Duration::ZERO);
    assert_eq!(recognise(&door, &old, "old").await, anna());
    jwks.behave(serving(&[(&old, "old"), (&new, "new")]));
    assert_eq!(recognise(&door, &new, "new").await, anna());
    assert_eq!(jwks.every_call().len(), 2);
    jwks.behave(serving(&[(&new, "new")]));
    // Whoever asks for a key that was taken away is not told until keys are fetched again.
    assert_eq!(recognise(&door, &old, "old").await, anna());
    assert_eq!(recognise(&door, &old, "gone").await, unknown());
    assert_eq!(recognise(&door, &old, "old").await, unknown());
}

#[actix_web::test]
async fn unknown_keys_are_asked_for_once_in_a_while() {
    let known = Signer::ed25519();
    let jwks = Receiver::start(serving(&[(&known, "known")]));
    let door = door(&jwks, LONG, LONG);
    for i in 0..20 {
        assert_eq!(recognise(&door, &known, &format!("invented-{i}")).await, unknown());
    }
    assert_eq!(recognise(&door, &known, "known").await, anna());
    assert_eq!(jwks.every_call().len(), 1);
}

#[actix_web::test]
async fn many_who_need_the_keys_share_one_fetch() {
    let known = Signer::ed25519();
    let (keys, gate) = (Receiver::start(serving(&[(&known, "known")])), Arc::new(Gate::default()));
    let jwks = Receiver::start(Behaviour::ForwardThrough(Arc::clone(&gate), keys.address()));
    let door = door(&jwks, LONG, Duration::ZERO);
    let asking = futures_util::future::join_all((0..20).map(|_| recognise(&door, &known, "known")));
    let opening = async {
        until_async("the fetch", Duration::from_secs(10), || (jwks.callers() > 0).then_some(())).await;
        gate.open();
    };
    let (answers, ()) = futures_util::future::join(asking, opening).await;
    assert!(answers.iter().all(|answer| *answer == anna()), "{answers:?}");
    assert_eq!((jwks.every_call().len(), jwks.most_callers()), (1, 1));
}

#[actix_web::test]
async fn known_keys_go_on_without_their_server_until_they_are_too_old() {
    let known = Signer::ed25519();
    let jwks = Receiver::start(serving(&[(&known, "known")]));
    let ttl = Duration::from_secs(1);
    let door = door(&jwks, ttl, Duration::from_millis(20));
    let started = Instant::now();
    assert_eq!(recognise(&door, &known, "known").await, anna());
    jwks.behave(Behaviour::Close);
    while recognise(&door, &known, "known").await == anna() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(started.elapsed() >= ttl);
    assert_eq!(recognise(&door, &known, "known").await, Err(Refusal::NoKeys));
    assert!(jwks.every_call().len() > 2, "they were not asked for ahead of time");
    jwks.behave(serving(&[(&known, "known")]));
    let started = Instant::now();
    while recognise(&door, &known, "known").await != anna() {
        assert!(started.elapsed() < Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[actix_web::test]
async fn keys_are_fetched_again_before_they_are_too_old() {
    let known = Signer::ed25519();
    let jwks = Receiver::start(serving(&[(&known, "known")]));
    let door = door(&jwks, Duration::from_secs(2), Duration::ZERO);
    let started = Instant::now();
    while jwks.every_call().len() < 2 {
        assert_eq!(recognise(&door, &known, "known").await, anna());
        assert!(started.elapsed() < Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[actix_web::test]
async fn nobody_gets_in_where_keys_can_not_be_had() {
    let known = Signer::ed25519();
    let mut padded = json!({ "keys": [known.jwk("known")] });
    padded["padding"] = json!("x".repeat(300_000));
    let empty = json!({ "keys": [] }).to_string();
    let secret = key_set(&[Signer::secret(SECRET.as_bytes()).jwk("known")]);
    let jwks = Receiver::start(Behaviour::Close);
    let door = door(&jwks, LONG, Duration::ZERO);
    for behaviour in [
        Behaviour::Close,
        Behaviour::Garbage,
        Behaviour::Answer(500, key_set(&[known.jwk("known")])),
        Behaviour::Answer(404, String::new()),
        Behaviour::AnswerWith(302, "Location", "https://id.example/".to_owned()),
        Behaviour::Answer(200, "<html></html>".to_owned()),
        Behaviour::Answer(200, empty),
        Behaviour::Answer(200, secret),
        Behaviour::Answer(200, padded.to_string()),
    ] {
        jwks.behave(behaviour);
        assert_eq!(recognise(&door, &known, "known").await, Err(Refusal::NoKeys));
    }
    assert_eq!(jwks.every_call().len(), 9);
    jwks.behave(serving(&[(&known, "known")]));
    assert_eq!(recognise(&door, &known, "known").await, anna());
}
