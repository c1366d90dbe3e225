//! Settings of limits, of who may call from where, and of TLS.

use std::path::PathBuf;
use std::time::Duration;

use super::network::Network;
use super::values::{Problems, Secret, Values};

/// How much anybody may ask for; 0 is no limit.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    /// `RATE_TENANT_PER_MINUTE`.
    pub tenant_per_minute: u32,
    /// `RATE_ADDRESS_PER_MINUTE`.
    pub address_per_minute: u32,
    /// Wrong access codes.
    pub guesses: GuessLimits,
    /// `REDIS_URL`.
    pub redis_url: Option<Secret>,
}

/// How many wrong access codes are let pass; 0 is no limit.
#[derive(Debug, Clone, Copy, Default)]
pub struct GuessLimits {
    /// `WRONG_CODES_PER_CODE`.
    pub per_code: u32,
    /// `WRONG_CODES_PER_ADDRESS`.
    pub per_address: u32,
    /// `WRONG_CODES_PER_ADDRESS_DAY`.
    pub per_address_day: u32,
    /// `WRONG_CODES_PER_TENANT`.
    pub per_tenant: u32,
    /// `WRONG_CODES_PER_INSTANCE`.
    pub per_instance: u32,
}

/// What the web server takes from whom.
#[derive(Debug, Clone)]
pub struct Web {
    /// `MAX_URI_BYTES`.
    pub max_uri_bytes: usize,
    /// `MAX_HEADER_BYTES`.
    pub max_header_bytes: usize,
    /// `HEADER_TIMEOUT_MS`.
    pub header_timeout: Duration,
    /// `KEEP_ALIVE_SECONDS`.
    pub keep_alive: Duration,
    /// `MAX_CONNECTIONS`, of each thread.
    pub max_connections: usize,
    /// `TRUSTED_PROXIES`.
    pub trusted_proxies: Vec<Network>,
    /// `CORS_ORIGINS`.
    pub cors_origins: Vec<String>,
    /// `TLS_CERT_FILE` and `TLS_KEY_FILE`.
    pub tls: Option<TlsFiles>,
    /// Whether people reach this process over https.
    pub is_https: bool,
    /// Whether only requests to names of this machine are answered: `AUTH` is `none`.
    pub only_this_machine: bool,
}

/// The certificate that is served, and its key.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// `TLS_CERT_FILE`: the certificate and those that lead to its root, PEM.
    pub certificate: PathBuf,
    /// `TLS_KEY_FILE`: its key, PEM.
    pub key: PathBuf,
}

pub(super) fn limits(values: &Values, problems: &mut Problems) -> Limits {
    let mut count = |name: &str| values.number(name, 0..=1_000_000, problems);
    let guesses = GuessLimits {
        per_code: count("WRONG_CODES_PER_CODE"),
        per_address: count("WRONG_CODES_PER_ADDRESS"),
        per_address_day: count("WRONG_CODES_PER_ADDRESS_DAY"),
        per_tenant: count("WRONG_CODES_PER_TENANT"),
        per_instance: count("WRONG_CODES_PER_INSTANCE"),
    };
    Limits {
        tenant_per_minute: count("RATE_TENANT_PER_MINUTE"),
        address_per_minute: count("RATE_ADDRESS_PER_MINUTE"),
        guesses,
        redis_url: redis_url(values, problems),
    }
}

fn redis_url(values: &Values, problems: &mut Problems) -> Option<Secret> {
    let text = values.get("REDIS_URL")?;
    let parsed = url::Url::parse(text).ok();
    if !parsed.is_some_and(|url| matches!(url.scheme(), "redis" | "rediss") && url.has_host()) {
        problems.add("REDIS_URL", "must be a URL that starts with redis:// or rediss://");
    }
    Some(Secret::new(text.to_owned()))
}

pub(super) fn web(role: &str, values: &Values, problems: &mut Problems) -> Web {
    let tls = tls_files(values, problems);
    // Links lead people to CLIENT_PUBLIC_URL, whoever speaks TLS there.
    let public = values.get("CLIENT_PUBLIC_URL").is_some_and(|url| url.starts_with("https://"));
    Web {
        max_uri_bytes: values.number("MAX_URI_BYTES", 256..=65_536, problems),
        max_header_bytes: values.number("MAX_HEADER_BYTES", 1_024..=65_536, problems),
        header_timeout: Duration::from_millis(values.number("HEADER_TIMEOUT_MS", 100..=60_000, problems)),
        keep_alive: Duration::from_secs(values.number("KEEP_ALIVE_SECONDS", 1..=600, problems)),
        max_connections: values.number("MAX_CONNECTIONS", 16..=1_000_000, problems),
        trusted_proxies: networks(values, problems),
        cors_origins: origins(values, problems),
        only_this_machine: values.get("AUTH") == Some("none"),
        is_https: tls.is_some() || (role == "client" && public),
        tls,
    }
}

fn tls_files(values: &Values, problems: &mut Problems) -> Option<TlsFiles> {
    match (values.get("TLS_CERT_FILE"), values.get("TLS_KEY_FILE")) {
        (Some(certificate), Some(key)) => Some(TlsFiles { certificate: certificate.into(), key: key.into() }),
        (None, None) => None,
        (Some(_), None) => {
            problems.add("TLS_KEY_FILE", "is missing: TLS_CERT_FILE names a certificate without its key");
            None
        }
        (None, Some(_)) => {
            problems.add("TLS_CERT_FILE", "is missing: TLS_KEY_FILE names a key without its certificate");
            None
        }
    }
}

/// The parts of a comma-separated list.
fn list<'a>(values: &'a Values, name: &str) -> impl Iterator<Item = &'a str> {
    values.get(name).unwrap_or_default().split(',').map(str::trim).filter(|part| !part.is_empty())
}

fn networks(values: &Values, problems: &mut Problems) -> Vec<Network> {
    let networks: Result<_, ()> = list(values, "TRUSTED_PROXIES").map(str::parse).collect();
    networks.unwrap_or_else(|()| {
        problems
            .add("TRUSTED_PROXIES", "must be addresses or networks such as 10.0.0.0/8, separated by commas");
        Vec::new()
    })
}

/// An origin is what a browser sends as such: scheme, host and port, nothing after it.
fn origins(values: &Values, problems: &mut Problems) -> Vec<String> {
    let exact = |text: &str| {
        let url = url::Url::parse(text).ok()?;
        let plain = matches!(url.scheme(), "http" | "https") && url.origin().ascii_serialization() == text;
        plain.then(|| text.to_owned())
    };
    let origins: Option<_> = list(values, "CORS_ORIGINS").map(exact).collect();
    origins.unwrap_or_else(|| {
        problems.add(
            "CORS_ORIGINS",
            "must be exact origins such as https://app.example.org, without a path, separated by commas",
        );
        Vec::new()
    })
}
