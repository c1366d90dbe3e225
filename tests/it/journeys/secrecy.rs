//! Nothing secret is ever printed, however much is asked for.

use std::sync::LazyLock;

use oc::roles::Role;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::database::TestDatabase;
use crate::support::http::Call;
use crate::support::mail::{MailServer, Manner};
use crate::support::process::Served;
use crate::support::receiver::{Behaviour, Receiver};
use crate::support::tokens::{EVERY_SCOPE, JWT, SERVICE_SECRET, token};

/// What nobody may find in what a process says.
const SECRETS: [(&str, &str); 15] = [
    ("title", "Zwetschgenkompott"),
    ("content", "Murmeltierfett"),
    ("name", "Habakuk Tschudi"),
    ("e-mail", "habakuk@example.ch"),
    ("telephone", "+41797778899"),
    ("telephone as written", "+41 79 777 88 99"),
    ("gateway token", "gatewaytoken-geheim"),
    ("bearer token", "eyJhbGciOiJIUzI1NiJ9.c2VjcmV0.tokentoken"),
    ("idempotency key", "idem-geheim-0815"),
    ("query", "suchbegriffgeheim"),
    ("user agent", "Geheimbrowser"),
    ("address", "192.0.2.213"),
    ("webhook", "hook-pfad-geheim"),
    ("broken body", "kaputtgeheim"),
    ("link token", "dGhpcyBpcyBhIGxpbmsgdG9rZW4gb2YgMzIgYnl0ZXM"),
];

/// Stands in a line that is written on purpose.
const PLANTED: &str = "\"request_id\":\"idem-geheim-0815\"";

/// A token that opens everything.
static TOKEN: LazyLock<String> = LazyLock::new(|| token(EVERY_SCOPE));

fn secret(name: &str) -> &'static str {
    SECRETS.iter().find(|(known, _)| *known == name).unwrap().1
}

/// The names of all secrets that stand in a text, in any of their spellings.
fn found(text: &str, codes: &[String]) -> Vec<String> {
    let text = text.to_lowercase();
    let stands = |value: &str| {
        let value = value.to_lowercase();
        let plain = value.replace('-', "");
        [&value, &plain, &value.replace('@', "%40"), &value.replace(' ', "%20")]
            .iter()
            .any(|spelling| text.contains(spelling.as_str()))
    };
    let fixed = SECRETS.iter().filter(|(_, value)| stands(value)).map(|(name, _)| (*name).to_owned());
    let fixed = fixed.chain(stands(&TOKEN).then(|| "good token".to_owned()));
    fixed.chain(codes.iter().filter(|code| stands(code)).map(|code| format!("code {code}"))).collect()
}

fn call(call: Call) -> Call {
    call.header("Authorization", &format!("Bearer {}", *TOKEN))
        .header("User-Agent", secret("user agent"))
        .header("X-Forwarded-For", secret("address"))
}

/// Writes, sends and opens a document; the codes that came up.
fn succeed(provider: &Served, client: &Served) -> Vec<String> {
    let plan = json!({"title": secret("title"), "content": secret("content"),
        "recipient": {"name": secret("name"), "email": secret("e-mail")}});
    let key = secret("idempotency key");
    let create = call(Call::post("/api/documents", &plan)).header("Idempotency-Key", key);
    let id = provider.call(&create).expect(201)["id"].as_str().unwrap().to_owned();
    provider.call(&create).expect(201);
    let place = format!("/api/documents/{id}");
    provider.call(&call(Call::put(&place, &json!({"status": "final"})))).expect(200);
    let send = call(Call::post("/api/send", &json!({ "documentId": id })));
    let sent = provider.call(&send).expect(200);
    let code = sent["accessCode"].as_str().unwrap().to_owned();
    client.call(&call(Call::get(format!("/api/public/{code}")))).expect(200);
    assert_eq!(client.call(&call(Call::get(format!("/view/{code}")))).status, 200);
    assert_eq!(client.call(&call(Call::new("POST", "/").form(&format!("code={code}")))).status, 200);
    let reissue = call(Call::post(format!("{place}/reissue"), &json!({})));
    let renewed = provider.call(&reissue).json();
    let codes = [Some(code), renewed["accessCode"].as_str().map(str::to_owned)];
    codes.into_iter().flatten().collect()
}

