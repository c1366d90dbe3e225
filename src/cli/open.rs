//! `oc open`: reads a document with its code.

use std::process::ExitCode;

use awc::http::Method;
use clap::Args;
use serde_json::{Value, json};

use super::api::{Api, Credentials, Reply};
use super::{Failure, Outcome, REFUSED, block_on, output};

/// Read a document with its code
///
/// If the document asks for a number that is sent to the recipient, it has it sent and
/// reads it from standard input.
///
/// Exit codes: 0 opened, 1 failed, 2 bad
/// usage, 4 the code opens nothing or nothing any more.
#[derive(Args)]
pub struct Open {
    /// The access code
    code: String,
    /// The link that came with it: opens also when the code alone is blocked
    #[arg(long, value_name = "URL")]
    link: Option<String>,
    /// The client role
    #[arg(long, env = "OC_CLIENT_URL", value_name = "URL", default_value = "http://127.0.0.1:3000")]
    client: String,
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
}

impl Open {
    pub fn run(self) -> Outcome {
        // In the body, since paths end up in logs.
        let code = last_part(&self.code);
        let body = match &self.link {
            Some(link) => json!({ "linkToken": last_part(link), "accessCode": code }),
            None => json!({ "accessCode": code }),
        };
        let api = Api::new(&self.client, &Credentials::default())?;
        let opened = block_on(open(&api, &body))?;
        if opened.status != 200 {
            let message = opened.text("/message").unwrap_or("the code opens nothing");
            return Err(Failure::new(REFUSED, message));
        }
        if self.json {
            output::line(&opened.body.to_string());
        } else {
            output::line(opened.text("/content").unwrap_or_default());
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn open(api: &Api, body: &Value) -> Result<Reply, Failure> {
    let mut reply = ask(api, "access", body).await?;
    if reply.text("/error") == Some("OTP_REQUIRED") {
        let session = reply.text("/details/session/token").unwrap_or_default().to_owned();
        reply = ask(api, "otp", &json!({ "session": session })).await?;
        while reply.status == 202 || retry(&reply) {
            let asked = match reply.text("/to") {
                Some(to) => format!("A number was sent to {to}. Type it here:"),
                None => "The number is not right. Type it again:".to_owned(),
            };
            output::note(&asked);
            let mut otp = String::new();
            std::io::stdin().read_line(&mut otp)?;
            reply = ask(api, "otp/verify", &json!({ "session": session, "otp": otp })).await?;
        }
    }
    Ok(reply)
}

async fn ask(api: &Api, what: &str, body: &Value) -> Result<Reply, Failure> {
    let expected = [200, 202, 401, 403, 404, 409, 410];
    api.call(Method::POST, &format!("/api/public/{what}"), Some(body), &expected).await
}

/// Whether the number may be typed once more.
fn retry(reply: &Reply) -> bool {
    let left = reply.body.pointer("/details/remainingAttempts").and_then(Value::as_i64);
    reply.text("/error") == Some("OTP_WRONG") && left.is_some_and(|left| left > 0)
}

/// What stands behind the last slash; older links hold the code.
fn last_part(text: &str) -> &str {
    let text = text.trim().trim_end_matches('/');
    text.rsplit('/').next().unwrap_or(text)
}
