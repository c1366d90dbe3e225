//! Calls to URLs that somebody gave. The name is resolved once, every address
//! that comes of it is looked at, and the connection is made to exactly such an
//! address, so that a name can't lead elsewhere a moment later.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use awc::Connector;
use awc::error::{ConnectError, SendRequestError};
use url::{Host, Url};

use super::{Answer, CallError, failure, head, tls};
use crate::domain::target::Reach;

/// A client for one thread. It follows no redirect and reads no body: what
/// counts is the status, and a stranger's answer has no bound of its own.
#[derive(Clone)]
pub struct GuardedClient {
    client: awc::Client,
    reach: Reach,
    timeout: Duration,
}

impl GuardedClient {
    /// A client that goes as far as `reach` says; `timeout` covers a whole call.
    #[must_use]
    pub fn new(reach: Reach, timeout: Duration) -> Self {
        // The bound is for all receivers together: one that is slow would be in the way of
        // all others. Whoever calls bounds the calls to each.
        let connector = Connector::new().timeout(timeout).handshake_timeout(timeout).limit(0);
        let connector = match tls() {
            Ok(config) => connector.rustls_0_23(Arc::new(config)),
            Err(error) => {
                log::warn!("no URL of https can be called: {error}");
                connector
            }
        };
        let client = awc::Client::builder().connector(connector).timeout(timeout).disable_redirects();
        Self { client: client.finish(), reach, timeout }
    }

    /// Posts `body` and reads the head of the answer, whatever its status.
    pub async fn post(&self, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Answer, CallError> {
        let call = async {
            let url = self.reach.read(url).map_err(CallError::Forbidden)?;
            let mut outcome = Err(CallError::Unreachable("its name has no address".to_owned()));
            for address in resolve(&url, self.reach).await? {
                outcome = match self.post_to(address, &url, headers, body).await {
                    // Nothing was sent yet, so the next address may be tried.
                    Err(SendRequestError::Connect(error)) if !matches!(error, ConnectError::Disconnected) => {
                        Err(failure(&error.into()))
                    }
                    ended => return ended.map_err(|error| failure(&error)),
                };
            }
            outcome
        };
        tokio::time::timeout(self.timeout, call).await.unwrap_or(Err(CallError::TimedOut))
    }

    async fn post_to(
        &self,
        address: SocketAddr,
        url: &Url,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answer, SendRequestError> {
        let mut request = self.client.post(url.as_str()).address(address);
        for header in headers {
            request = request.insert_header(*header);
        }
        Ok(head(&request.send_body(body.to_vec()).await?))
    }
}

/// The addresses behind the URL's host, in the order to try them. One that is
/// out of reach spoils them all: nobody mixes them in good faith.
async fn resolve(url: &Url, reach: Reach) -> Result<Vec<SocketAddr>, CallError> {
    let port = url.port_or_known_default().unwrap_or(443);
    let found: Vec<SocketAddr> = match url.host() {
        Some(Host::Ipv4(address)) => vec![(IpAddr::V4(address), port).into()],
        Some(Host::Ipv6(address)) => vec![(IpAddr::V6(address), port).into()],
        Some(Host::Domain(name)) => {
            let found = tokio::net::lookup_host((name, port)).await;
            found.map_err(|_| CallError::Unreachable("its name can't be resolved".to_owned()))?.collect()
        }
        None => Vec::new(),
    };
    if found.iter().all(|address| reach.allows(address.ip())) {
        Ok(found)
    } else {
        Err(CallError::Forbidden("its name leads to a private address"))
    }
}
