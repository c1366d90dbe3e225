//! Whether the settings can be used, and whether they are meant for production.

use super::Patient;
use super::findings::Tell;
use crate::config::{Auth, is_this_machine};

pub fn look(patient: &Patient, tell: &Tell) {
    let group = tell.group("settings");
    let mut problems = 0;
    for problem in patient.problems.each() {
        problems += 1;
        group.problem("values", problem, "set it as .env.example explains");
    }
    if problems == 0 {
        group.ok("values", "every setting can be used");
    }
    let config = &patient.config;
    match config.identity.auth {
        Auth::None => group.warning(
            "authentication",
            "AUTH=none: nobody is asked who they are",
            "for production set AUTH=jwt with JWT_JWKS_URL or JWT_SECRET, and SERVICE_TOKEN_SECRET",
        ),
        Auth::Jwt => group.ok("authentication", "tokens are asked for"),
    }
    if config.identity.service_secrets.is_empty() && config.identity.auth == Auth::Jwt {
        group.problem(
            "service token",
            "SERVICE_TOKEN_SECRET is not set: the client role takes nothing from the provider role",
            "set the same secret for both roles: openssl rand -base64 32",
        );
    }
    if config.outbox.retry.max_age >= config.retention.reservation {
        group.warning(
            "codes in reserve",
            "OUTBOX_MAX_AGE_SECONDS is not shorter than CODE_RESERVATION_SECONDS: no reserve of codes can be held",
            "make CODE_RESERVATION_SECONDS of the client role longer, by some days",
        );
    }
    if !patient.is_provider() {
        of_client(patient, tell);
    }
}

fn of_client(patient: &Patient, tell: &Tell) {
    let group = tell.group("settings");
    let config = &patient.config;
    let url = &config.client.public_url;
    let host = url::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
    match host {
        Some(_) if url.starts_with("https://") => group.ok("public address", format!("people get links to {url}")),
        Some(host) if is_this_machine(&host) => group.warning(
            "public address",
            format!("people get links to {url}, which leads to this machine only"),
            "set CLIENT_PUBLIC_URL to the address that people reach, with https",
        ),
        _ => group.problem(
            "public address",
            "CLIENT_PUBLIC_URL is not https: codes and documents could be read on the way",
            "give the client role a certificate, or a proxy that has one, and set CLIENT_PUBLIC_URL to https://...",
        ),
    }
    match config.receipt_signing_keys.0.is_empty() {
        true => group.warning(
            "receipts",
            "RECEIPT_SIGNING_KEY is not set: receipts are not signed and prove nothing",
            "openssl rand -base64 32, and keep it apart from the database",
        ),
        false => group.ok("receipts", "receipts are signed"),
    }
    let offered = [("SMS", config.messages.sms.is_some()), ("mail", config.messages.mail.is_some())];
    let offered: Vec<_> = offered.iter().filter(|(_, set)| *set).map(|(name, _)| *name).collect();
    match offered.is_empty() {
        true => {
            group
                .ok("second factor", "no way to send numbers is set: documents that ask for one are refused");
        }
        false => group.ok("second factor", format!("numbers can go out by {}", offered.join(" and "))),
    }
}
