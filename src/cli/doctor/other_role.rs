//! Whether the roles find each other. Nothing is changed there: the one call with a token
//! is about nothing and is answered before anybody looks at a tenant.

use std::time::{Duration, Instant};

use awc::http::Method;

use super::findings::{Group, Tell};
use super::{CALL, Patient, block_on, clock};
use crate::domain::ids::TenantId;
use crate::domain::timestamp::Timestamp;
use crate::domain::wire::{RECEIPTS_PATH, Receipts, TENANT_HEADER};
use crate::platform::clock::now;
use crate::platform::db::inspect;
use crate::platform::http_client::{Answer, CallError, HttpClient};
use crate::platform::identity::ServiceTokens;

/// A tenant that nobody has to know.
const NOBODY: &str = "doctor";
/// Tenants whose receipts are looked at.
const TENANTS: usize = 5;
/// Receipts that wait longer are not asked for any more.
const LONG: Duration = Duration::from_secs(600);

pub fn look(patient: &Patient, tell: &Tell) {
    let group = tell.group("other role");
    if patient.is_provider() {
        if patient.is_broken("CLIENT_BASE_URL") {
            return group.warning("client role", "not looked at: CLIENT_BASE_URL is broken", "see settings");
        }
        block_on(of_provider(patient, tell));
    } else {
        group.ok("provider role", "it calls this role, and is never called: run oc doctor there, too");
        block_on(of_client(patient, &group));
    }
}

async fn of_provider(patient: &Patient, tell: &Tell) {
    let (group, base) = (tell.group("other role"), patient.config.client.base_url.as_str());
    let Ok(http) = HttpClient::new(base, CALL) else {
        return group.problem("client role", "no certificates to check it by", "install ca-certificates");
    };
    // CLIENT_BASE_URL may lead to the host or to what lies under /api there.
    let path = if base.ends_with("/api/") { "ready" } else { "api/ready" };
    let before = now();
    match http.send(Method::GET, &format!("{base}{path}"), &[], Vec::new()).await {
        Err(error) => {
            let advice =
                "see whether it runs and CLIENT_BASE_URL leads there; until then documents wait in the queue";
            return group.problem("client role", format!("it {error}"), advice);
        }
        Ok(answer) => {
            readiness(&answer, &group);
            clocks(&answer, before, tell);
        }
    }
    tokens(patient, &http, &group).await;
    receipts(patient, &http, &group).await;
}

fn readiness(answer: &Answer, group: &Group<'_>) {
    let is_ours = serde_json::from_slice::<serde_json::Value>(&answer.body)
        .is_ok_and(|body| body.get("database").is_some());
    match (answer.status, is_ours) {
        (200, true) => group.ok("client role", "it is ready"),
        (_, true) => {
            group.problem("client role", "it is there and not ready", "run oc doctor --role client there");
        }
        (status, false) => group.problem(
            "client role",
            format!("something else answers there, with status {status}"),
            "let CLIENT_BASE_URL lead to the API of the client role, such as http://127.0.0.1:3000/api/",
        ),
    }
}

/// A header tells the time in whole seconds.
fn clocks(answer: &Answer, before: Timestamp, tell: &Tell) {
    let there = answer.date.as_deref().and_then(Timestamp::parse_http);
    if let Some(there) = there {
        let latest = now().plus(Duration::from_secs(1));
        clock::compare(
            "client role",
            (before.minus(Duration::from_secs(1)), there, latest),
            &tell.group("clock"),
        );
    }
}

async fn ask(
    patient: &Patient,
    http: &HttpClient,
    (tenant, query): (&str, &str),
    with_token: bool,
) -> Result<Answer, CallError> {
    let tokens = ServiceTokens::new(&patient.config.identity).filter(|_| with_token);
    let token = TenantId::parse(tenant).ok().and_then(|tenant| tokens?.mint(&tenant, now()));
    let credentials = token.map(|token| format!("Bearer {token}"));
    let mut headers = vec![(TENANT_HEADER, tenant)];
    headers.extend(credentials.as_deref().map(|credentials| ("Authorization", credentials)));
    let url = format!("{}{RECEIPTS_PATH}?{query}", patient.config.client.base_url);
    http.send(Method::GET, &url, &headers, Vec::new()).await
}

