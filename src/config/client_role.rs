//! Settings of the way to the client role.

use std::time::Duration;

use url::Url;

use super::network::is_this_machine;
use super::values::{Problems, Values};

/// The way to the client role, as the provider role and links see it.
#[derive(Debug, Clone)]
pub struct ClientRole {
    /// `CLIENT_BASE_URL`, always with a slash at its end.
    pub base_url: String,
    /// `CLIENT_PUBLIC_URL`, never with a slash at its end.
    pub public_url: String,
    /// `SEND_TIMEOUT_MS`.
    pub send_timeout: Duration,
}

pub(super) fn client_role(role: &str, values: &Values, problems: &mut Problems) -> ClientRole {
    let base_url = values.http_url("CLIENT_BASE_URL", problems);
    let public_url = values.http_url("CLIENT_PUBLIC_URL", problems);
    let insecure = values.parsed("CLIENT_BASE_URL_INSECURE", "true or false", problems).unwrap_or(false);
    match (role, values.get("AUTH")) {
        ("provider", Some("jwt")) if !(insecure || is_private(&base_url, is_in_cluster)) => problems.add(
            "CLIENT_BASE_URL",
            "must start with https:// unless it leads to this machine or to a name in the cluster (.svc, .svc.cluster.local): documents and tokens go there. CLIENT_BASE_URL_INSECURE=true takes http elsewhere, too",
        ),
        ("client", Some("jwt")) if !is_private(&public_url, |_| false) => problems.add(
            "CLIENT_PUBLIC_URL",
            "must start with https:// unless it leads to this machine: people type their codes there and read their documents",
        ),
        ("client", Some("none")) if !leads_here(&public_url) => problems.add(
            "CLIENT_PUBLIC_URL",
            "must lead to this machine, such as http://127.0.0.1:3000, while AUTH is none: nobody else may come in unchecked",
        ),
        _ => {}
    }
    ClientRole {
        base_url: format!("{}/", base_url.trim_end_matches('/')),
        public_url: public_url.trim_end_matches('/').to_owned(),
        send_timeout: Duration::from_millis(values.number("SEND_TIMEOUT_MS", 50..=60_000, problems)),
    }
}

/// Whether nobody on the way can read what goes there. What is no URL is told elsewhere.
fn is_private(text: &str, is_trusted: fn(&str) -> bool) -> bool {
    let Ok(url) = Url::parse(text) else { return true };
    url.scheme() != "http" || url.host_str().is_some_and(|host| is_this_machine(host) || is_trusted(host))
}

fn leads_here(text: &str) -> bool {
    Url::parse(text).map_or(true, |url| url.host_str().is_some_and(is_this_machine))
}

/// Services of a cluster speak http to each other; whoever runs it protects what goes
/// between its machines.
fn is_in_cluster(host: &str) -> bool {
    let host = host.trim_end_matches('.');
    host.ends_with(".svc") || host.ends_with(".svc.cluster.local")
}
