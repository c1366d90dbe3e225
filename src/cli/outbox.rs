//! `oc outbox`: what waits, what failed and why, start it again.

use std::process::ExitCode;

use awc::http::Method;
use clap::{Args, Subcommand};
use serde_json::Value;

use super::api::{Api, Credentials, Reply};
use super::{Failure, Outcome, block_on, output};

/// Look at messages on their way, and start failed ones again
///
/// A sending that can't be delivered at once waits in the outbox and is repeated by
/// itself. After `OUTBOX_MAX_AGE_SECONDS`, or when the receiver refuses it for good,
/// it has failed and waits for you.
#[derive(Args)]
pub struct Outbox {
    #[command(subcommand)]
    action: Action,
    /// The provider role
    #[arg(
        long,
        global = true,
        env = "OC_PROVIDER_URL",
        value_name = "URL",
        default_value = "http://127.0.0.1:3001"
    )]
    provider: String,
    #[command(flatten)]
    who: Credentials,
    /// Print the answer as JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum Action {
    /// List messages, newest first
    List {
        /// Only messages in this state: pending, leased, delivered, failed, superseded
        #[arg(long)]
        state: Option<String>,
        /// Most messages to list, at most 200
        #[arg(long, default_value_t = 50)]
        limit: u16,
    },
    /// Show a message and every attempt to deliver it
    Show {
        /// The message
        id: String,
    },
    /// Start failed messages again, with all their time ahead
    Retry {
        /// The message
        #[arg(required_unless_present = "all")]
        id: Option<String>,
        /// Every message that has failed
        #[arg(long, conflicts_with = "id")]
        all: bool,
    },
}

impl Outbox {
    pub fn run(self) -> Outcome {
        let api = Api::new(&self.provider, &self.who)?;
        block_on(self.act(&api))?;
        Ok(ExitCode::SUCCESS)
    }

    async fn act(&self, api: &Api) -> Result<(), Failure> {
        match &self.action {
            Action::List { state, limit } => {
                let page = list(api, state.as_deref(), *limit, None).await?;
                self.show(&page, |page| items(page).iter().for_each(line));
            }
            Action::Show { id } => {
                let found = api.call(Method::GET, &path(id), None, &[200]).await?;
                self.show(&found, details);
            }
            Action::Retry { id: Some(id), .. } => {
                let message = api.call(Method::POST, &format!("{}/retry", path(id)), None, &[202]).await?;
                self.show(&message, |message| line(&message.body));
            }
            Action::Retry { id: None, .. } => retry_all(api).await?,
        }
        Ok(())
    }

    fn show(&self, reply: &Reply, in_words: impl Fn(&Reply)) {
        if self.json { output::line(&reply.body.to_string()) } else { in_words(reply) }
    }
}

async fn list(api: &Api, state: Option<&str>, limit: u16, after: Option<&str>) -> Result<Reply, Failure> {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("limit", &limit.to_string());
    if let Some(state) = state {
        query.append_pair("state", state);
    }
    if let Some(after) = after {
        query.append_pair("after", after);
    }
    api.call(Method::GET, &format!("/api/outbox?{}", query.finish()), None, &[200]).await
}

async fn retry_all(api: &Api) -> Result<(), Failure> {
    let (mut failed, mut after) = (Vec::new(), None::<String>);
    loop {
        let page = list(api, Some("failed"), 200, after.as_deref()).await?;
        failed.extend(items(&page).iter().map(|message| text(message, "/id")));
        after = page.text("/nextAfter").map(str::to_owned);
        if after.is_none() {
            break;
        }
    }
    // The oldest first: messages about one document go out in their order.
    let mut count = 0;
    for (at, id) in failed.iter().rev().enumerate() {
        // Somebody else may have been faster, which is as good.
        let retry = format!("{}/retry", path(id));
        let reply = api.call(Method::POST, &retry, None, &[202, 400, 404]).await?;
        count += usize::from(reply.status == 202);
        if at % 500 == 499 {
            output::note(&format!("{} of {} ...", at + 1, failed.len()));
        }
    }
    output::line(&format!("{count} started again"));
    Ok(())
}

fn path(id: &str) -> String {
    let id: String = url::form_urlencoded::byte_serialize(id.as_bytes()).collect();
    format!("/api/outbox/{id}")
}

fn items(reply: &Reply) -> Vec<Value> {
    reply.body.pointer("/items").and_then(Value::as_array).cloned().unwrap_or_default()
}

fn text(value: &Value, pointer: &str) -> String {
    match value.pointer(pointer) {
        Some(Value::String(text)) => text.clone(),
        None | Some(Value::Null) => "-".to_owned(),
        Some(other) => other.to_string(),
    }
}

fn line(message: &Value) {
    let told = |pointer: &str| text(message, pointer);
    output::line(&format!(
        "{}  {:<10} {:<17} {:>3} attempts  {}  {}",
        told("/id"),
        told("/state"),
        told("/topic"),
        told("/attempts"),
        told("/createdAt"),
        told("/lastError")
    ));
}

fn details(reply: &Reply) {
    let message = reply.body.pointer("/message").cloned().unwrap_or_default();
    for name in [
        "id",
        "topic",
        "destination",
        "subjectId",
        "sequence",
        "state",
        "attempts",
        "createdAt",
        "dueAt",
        "settledAt",
        "lastError",
    ] {
        output::line(&format!("{name:<12} {}", text(&message, &format!("/{name}"))));
    }
    for attempt in reply.body.pointer("/attempts").and_then(Value::as_array).into_iter().flatten() {
        let told = |pointer: &str| text(attempt, pointer);
        output::line(&format!(
            "attempt {:<4} {}  {:>6} ms  status {}  {}  {}",
            told("/attempt"),
            told("/endedAt"),
            told("/durationMs"),
            told("/status"),
            told("/error"),
            told("/answer")
        ));
    }
}