/// A limit of 0 is refused after the token was looked at, and before anything else.
async fn tokens(patient: &Patient, http: &HttpClient, group: &Group<'_>) {
    let has_secret = !patient.config.identity.service_secrets.is_empty();
    let advice = "set the same SERVICE_TOKEN_SECRET for both roles, and look at their clocks";
    match ask(patient, http, (NOBODY, "limit=0"), true).await.map(|answer| answer.status) {
        Ok(400) if has_secret => match ask(patient, http, (NOBODY, "limit=0"), false).await.map(|a| a.status)
        {
            Ok(400) => group.warning(
                "service token",
                "the client role asks nobody who they are: it takes documents from everybody",
                "set AUTH=jwt and SERVICE_TOKEN_SECRET at the client role",
            ),
            _ => group.ok("service token", "the client role accepts ours, and nobody without one"),
        },
        Ok(400) => group.warning(
            "service token",
            "the client role takes documents from everybody, and SERVICE_TOKEN_SECRET is not set here",
            "set AUTH=jwt and the same SERVICE_TOKEN_SECRET for both roles",
        ),
        Ok(401) if !has_secret => group.problem("service token", "the client role asks for one", advice),
        Ok(status @ (401 | 403)) => {
            group.problem(
                "service token",
                format!("the client role refuses ours with status {status}"),
                advice,
            );
        }
        Ok(status) => group.problem(
            "service token",
            format!("the question for receipts was answered with status {status}"),
            "let CLIENT_BASE_URL lead to the API of a client role of the same version",
        ),
        Err(error) => group.problem("service token", format!("the client role {error}"), advice),
    }
}

/// How long the oldest receipt waits that was not taken over.
async fn receipts(patient: &Patient, http: &HttpClient, group: &Group<'_>) {
    let Ok(mut conn) = inspect::connect(&patient.config.database) else { return };
    let Ok(accounts) = patient.role.reserves(&mut conn, now()) else { return };
    let (mut oldest, mut asked, begun) = (Duration::ZERO, 0, Instant::now());
    let wanted = accounts.len().min(TENANTS);
    for (tenant, _, cursor) in accounts.iter().take(TENANTS) {
        if begun.elapsed() > CALL {
            break;
        }
        let after = cursor.as_ref().map(|cursor| format!("&after={cursor}")).unwrap_or_default();
        let Ok(answer) = ask(patient, http, (tenant, &format!("limit=1{after}")), true).await else {
            continue;
        };
        let page = serde_json::from_slice::<Receipts>(&answer.body).ok().filter(|_| answer.status == 200);
        let Some(page) = page else { continue };
        asked += 1;
        let at = page.items.first().and_then(|receipt| Timestamp::parse(&receipt.at));
        oldest = oldest.max(at.map(|at| now().since(at)).unwrap_or_default());
    }
    if asked < wanted {
        let found = format!("the client role tells those of {asked} of {wanted} tenants that were asked for");
        return group.warning("receipts", found, "see what its log says of the others; none is lost");
    }
    let found = format!(
        "of {asked} tenants, the oldest receipt that was not taken over is {} s old",
        oldest.as_secs()
    );
    match oldest > LONG {
        true => group.warning(
            "receipts",
            found,
            "see whether role provider runs and what its log says; none is lost",
        ),
        false => group.ok("receipts", found),
    }
}

/// Whether people can reach what their links lead to, as seen from here.
async fn of_client(patient: &Patient, group: &Group<'_>) {
    let url = format!("{}/api/ready", patient.config.client.public_url);
    let asked = match HttpClient::new(&url, CALL) {
        Ok(http) => http.send(Method::GET, &url, &[], Vec::new()).await,
        Err(error) => Err(error),
    };
    match asked {
        Ok(answer) if answer.status == 200 => group.ok("public address", "the client role answers there"),
        Ok(answer) => group.warning(
            "public address",
            format!("CLIENT_PUBLIC_URL answers with status {}", answer.status),
            "see whether the role runs and the proxy leads to it",
        ),
        Err(error) => group.warning(
            "public address",
            format!("CLIENT_PUBLIC_URL {error}"),
            "normal before the role runs, or where it can't be reached from inside; people have to reach it",
        ),
    }
}
