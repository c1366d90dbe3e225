//! `oc check`: proves that a document gets from one role to a reader of the other.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use awc::http::Method;
use clap::Args;
use serde_json::json;

use super::api::{Api, Credentials, Reply};
use super::{FAILED, Failure, NOT_YET, Outcome, SettingArgs, block_on, end_when_told, output, token};
use crate::platform::random;

/// Pause between two looks whether the document was delivered.
const PAUSE: Duration = Duration::from_millis(250);

/// Send a document, open it, and take it back
///
/// Proves that both roles, their databases and the way between them work. The document
/// holds a random number and nothing else. Shows `OC_TOKEN`, or a token that it signs with
/// `JWT_SECRET` as `oc token` does.
/// Exit codes: 0 it was opened, 1 failed, 3 accepted but not delivered in time.
#[derive(Args)]
pub struct Check {
    /// The provider role
    #[arg(long, env = "OC_PROVIDER_URL", value_name = "URL", default_value = "http://127.0.0.1:3001")]
    provider: String,
    /// The client role
    #[arg(long, env = "OC_CLIENT_URL", value_name = "URL", default_value = "http://127.0.0.1:3000")]
    client: String,
    /// Longest wait for the delivery
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    wait: u64,
    #[command(flatten)]
    who: Credentials,
    #[command(flatten)]
    settings: SettingArgs,
}

impl Check {
    pub fn run(self) -> Outcome {
        end_when_told();
        let who = match token::secrets(&self.settings)? {
            Some(jwt) if jwt.secret.is_some() => self.who.or_signed("oc-check", &jwt)?,
            _ => self.who,
        };
        let provider = Api::new(&self.provider, &who)?;
        let client = Api::new(&self.client, &Credentials::default())?;
        block_on(journey(&provider, &client, Duration::from_secs(self.wait)))
    }
}

async fn journey(provider: &Api, client: &Api, patience: Duration) -> Outcome {
    let text = format!("This document proves that a delivery works: {}", random::uuid());
    let document = json!({ "title": "Check of the delivery", "content": text, "contentType": "text/plain" });
    let id = provider.write(&document, false).await?;
    let path = format!("/api/documents/{id}");
    let opened = async {
        provider.send(&id).await?;
        output::line(&format!("sent      {id}"));
        open(provider, client, &path, patience).await
    };
    let opened = opened.await;
    // Whatever came out, nothing is left behind.
    let removed = provider.call(Method::DELETE, &path, None, &[204]).await;
    if opened?.text("/content") != Some(text.as_str()) {
        return Err(Failure::new(FAILED, "the document that was opened is not the one that was sent"));
    }
    output::line("opened    by its code, unchanged");
    removed?;
    output::line("removed   nobody can open it any more");
    Ok(ExitCode::SUCCESS)
}

/// Opens the document with its code once it was delivered.
async fn open(provider: &Api, client: &Api, path: &str, patience: Duration) -> Result<Reply, Failure> {
    let started = Instant::now();
    loop {
        let document = provider.call(Method::GET, path, None, &[200]).await?;
        let state = document.text("/delivery/state").unwrap_or("unknown");
        if let ("delivered", Some(code)) = (state, document.text("/accessCode")) {
            let body = json!({ "accessCode": code });
            return client.call(Method::POST, "/api/public/access", Some(&body), &[200]).await;
        }
        if started.elapsed() >= patience {
            let why = document.text("/delivery/lastError").unwrap_or("no reason is known yet");
            return Err(Failure::new(NOT_YET, format!("it was not delivered in time, it is {state}: {why}")));
        }
        tokio::time::sleep(PAUSE).await;
    }
}
