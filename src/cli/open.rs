//! `oc open`: reads a document with its code.

use std::process::ExitCode;

use awc::http::Method;
use clap::Args;
use serde_json::json;

use super::api::{Api, Credentials};
use super::{Failure, Outcome, REFUSED, block_on, output};

/// Read a document with its code
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
        let expected = [200, 401, 403, 404, 409, 410];
        let opened = block_on(api.call(Method::POST, "/api/public/access", Some(&body), &expected))?;
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

/// What stands behind the last slash; older links hold the code.
fn last_part(text: &str) -> &str {
    let text = text.trim().trim_end_matches('/');
    text.rsplit('/').next().unwrap_or(text)
}
