//! Signing in with an account, at an identity provider that answers over real HTTP.

use serde_json::{Value, json};
use url::Url;

use super::{Provider, assert_says, led_to};
use crate::support::http::{Answer, Call};
use crate::support::receiver::{Behaviour, Receiver};
use crate::support::tokens::{EVERY_SCOPE, SECRET, Signer, claims};

const REDIRECT: &str = "https://provider.example/sign-in/return";

/// A workspace whose people sign in at this identity provider.
struct Desk {
    provider: Provider,
    id: Receiver,
    issuer: String,
}

impl Desk {
    async fn new() -> Self {
        let id = Receiver::start(Behaviour::Close);
        let issuer = format!("http://{}", id.address());
        let settings = [
            ("AUTH", "jwt"),
            ("JWT_SECRET", SECRET),
            ("JWT_ISSUER", issuer.as_str()),
            ("JWT_AUDIENCE", "oc"),
            ("OIDC_CLIENT_ID", "workspace"),
            ("OIDC_CLIENT_SECRET", "a-secret-of-the-workspace"),
            ("OIDC_REDIRECT_URL", REDIRECT),
        ];
        let provider = Provider::with(&settings).await;
        let desk = Self { provider, id, issuer };
        desk.vouches_for(&desk.token(&desk.issuer));
        desk
    }

    fn token(&self, issuer: &str) -> String {
        let mut said = claims(EVERY_SCOPE);
        said["iss"] = json!(issuer);
        Signer::secret(SECRET.as_bytes()).token_with(json!({"typ": "JWT"}), &said)
    }

    /// The identity provider says where it is asked, and whom it vouches for, in one.
    fn vouches_for(&self, token: &str) {
        self.id.behave(Behaviour::Answer(200, self.says(&self.issuer, token).to_string()));
    }

    fn says(&self, issuer: &str, token: &str) -> Value {
        json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{}/authorize?tenant=one", self.issuer),
            "token_endpoint": format!("{}/token", self.issuer),
            "access_token": token, "token_type": "Bearer", "expires_in": 60,
        })
    }

    /// Begins to sign in: where the browser goes, and the cookie that it keeps.
    async fn begin(&self, next: &str) -> (Url, String) {
        let begun = self.provider.call(Call::get(format!("/sign-in/account?next={next}"))).await;
        let line = begun.header("Set-Cookie").unwrap().to_owned();
        assert!(
            line.starts_with("__Host-oc-signing-in=") && line.ends_with("; HttpOnly; Secure; SameSite=Lax"),
            "{line}"
        );
        (Url::parse(&led_to(&begun)).unwrap(), line.split(';').next().unwrap().to_owned())
    }

    async fn come_back(&self, query: &str, cookie: &str) -> Answer {
        self.provider.call(Call::get(format!("/sign-in/return?{query}")).header("Cookie", cookie)).await
    }
}

fn parameter(url: &Url, name: &str) -> String {
    url.query_pairs()
        .find(|(known, _)| known == name)
        .unwrap_or_else(|| panic!("{name} in {url}"))
        .1
        .into_owned()
}

/// The cookie of a session that an answer begins.
fn session(answer: &Answer) -> Option<String> {
    let lines = answer.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
    let mut pairs = lines.filter_map(|(_, line)| line.split(';').next());
    pairs.find(|pair| pair.starts_with("__Host-oc-workspace=")).map(str::to_owned)
}

#[actix_web::test]
async fn an_account_signs_in_by_the_code_flow_with_a_proof_key() {
    let desk = Desk::new().await;
    assert_says(&desk.provider.call(Call::get("/sign-in")).await, 200, &["/sign-in/account"]);
    let (url, cookie) = desk.begin("/library").await;
    assert!(url.as_str().starts_with(&format!("{}/authorize?tenant=one&", desk.issuer)), "{url}");
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", "workspace"),
        ("redirect_uri", REDIRECT),
        ("scope", "openid documents:read documents:write documents:send"),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(parameter(&url, name), value);
    }
    let back = desk.come_back(&format!("code=c0de&state={}", parameter(&url, "state")), &cookie).await;
    assert_eq!(led_to(&back), "/library");
    let asked = desk.id.every_call().pop().unwrap();
    let form: Vec<_> = url::form_urlencoded::parse(&asked.body).into_owned().collect();
    let field = |name: &str| form.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    assert_eq!((asked.method.as_str(), asked.path.as_str(), field("code")), ("POST", "/token", Some("c0de")));
    assert_eq!(field("client_secret"), Some("a-secret-of-the-workspace"));
    let proof = ring::digest::digest(&ring::digest::SHA256, field("code_verifier").unwrap().as_bytes());
    let proof = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, proof.as_ref());
    assert_eq!(proof, parameter(&url, "code_challenge"), "only who has begun can end it");
    let session = session(&back).unwrap();
    assert_says(&desk.provider.call(Call::get("/").header("Cookie", &session)).await, 200, &["Signed in as"]);
}

#[actix_web::test]
async fn what_was_not_begun_by_this_browser_signs_nobody_in() {
    let desk = Desk::new().await;
    let (url, cookie) = desk.begin("/").await;
    let (_, other) = desk.begin("/").await;
    let state = parameter(&url, "state");
    for (query, cookie) in [
        (format!("code=c&state={state}"), ""),
        (format!("code=c&state={state}"), other.as_str()),
        ("code=c&state=x".to_owned(), &cookie),
        ("code=c".to_owned(), &cookie),
        (format!("state={state}"), &cookie),
        (format!("error=access_denied&state={state}"), &cookie),
        (format!("code=c&state={state}&iss=https://evil.example"), &cookie),
        (format!("code=c&state={state}"), &cookie[..cookie.len() - 2]),
    ] {
        let back = desk.come_back(&query, cookie).await;
        assert_eq!(led_to(&back), "/sign-in?why=account", "{query}");
        assert!(session(&back).is_none(), "{query}");
    }
    assert_says(&desk.provider.call(Call::get("/sign-in?why=account")).await, 200, &["role=\"alert\""]);
}

#[actix_web::test]
async fn only_a_good_token_of_the_right_identity_provider_signs_in() {
    let desk = Desk::new().await;
    let foreign =
        Signer::secret(b"another secret that nobody here trusts").token_with(json!({}), &claims(""));
    let elsewhere = desk.token("https://evil.example");
    for token in [foreign.as_str(), &elsewhere, "x", ""] {
        desk.vouches_for(token);
        let (url, cookie) = desk.begin("/").await;
        let back = desk.come_back(&format!("code=c&state={}", parameter(&url, "state")), &cookie).await;
        assert_eq!((led_to(&back).as_str(), session(&back)), ("/sign-in?why=account", None));
    }
}

#[actix_web::test]
async fn an_identity_provider_that_is_away_or_is_another_one_is_told() {
    let desk = Desk::new().await;
    let other = desk.says("https://evil.example", "x").to_string();
    for behaviour in [Behaviour::Close, Behaviour::Answer(500, String::new()), Behaviour::Answer(200, other)]
    {
        desk.id.behave(behaviour);
        let begun = desk.provider.call(Call::get("/sign-in/account")).await;
        assert_eq!(led_to(&begun), "/sign-in?why=account");
    }
}

#[actix_web::test]
async fn nobody_is_led_elsewhere_after_signing_in() {
    let desk = Desk::new().await;
    for next in ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:x"] {
        let next: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
        let (url, cookie) = desk.begin(&next).await;
        let back = desk.come_back(&format!("code=c&state={}", parameter(&url, "state")), &cookie).await;
        assert_eq!(led_to(&back), "/", "{next}");
    }
}
