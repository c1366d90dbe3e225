//! `oc send`: the main job from a terminal.

use std::io::Read as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::api::{Api, Credentials};
use super::{Failure, NOT_YET, Outcome, USAGE, block_on, output};
use crate::local::examples::{content_type_of, title_of};

/// Send a document from a file
///
/// Creates a document, finalises it, sends it, and prints its access code and
/// link. Exit codes: 0 delivered, 1 failed, 2 the input can't be used,
/// 3 accepted but not delivered yet.
#[derive(Args)]
pub struct Send {
    /// Markdown or (.txt) plain text; - reads standard input
    file: PathBuf,
    /// Whom it is for
    #[arg(long, value_name = "NAME")]
    to: Option<String>,
    /// Title [default: the first line of the text]
    #[arg(long)]
    title: Option<String>,
    /// The provider role
    #[arg(long, env = "OC_PROVIDER_URL", value_name = "URL", default_value = "http://127.0.0.1:3001")]
    provider: String,
    #[command(flatten)]
    who: Credentials,
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
}

impl Send {
    pub fn run(self) -> Outcome {
        let text = self.read()?;
        let title = self.title.as_deref().or_else(|| title_of(&text));
        let title = title.ok_or_else(|| Failure::new(USAGE, format!("{} is empty", self.file.display())))?;
        let mut document = json!({
            "title": title,
            "content": text,
            "contentType": content_type_of(&self.file.to_string_lossy()),
        });
        if let (Some(name), Some(fields)) = (&self.to, document.as_object_mut()) {
            fields.insert("recipient".to_owned(), json!({ "name": name }));
        }
        let api = Api::new(&self.provider, &self.who)?;
        let sent = block_on(api.hand_over(&document))?;
        if self.json {
            output::line(&sent.body.to_string());
        } else {
            let told = |name: &str| sent.text(name).unwrap_or("not yet known").to_owned();
            output::line(&format!("document  {}", told("/documentId")));
            output::line(&format!("code      {}", told("/accessCode")));
            output::line(&format!("link      {}", told("/link")));
        }
        if sent.status == 200 {
            return Ok(ExitCode::SUCCESS);
        }
        output::note(
            "accepted; the client role can't be reached at the moment, so it is delivered later by itself",
        );
        Ok(NOT_YET.into())
    }

    fn read(&self) -> Result<String, Failure> {
        let mut bytes = Vec::new();
        let read = match self.file.to_str() {
            Some("-") => std::io::stdin().read_to_end(&mut bytes).map(|_| ()),
            _ => std::fs::read(&self.file).map(|read| bytes = read),
        };
        read.map_err(|e| Failure::new(USAGE, format!("{} can't be read: {e}", self.file.display())))?;
        String::from_utf8(bytes)
            .map_err(|_| Failure::new(USAGE, format!("{} is not text in UTF-8", self.file.display())))
    }
}
