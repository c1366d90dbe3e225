//! `oc receipt`: whether a signed receipt is genuine, and what it proves.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use awc::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use clap::{Args, Subcommand};
use serde_json::Value;

use super::{FAILED, Failure, Outcome, USAGE, block_on, output};
use crate::platform::http_client::HttpClient;
use crate::platform::receipts::{Claims, PublicKeys, content_hash};

/// Longest wait for the public keys.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Verify signed receipts, without asking anybody
///
/// A receipt is what the history of a document shows as `receipt`. The public keys
/// are at `/.well-known/jwks.json` of the client role; keep a copy, so that receipts
/// can be verified when it is gone.
///
/// Exit codes: 0 genuine, 1 not genuine, 2 bad usage.
#[derive(Args)]
pub struct Receipt {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Say whether receipts are genuine, and what they prove
    Verify {
        /// Receipts, one per line; - is standard input
        #[arg(value_name = "FILE")]
        receipts: PathBuf,
        /// The public keys: a file, or the URL of the client role that ends in /.well-known/jwks.json
        #[arg(long, value_name = "FILE|URL")]
        jwks: String,
        /// The document, as JSON of either role: whether it is the text that the receipts are about
        #[arg(long, value_name = "FILE")]
        document: Option<PathBuf>,
    },
}

impl Receipt {
    pub fn run(self) -> Outcome {
        let Action::Verify { receipts, jwks, document } = self.action;
        let keys = read_keys(&jwks)?;
        let hash = document.as_deref().map(hash_of_document).transpose()?;
        let text = read(&receipts)?;
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        if lines.is_empty() {
            return Err(Failure::new(USAGE, "there is no receipt in it"));
        }
        let mut refused = 0;
        for (at, line) in lines.iter().enumerate() {
            if lines.len() > 1 {
                output::line(&format!("Receipt {} of {}", at + 1, lines.len()));
            }
            match keys.verify(line) {
                Ok(claims) => refused += usize::from(!tell(&claims, hash.as_deref())),
                Err(why) => {
                    refused += 1;
                    output::line(&format!("NOT GENUINE: {why}."));
                }
            }
        }
        let message = format!("{refused} of {} receipts prove nothing", lines.len());
        if refused > 0 { Err(Failure::new(FAILED, message)) } else { Ok(ExitCode::SUCCESS) }
    }
}

/// Says in words what a receipt proves; `false` if it is about another text.
fn tell(claims: &Claims, hash: Option<&str>) -> bool {
    let version = claims.version.map_or("an unknown version".to_owned(), |n| format!("version {n}"));
    output::line(&format!("Genuine: signed by {} with a key of the given set.", claims.iss));
    output::line(&format!(
        "It says that {version} of document {} of tenant {} {} at {} (receipt {}).",
        claims.document_id,
        claims.tenant,
        in_words(&claims.outcome),
        claims.at,
        claims.receipt_id
    ));
    match (hash, &claims.content_hash) {
        (None, _) => output::line("The text was not compared; --document does that."),
        (Some(hash), Some(signed)) if hash == signed => {
            output::line("The given document is the text that this was about: title, type and content.");
        }
        (Some(_), Some(_)) => {
            output::line("NOT THIS DOCUMENT: the receipt is about another text, or another version of it.");
            return false;
        }
        (Some(_), None) => {
            output::line("NO TEXT: the receipt is about a document whose text had not arrived.");
            return false;
        }
    }
    output::line("It does not prove who opened it, nor that the clock of the signer was right.");
    true
}

fn in_words(outcome: &str) -> String {
    match outcome {
        "delivered" => "was taken in, to be read with its code,".to_owned(),
        "opened" => "was opened for the first time with its code".to_owned(),
        "code_wrong" => "was refused to somebody who typed a wrong code".to_owned(),
        "reissued" => "got another code".to_owned(),
        "expiry_changed" => "got another end of access".to_owned(),
        "revoked" => "was withdrawn from reading".to_owned(),
        "expired" => "could not be read any more, its time being over,".to_owned(),
        other => format!("had the outcome {other}"),
    }
}

fn read(path: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let read = match path == Path::new("-") {
        true => std::io::stdin().read_to_string(&mut text).map(|_| text),
        false => std::fs::read_to_string(path),
    };
    read.map_err(|error| Failure::new(USAGE, format!("{} can't be read: {error}", path.display())))
}

fn read_keys(place: &str) -> Result<PublicKeys, Failure> {
    let text = if place.starts_with("http://") || place.starts_with("https://") {
        fetch(place)?
    } else {
        read(Path::new(place))?
    };
    let keys = serde_json::from_str(&text).ok().and_then(|jwks: Value| PublicKeys::parse(&jwks));
    keys.ok_or_else(|| Failure::new(USAGE, format!("{place} holds no key that signs receipts")))
}

fn fetch(url: &str) -> Result<String, Failure> {
    let answer = block_on(async {
        let client = HttpClient::new(url, TIMEOUT)?;
        client.send(Method::GET, url, &[], Vec::new()).await?.success()
    });
    let answer = answer.map_err(|error| Failure::new(FAILED, format!("{url} {error}")))?;
    Ok(String::from_utf8_lossy(&answer.body).into_owned())
}

/// The hash of a document as `GET /api/documents/{id}` or `GET /api/public/{code}` shows it.
fn hash_of_document(path: &Path) -> Result<String, Failure> {
    let text = read(path)?;
    let wrong = || {
        let message =
            "is no document: JSON with title, content and contentType is needed, as the API shows it";
        Failure::new(USAGE, format!("{} {message}", path.display()))
    };
    let document: Value = serde_json::from_str(&text).map_err(|_| wrong())?;
    let part = |pointer: &str| document.pointer(pointer).and_then(Value::as_str);
    let kind = part("/contentType").or_else(|| part("/meta/contentType")).ok_or_else(wrong)?;
    let (title, content) = (part("/title").ok_or_else(wrong)?, part("/content").ok_or_else(wrong)?);
    Ok(BASE64URL.encode(content_hash(title, kind, content)))
}
