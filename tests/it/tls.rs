//! HTTPS out of the program itself.

use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use oc::roles::Role;
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustix::process::Signal;
use rustls::{ClientConfig, RootCertStore};

use crate::support::database::TestDatabase;
use crate::support::http;
use crate::support::process::{PATIENCE, Served, run_with};
use crate::support::scratch::Scratch;
use crate::support::waiting::until_async;
use crate::support::{CODE_KEY, KEY, any_role};

fn certificate() -> CertifiedKey<KeyPair> {
    generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap()
}

/// The paths of both files.
fn write(folder: &Scratch, certificate: &CertifiedKey<KeyPair>) -> [String; 2] {
    let key = certificate.signing_key.serialize_pem();
    [folder.file("cert.pem", &certificate.cert.pem()), folder.file("key.pem", &key)]
}

/// Somebody who believes only in this certificate.
fn trusting(root: &CertifiedKey<KeyPair>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(root.cert.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    tls.with_root_certificates(roots).with_no_client_auth()
}

/// Status and HSTS of an answer to somebody who believes only in this certificate.
async fn get(address: SocketAddr, root: &CertifiedKey<KeyPair>) -> Option<(u16, String)> {
    let connector = awc::Connector::new().rustls_0_23(Arc::new(trusting(root)));
    let client = awc::Client::builder().connector(connector).timeout(Duration::from_secs(10)).finish();
    let answer = client.get(format!("https://{address}/api/health")).send().await.ok()?;
    let hsts = answer.headers().get("Strict-Transport-Security")?.to_str().unwrap().to_owned();
    Some((answer.status().as_u16(), hsts))
}

#[actix_web::test]
async fn with_a_certificate_only_https_is_spoken_and_a_new_certificate_is_taken_up() {
    for role in Role::ALL {
        let folder = Scratch::new("tls");
        let first = certificate();
        let [cert, key] = write(&folder, &first);
        let database = TestDatabase::of(role.name());
        let served = Served::start(*role, &database, &[("TLS_CERT_FILE", &cert), ("TLS_KEY_FILE", &key)]);
        assert!(served.process.said().contains(" on https://127.0.0.1:"), "{}", served.process.said());
        assert_eq!(get(served.address, &first).await, Some((200, "max-age=31536000".to_owned())));
        assert_eq!(get(served.address, &certificate()).await, None, "an unknown root is refused");
        assert_no_plain_http(served.address);

        let second = certificate();
        write(&folder, &second);
        served.process.signal(Signal::HUP);
        tokio::time::timeout(PATIENCE, async { while get(served.address, &second).await.is_none() {} })
            .await
            .unwrap();
        assert_eq!(get(served.address, &first).await, None);

        // A file that can't be used changes nothing.
        folder.file("key.pem", "broken");
        served.process.signal(Signal::HUP);
        let told = || served.process.said().contains("the old certificate is still served").then_some(());
        until_async("the complaint", PATIENCE, told).await;
        assert!(get(served.address, &second).await.is_some());
    }
}

/// What is agreed on with somebody who speaks these protocols; `None` if nobody is served.
fn agreed(address: SocketAddr, root: &CertifiedKey<KeyPair>, offered: &[&str]) -> Option<String> {
    let mut tls = trusting(root);
    tls.alpn_protocols = offered.iter().map(|name| name.as_bytes().to_vec()).collect();
    let name = address.ip().into();
    let mut connection = rustls::ClientConnection::new(Arc::new(tls), name).unwrap();
    let mut stream = http::open(address).unwrap();
    while connection.is_handshaking() {
        connection.complete_io(&mut stream).ok()?;
    }
    let agreed = connection.alpn_protocol().map(|name| String::from_utf8(name.to_vec()).unwrap());
    let mut stream = rustls::Stream::new(&mut connection, &mut stream);
    stream.write_all(b"GET /api/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut status = [0; 12];
    stream.read_exact(&mut status).unwrap();
    assert_eq!(&status, b"HTTP/1.1 200");
    Some(agreed.unwrap_or_default())
}

#[test]
fn http_2_is_never_agreed_on() {
    for role in Role::ALL {
        let (folder, root) = (Scratch::new("tls"), certificate());
        let [cert, key] = write(&folder, &root);
        let database = TestDatabase::of(role.name());
        let served = Served::start(*role, &database, &[("TLS_CERT_FILE", &cert), ("TLS_KEY_FILE", &key)]);
        for offered in [&["h2", "http/1.1"][..], &["http/1.1"]] {
            assert_eq!(agreed(served.address, &root, offered).as_deref(), Some("http/1.1"));
        }
        assert_eq!(agreed(served.address, &root, &[]).as_deref(), Some(""));
        assert_eq!(agreed(served.address, &root, &["h2"]), None);
    }
}

fn assert_no_plain_http(address: SocketAddr) {
    let mut stream = http::open(address).unwrap();
    stream.write_all(b"GET /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    // A reset will do as well.
    drop(stream.read_to_end(&mut answer));
    let text = String::from_utf8_lossy(&answer);
    assert!(answer.len() < 16 && !text.contains("HTTP") && !text.contains("ok"), "{text}");
}

#[test]
fn files_that_can_not_be_used_are_told_in_words() {
    let folder = Scratch::new("tls");
    let certificate = certificate();
    let [cert, key] = write(&folder, &certificate);
    let other = folder.file("other.pem", &KeyPair::generate().unwrap().serialize_pem());
    let text = folder.file("text.pem", "hello");
    let cases = [
        (cert.as_str(), "/nowhere/key.pem", "TLS_KEY_FILE names /nowhere/key.pem, which can't be read"),
        ("/nowhere/cert.pem", &key, "TLS_CERT_FILE names /nowhere/cert.pem, which can't be read"),
        (&text, &key, "which holds no certificate"),
        (&cert, &text, "which holds no private key in PEM"),
        (&cert, &other, "which is not the key of the certificate"),
        (&cert, "", "TLS_KEY_FILE (--tls-key-file) is missing"),
        ("", &key, "TLS_CERT_FILE (--tls-cert-file) is missing"),
    ];
    for (cert, key, expected) in cases {
        let given = [
            ("AUTH", "none"),
            ("PORT", "0"),
            ("DATABASE_URL", "postgres://oc@127.0.0.1:1/oc"),
            ("ACCESS_CODE_KEY", CODE_KEY),
            ("FIELD_ENCRYPTION_KEY", KEY),
            ("TLS_CERT_FILE", cert),
            ("TLS_KEY_FILE", key),
        ];
        let refused = run_with(&["serve", "--role", any_role().name()], &given);
        assert_ne!(refused.code, 0);
        assert!(refused.err.contains(expected), "{expected} in {}", refused.err);
        assert!(!refused.err.contains("PRIVATE KEY"), "{}", refused.err);
    }
}