/// Opens documents with a number, sent both ways, after a wrong one; the numbers with
/// what stands beside them, and the sessions.
fn with_numbers(
    client: &Served,
    database: &TestDatabase,
    (sms, mail): (&Receiver, &MailServer),
) -> Vec<String> {
    let mut secrets = Vec::new();
    for factor in ["sms", "email"] {
        let body = json!({"title": secret("title"), "content": secret("content"),
            "recipient": {"name": secret("name"), "email": secret("e-mail"), "phone": secret("telephone as written")},
            "protection": {"secondFactor": factor}});
        let code = client.call(&call(Call::post("/v1/documents", &body))).expect(201)["accessCode"].clone();
        let post =
            |path: &str, body: Value| client.call(&call(Call::post(format!("/api/public/{path}"), &body)));
        let asked = post("access", json!({ "accessCode": code })).refused(401, "OTP_REQUIRED");
        let session = asked["details"]["session"]["token"].as_str().unwrap().to_owned();
        sms.behave(Behaviour::Close);
        mail.behave(Manner::Refuse("550 no such user habakuk@example.ch"));
        post("otp", json!({ "session": session })).refused(503, "OTP_NOT_SENT");
        sms.behave(Behaviour::Answer(200, "{}".to_owned()));
        mail.behave(Manner::Accept);
        // As if half a minute had gone by.
        database.execute("UPDATE otp_tallies SET sent_at = '{}', refused_at = NULL");
        post("otp", json!({ "session": session })).expect(202);
        let text = match factor {
            "sms" => String::from_utf8(sms.every_call().pop().unwrap().body).unwrap(),
            _ => mail.mails().pop().unwrap().body(),
        };
        let otp = text.split('#').nth(1).unwrap().chars().take(6).collect::<String>();
        post("otp/verify", json!({"session": session, "otp": "x"})).refused(401, "OTP_WRONG");
        post("otp/verify", json!({"session": session, "otp": otp})).expect(200);
        // Six digits alone stand in many a moment by chance.
        secrets.extend([format!("#{otp}"), format!("{otp} is"), format!("\"{otp}\""), session]);
    }
    secrets
}

/// Everything that goes wrong; the codes that were typed.
fn fail(provider: &Served, client: &Served) -> Vec<String> {
    let typed = "K7QM-4T9X-WR5C".to_owned();
    let broken = format!("{{\"title\": \"{}\", ", secret("broken body"));
    let hook = json!({"url": format!("https://127.0.0.1:1/{}", secret("webhook"))});
    let odd = Call::post("/api/documents", &json!({"title": {"x": secret("title")}, "content": 7}));
    let calls = [
        (
            provider,
            Call::new("POST", "/api/documents")
                .raw(broken.clone())
                .header("Content-Type", "application/json"),
        ),
        (provider, odd.header("X-Tenant", secret("name"))),
        (provider, Call::get(format!("/api/documents?q={}&cursor={}", secret("query"), secret("query")))),
        (provider, Call::get(format!("/api/documents/{}", secret("query")))),
        (provider, Call::post("/api/webhooks", &hook)),
        (provider, Call::get(format!("/{}", secret("query").repeat(1_000)))),
        (client, Call::get(format!("/api/public/{typed}"))),
        (client, Call::new("POST", "/").form(&format!("code={typed}"))),
        (client, Call::get(format!("/d/{}", secret("link token")))),
        (client, Call::new("POST", "/v1/documents").raw(broken).header("Content-Type", "application/json")),
        (client, Call::get(format!("/{}?x={}", secret("query"), secret("query")))),
    ];
    for (served, one) in calls {
        served.call(&call(one));
    }
    for served in [provider, client] {
        let bad = format!("Bearer {}", secret("bearer token"));
        let path = if std::ptr::eq(served, client) { "/v1/documents" } else { "/api/documents" };
        served
            .call(&Call::post(path, &json!({})).header("Authorization", &bad))
            .refused(401, "UNAUTHENTICATED");
    }
    // What is no HTTP at all.
    for served in [provider, client] {
        let mut stream = crate::support::http::open(served.address).unwrap();
        let noise = format!("GET /{} HTTP/9.9\r\n{}\r\n\r\n", secret("query"), secret("bearer token"));
        std::io::Write::write_all(&mut stream, noise.as_bytes()).unwrap();
        drop(std::io::Read::read_to_end(&mut stream, &mut Vec::new()));
    }
    vec![typed]
}

