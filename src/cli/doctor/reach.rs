//! Whether what else is set can be reached.

use std::net::{TcpStream, ToSocketAddrs as _};

use awc::http::Method;
use url::Url;

use super::findings::{Group, Tell};
use super::{CALL, Patient, block_on};
use crate::platform::http_client::HttpClient;
use crate::platform::limits::Shared;
use crate::platform::messages::Messenger;

pub fn look(patient: &Patient, tell: &Tell) {
    let (group, config) = (tell.group("reach"), &patient.config);
    match &config.limits.redis_url {
        None => group.ok("Redis", "REDIS_URL is not set: each process limits by itself"),
        Some(url) => match block_on(Shared::ping(url)) {
            Ok(()) => group.ok("Redis", "it answers"),
            Err(why) => group.warning(
                "Redis",
                format!("REDIS_URL: {why}"),
                "until it is back each process limits by itself",
            ),
        },
    }
    if let Some(jwks) = config.identity.jwt.as_ref().and_then(|jwt| jwt.jwks.as_ref()) {
        block_on(identity_provider(&jwks.url, &group));
    }
    if config.messages.mail.is_some() {
        block_on(mail(patient, &group));
    }
    if let Some(gateway) = &config.messages.sms {
        let advice = "numbers can't be sent by SMS; see whether SMS_GATEWAY_URL is right";
        match takes_connections(&gateway.url) {
            true => group.ok("SMS service", "it takes connections"),
            false => group.problem("SMS service", "it can't be reached", advice),
        }
    }
    if let Some(traces) = &config.telemetry.traces {
        let advice = "traces are lost until it is back, nothing else; see whether OTEL_EXPORTER_OTLP_ENDPOINT is right";
        match takes_connections(&traces.url) {
            true => group.ok("traces", "their receiver takes connections"),
            false => group.warning("traces", "their receiver can't be reached", advice),
        }
    }
}

async fn identity_provider(url: &str, group: &Group<'_>) {
    let advice = "nobody can come in without its keys; see whether JWT_JWKS_URL is right";
    let asked = match HttpClient::new(url, CALL) {
        Ok(http) => http.send(Method::GET, url, &[], Vec::new()).await,
        Err(error) => Err(error),
    };
    match asked {
        Ok(answer) => {
            let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            match body.get("keys").and_then(serde_json::Value::as_array).map(Vec::len) {
                Some(count @ 1..) if answer.status == 200 => {
                    group.ok("identity provider", format!("it publishes {count} keys"));
                }
                _ => group.problem("identity provider", format!("no keys, status {}", answer.status), advice),
            }
        }
        Err(error) => group.problem("identity provider", format!("it {error}"), advice),
    }
}

async fn mail(patient: &Patient, group: &Group<'_>) {
    let host = Url::parse(&patient.config.client.public_url).ok();
    let host = host.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    let advice = "numbers can't be sent by mail; see whether SMTP_URL, user and password are right";
    match Messenger::new(&patient.config.messages, &host) {
        Ok(messenger) => match messenger.greet_mail().await {
            Some(Err(why)) => group.problem("mail server", why, advice),
            _ => group.ok("mail server", "it greets, and takes user and password"),
        },
        Err(error) => group.problem("mail server", error.to_string(), advice),
    }
}

/// Connects and hangs up: whatever is posted there would be a message, or a trace.
fn takes_connections(url: &str) -> bool {
    let parsed = Url::parse(url).ok();
    let place = parsed.and_then(|url| Some((url.host_str()?.to_owned(), url.port_or_known_default()?)));
    let addresses =
        place.and_then(|(host, port)| (host.trim_matches(['[', ']']), port).to_socket_addrs().ok());
    addresses.is_some_and(|mut addresses| {
        addresses.any(|address| TcpStream::connect_timeout(&address, CALL).is_ok())
    })
}
