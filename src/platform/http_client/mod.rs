//! Calls to other HTTP services, bounded in time and size.

mod guarded;

use std::sync::Arc;
use std::time::Duration;

use awc::error::{ConnectError, SendRequestError};
use awc::http::Method;
use awc::{ClientResponse, Connector};
use rustls::{ClientConfig, RootCertStore};

use crate::domain::wire::OVERTAKEN_HEADER;
use crate::platform::telemetry::trace::{self, Span, SpanKind};
pub use guarded::GuardedClient;

/// Largest answer that is read.
const ANSWER_MAX: usize = 4 * 1_048_576;

/// Why a call brought no usable answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallError {
    /// No connection: nothing was sent.
    Unreachable(String),
    /// The connection broke before there was an answer.
    Broken(String),
    /// No answer in time.
    TimedOut,
    /// An answer other than success, with the wait in `Retry-After` and the start of its body.
    Status {
        /// Its status.
        status: u16,
        /// What it asks to wait (RFC 9110, section 10.2.3; seconds only).
        retry_after: Option<Duration>,
        /// Its body, as text.
        body: String,
    },
    /// A success that can't be read.
    BadAnswer,
    /// Not called: the URL leads where calls must not go; says why.
    Forbidden(&'static str),
}

impl CallError {
    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        match self {
            // A name may lead elsewhere later.
            Self::Unreachable(_)
            | Self::Broken(_)
            | Self::TimedOut
            | Self::BadAnswer
            | Self::Forbidden(_) => true,
            // What no repetition can mend is only what lies in the message itself. A
            // wrong address or token is mended by whoever runs the services, and so is
            // a proxy on the way that refuses by itself.
            Self::Status { status, body, .. } => {
                !(matches!(*status, 400 | 409 | 410 | 413 | 415 | 422) && Refusal::is_in(body, *status))
            }
        }
    }

    /// Whether the other side answered at all.
    #[must_use]
    pub fn is_answer(&self) -> bool {
        matches!(self, Self::Status { .. } | Self::BadAnswer)
    }

    /// Whether it tells that the other side as a whole can't work at the moment.
    #[must_use]
    pub fn is_about_destination(&self) -> bool {
        match self {
            Self::Unreachable(_)
            | Self::Broken(_)
            | Self::TimedOut
            | Self::BadAnswer
            | Self::Forbidden(_) => true,
            // 403 and 429 are about one tenant: it is suspended there, or asks for too much.
            Self::Status { status, .. } => *status >= 500 || *status == 401,
        }
    }
}

/// What the error body of a role holds at least (contract: row *error body*).
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Refusal {
    status_code: u16,
    #[serde(rename = "error")]
    _error: String,
}

impl Refusal {
    fn is_in(body: &str, status: u16) -> bool {
        serde_json::from_str(body).is_ok_and(|refusal: Self| refusal.status_code == status)
    }
}

impl std::fmt::Display for CallError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unreachable(why) => write!(f, "can't be reached ({why})"),
            Self::Broken(why) => write!(f, "hung up before it answered ({why})"),
            Self::TimedOut => f.write_str("did not answer in time"),
            Self::Status { status, .. } => write!(f, "answered with status {status}"),
            Self::BadAnswer => f.write_str("gave an answer that can't be read"),
            Self::Forbidden(why) => write!(f, "was not called: {why}"),
        }
    }
}

impl std::error::Error for CallError {}

/// An answer of any status.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// What it asks to wait.
    pub retry_after: Option<Duration>,
    /// What holds instead of what was asked for, see [`OVERTAKEN_HEADER`].
    pub overtaken_by: Option<String>,
    /// What time it was there.
    pub date: Option<String>,
    /// Its body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The answer if it is a success.
    pub fn success(self) -> Result<Self, CallError> {
        match self.status {
            200..=299 => Ok(self),
            status => Err(CallError::Status {
                status,
                retry_after: self.retry_after,
                body: String::from_utf8_lossy(&self.body).into_owned(),
            }),
        }
    }
}

/// A client for one thread; connections are kept open between calls.
#[derive(Clone)]
pub struct HttpClient {
    client: awc::Client,
    timeout: Duration,
}

impl HttpClient {
    /// A client for calls to `base_url`. The machine's root certificates are
    /// read only where TLS is spoken at all.
    pub fn new(base_url: &str, timeout: Duration) -> Result<Self, CallError> {
        // Without a bound of its own: whoever calls has one (`DELIVERY_CONCURRENCY`).
        let connector = Connector::new().timeout(timeout).limit(0);
        let connector = match base_url.starts_with("https://") {
            true => connector.rustls_0_23(Arc::new(tls()?)),
            false => connector,
        };
        let client = awc::Client::builder().connector(connector).timeout(timeout).disable_redirects();
        Ok(Self { client: client.finish(), timeout })
    }

    /// Sends a request and reads the answer, whatever its status. The time
    /// limit covers all of it.
    pub async fn send(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<Answer, CallError> {
        let mut span = Span::part("call", SpanKind::Client);
        let parent = span.context().map(|span| trace::written(&span));
        span.tell("http.request.method", method.to_string());
        let call = async {
            let mut request = self.client.request(method, url);
            for header in headers {
                request = request.insert_header(*header);
            }
            if let Some(parent) = parent {
                request = request.insert_header((trace::TRACE_PARENT, parent));
            }
            let mut response = request.send_body(body).await.map_err(|error| failure(&error))?;
            let body = response.body().limit(ANSWER_MAX).await.map_err(|_| CallError::BadAnswer)?;
            Ok(Answer { body: body.to_vec(), ..head(&response) })
        };
        let answer = tokio::time::timeout(self.timeout, call).await.unwrap_or(Err(CallError::TimedOut));
        match &answer {
            Ok(answer) => span.tell("http.response.status_code", i64::from(answer.status)),
            Err(error) => span.fail(error.to_string()),
        }
        answer
    }
}

/// The answer without its body.
fn head<S>(response: &ClientResponse<S>) -> Answer {
    let retry_after = response.headers().get("Retry-After").and_then(|v| v.to_str().ok()?.parse().ok());
    let overtaken_by = response.headers().get(OVERTAKEN_HEADER).and_then(|v| v.to_str().ok());
    Answer {
        status: response.status().as_u16(),
        retry_after: retry_after.map(Duration::from_secs),
        overtaken_by: overtaken_by.map(str::to_owned),
        date: response.headers().get("Date").and_then(|v| v.to_str().ok()).map(str::to_owned),
        body: Vec::new(),
    }
}

fn failure(error: &SendRequestError) -> CallError {
    match error {
        SendRequestError::Timeout => CallError::TimedOut,
        SendRequestError::Connect(ConnectError::Timeout) => CallError::TimedOut,
        // Also what is told of a connection that ends before the head of an answer.
        SendRequestError::Connect(ConnectError::Disconnected) => {
            CallError::Broken("the connection was closed".to_owned())
        }
        SendRequestError::Connect(_) | SendRequestError::Url(_) | SendRequestError::Http(_) => {
            CallError::Unreachable(error.to_string())
        }
        _ => CallError::Broken(error.to_string()),
    }
}

fn tls() -> Result<ClientConfig, CallError> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        return Err(CallError::Unreachable("this machine has no root certificates".to_owned()));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| CallError::Unreachable(e.to_string()))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}