#[test]
fn nothing_secret_is_told_in_logs_at_the_most_talkative_level_nor_in_metrics_or_traces() {
    let (at_provider, at_client) = (TestDatabase::of("provider"), TestDatabase::of("client"));
    let collector = Receiver::start(Behaviour::Answer(200, String::new()));
    let traces = format!("http://{}", collector.address());
    let base = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", traces.as_str()),
        ("RUST_LOG", "trace"),
        ("TRUSTED_PROXIES", "127.0.0.1"),
        ("RATE_ADDRESS_PER_MINUTE", "20"),
        ("SERVICE_TOKEN_SECRET", SERVICE_SECRET),
    ];
    let base = [JWT, &base].concat();
    let (sms, mail) = (Receiver::start(Behaviour::Close), MailServer::start());
    let (sms_url, mail_url) = (format!("http://{}/", sms.address()), mail.url());
    let ways_out = [
        ("SMS_GATEWAY_URL", sms_url.as_str()),
        ("SMS_GATEWAY_TOKEN", secret("gateway token")),
        ("SMTP_URL", mail_url.as_str()),
        ("MAIL_FROM", "no-reply@praxis.example"),
    ];
    let mut client = Served::start(Role::Client, &at_client, &[&base[..], &ways_out].concat());
    let api = format!("{}/api/", client.url());
    let way =
        [("CLIENT_BASE_URL", api.as_str()), ("WEBHOOK_ALLOW_PRIVATE", "true"), ("EVENTS_POLL_MS", "100")];
    let mut provider = Served::start(Role::Provider, &at_provider, &[&base[..], &way].concat());

    let mut codes = fail(&provider, &client);
    codes.extend(succeed(&provider, &client));
    codes.extend(with_numbers(&client, &at_client, (&sms, &mail)));
    let view = || client.call(&call(Call::get(format!("/view/{}", codes[1])))).status;
    let statuses: Vec<u16> = (0..30).map(|_| view()).collect();
    assert_eq!(statuses.last(), Some(&429));

    // A planted line shows that what is printed is read, and that the scan finds what it looks for.
    for served in [&mut provider, &mut client] {
        served.call(&Call::get("/api/health").header("X-Request-Id", "idem-geheim-0815"));
        served.process.wait_for("the planted line", |said| {
            let planted = said.lines().find(|line| line.contains(PLANTED))?;
            assert_eq!(found(planted, &codes), ["idempotency key"]);
            Some(())
        });
        let said = served.process.said();
        let rest: String = said.lines().filter(|line| !line.contains(PLANTED)).collect();
        assert!(said.contains("\"DEBUG\"") && rest.len() > 1_000, "{said}");
        assert_eq!(found(&rest, &codes), Vec::<String>::new(), "{rest}");
        let metrics = served.call(&call(Call::get("/metrics"))).text();
        assert!(metrics.contains("oc_http_requests_total"), "{metrics}");
        assert_eq!(found(&metrics, &codes), Vec::<String>::new(), "{metrics}");
        served.process.signal(Signal::TERM);
        served.process.wait();
    }
    let traced: Vec<u8> = collector.every_call().into_iter().flat_map(|call| call.body).collect();
    let traced = String::from_utf8_lossy(&traced);
    assert!(traced.contains("/api/send") && traced.contains("/api/public/{accessCode}"), "{traced}");
    assert_eq!(found(&traced, &codes), Vec::<String>::new(), "{traced}");
}
