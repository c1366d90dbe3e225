//! Mails to a server that speaks TLS: only if somebody vouches for its certificate.

use std::sync::Arc;

use oc::roles::Role;
use rcgen::generate_simple_self_signed;
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use serde_json::json;

use crate::support::database::TestDatabase;
use crate::support::http::{Answer, Call};
use crate::support::mail::MailServer;
use crate::support::process::Served;
use crate::support::scratch::Scratch;

/// Delivers a document and has a number sent to its recipient.
fn ask_for_number(client: &Served) -> Answer {
    let body = json!({"title": "T", "content": "C", "recipient": {"email": "anna@example.ch"},
        "protection": {"secondFactor": "email"}});
    let code = client.call(&Call::post("/v1/documents", &body)).expect(201)["accessCode"].clone();
    let asked = client.call(&Call::post("/api/public/access", &json!({ "accessCode": code })));
    let session = asked.refused(401, "OTP_REQUIRED")["details"]["session"]["token"].clone();
    client.call(&Call::post("/api/public/otp", &json!({ "session": session })))
}

#[test]
fn a_mail_goes_out_over_tls_and_only_to_a_server_that_is_trusted() {
    let certified = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
    let tls = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .unwrap();
    let mail = MailServer::with_tls(Arc::new(tls));
    let folder = Scratch::new("mail");
    let trusted = folder.file("roots.pem", &certified.cert.pem());
    let other = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let other = folder.file("others.pem", &other.cert.pem());
    let url = format!("smtps://localhost:{}", mail.address().port());
    let database = TestDatabase::of("client");
    for (roots, status, mails) in [(other, 503, 0), (trusted, 202, 1)] {
        let settings = [
            ("SMTP_URL", url.as_str()),
            ("MAIL_FROM", "no-reply@praxis.example"),
            ("SSL_CERT_FILE", roots.as_str()),
        ];
        let client = Served::start(Role::Client, &database, &settings);
        let answer = ask_for_number(&client);
        assert_eq!((answer.status, mail.mails().len()), (status, mails), "{}", answer.text());
    }
}
