//! `oc open`: reads a document with its code.

use std::process::ExitCode;

use awc::http::Method;
use clap::Args;
use url::form_urlencoded;

use super::api::{Api, Credentials};
use super::{Failure, Outcome, REFUSED, block_on, output};

/// Read a document with its code
///
/// Exit codes: 0 opened, 1 failed, 2 bad
/// usage, 4 the code opens nothing or nothing any more.
#[derive(Args)]
pub struct Open {
    /// The access code, or the link that holds it
    code: String,
    /// The client role
    #[arg(long, env = "OC_CLIENT_URL", value_name = "URL", default_value = "http://127.0.0.1:3000")]
    client: String,
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
}

impl Open {
    pub fn run(self) -> Outcome {
        let code = self.code.trim_end_matches('/').rsplit('/').next().unwrap_or(&self.code);
        let code: String = form_urlencoded::byte_serialize(code.trim().as_bytes()).collect();
        let path = format!("/api/public/{}", code.replace('+', "%20"));
        let api = Api::new(&self.client, &Credentials::default())?;
        let opened = block_on(api.call(Method::GET, &path, None, &[200, 404, 410]))?;
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
