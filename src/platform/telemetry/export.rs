//! Hands spans over: OTLP, protobuf over HTTP, by a thread of its own. Whoever works never
//! waits for it, and what can't be handed over is dropped.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::time::Duration;

use async_trait::async_trait;
use awc::http::Method;
use opentelemetry_http::{Bytes, HttpClient as Transport, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use tokio::sync::{mpsc, oneshot};

use crate::config::Traces;
use crate::platform::http_client::{Answer, CallError, HttpClient};

/// Longest time for one batch.
const TIMEOUT: Duration = Duration::from_secs(5);

/// What hands spans over, as the settings say.
pub(super) fn exporter(settings: &Traces) -> io::Result<SpanExporter> {
    let headers: HashMap<_, _> =
        settings.headers.iter().map(|(name, value)| (name.clone(), value.expose().to_owned())).collect();
    SpanExporter::builder()
        .with_http()
        .with_http_client(Courier::start(&settings.url)?)
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(&settings.url)
        .with_headers(headers)
        .with_timeout(TIMEOUT)
        .build()
        .map_err(io::Error::other)
}

type Job = (Request<Bytes>, oneshot::Sender<Result<Answer, CallError>>);

/// Calls the collector on a thread of its own, since the program's HTTP client stays on
/// one thread.
#[derive(Clone)]
struct Courier(mpsc::UnboundedSender<Job>);

impl fmt::Debug for Courier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Courier")
    }
}

impl Courier {
    fn start(url: &str) -> io::Result<Self> {
        let (hand_in, mut jobs) = mpsc::unbounded_channel::<Job>();
        let url = url.to_owned();
        std::thread::Builder::new().name("traces".to_owned()).spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let client = match HttpClient::new(&url, TIMEOUT) {
                    Ok(client) => client,
                    Err(error) => return log::error!("nothing is traced: {error}"),
                };
                while let Some((request, answer)) = jobs.recv().await {
                    // Whoever waited may have given up.
                    drop(answer.send(call(&client, request).await));
                }
            });
        })?;
        Ok(Self(hand_in))
    }
}

async fn call(client: &HttpClient, request: Request<Bytes>) -> Result<Answer, CallError> {
    let (head, body) = request.into_parts();
    let headers: Vec<_> =
        head.headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))).collect();
    client.send(Method::POST, &head.uri.to_string(), &headers, body.to_vec()).await
}

#[async_trait]
impl Transport for Courier {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (answer, answered) = oneshot::channel();
        self.0.send((request, answer))?;
        let answer = answered.await?.inspect_err(|error| log::debug!("the collector of traces {error}"))?;
        Ok(Response::builder().status(answer.status).body(answer.body.into())?)
    }
}
