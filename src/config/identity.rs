//! Settings of who may come in: tokens of people, and tokens between the roles.

use std::time::Duration;

use super::network::is_this_machine;
use super::values::{Problems, Secret, Values};

/// Shortest secret in bytes: as long as what HMAC-SHA-256 makes (RFC 7518, section 3.2).
const SECRET_MIN: usize = 32;

/// `AUTH`: how requests are authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    /// Nobody is asked who they are; only the loopback interface is bound.
    None,
    /// By a signed token.
    Jwt,
}

impl Auth {
    /// As in `AUTH`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Jwt => "jwt",
        }
    }
}

/// Whose tokens are accepted, and what the roles show each other.
#[derive(Debug, Clone)]
pub struct Identity {
    /// `AUTH`.
    pub auth: Auth,
    /// Tokens of people and programs; `None` where only the other role may call.
    pub jwt: Option<Jwt>,
    /// `SERVICE_TOKEN_SECRET`: the first makes, all check.
    pub service_secrets: Vec<Secret>,
    /// `JWT_LEEWAY_SECONDS`.
    pub leeway: Duration,
}

/// Tokens of people and programs.
#[derive(Debug, Clone)]
pub struct Jwt {
    /// `JWT_SECRET`.
    pub secret: Option<Secret>,
    /// Keys of an identity provider.
    pub jwks: Option<Jwks>,
    /// `JWT_ISSUER`.
    pub issuer: String,
    /// `JWT_AUDIENCE`.
    pub audience: String,
}

/// The keys of an identity provider (RFC 7517).
#[derive(Debug, Clone)]
pub struct Jwks {
    /// `JWT_JWKS_URL`.
    pub url: String,
    /// `JWT_JWKS_TTL_SECONDS`.
    pub ttl: Duration,
    /// `JWT_JWKS_REFETCH_SECONDS`.
    pub refetch: Duration,
}

impl Identity {
    /// Checks what `role` needs to know who calls.
    pub(super) fn load(role: &str, values: &Values, problems: &mut Problems) -> Self {
        let auth = auth(values, problems);
        let service_secrets = service_secrets(values, problems);
        // Without authentication nobody looks at a token, so nothing about them can be wrong.
        let jwt = (auth == Auth::Jwt).then(|| jwt(values, problems)).flatten();
        let known = jwt.is_some() || (role == "client" && !service_secrets.is_empty());
        if auth == Auth::Jwt && !known {
            let what = match role {
                "client" => "is jwt, so JWT_SECRET, JWT_JWKS_URL or SERVICE_TOKEN_SECRET must be given too",
                _ => "is jwt, so JWT_SECRET or JWT_JWKS_URL must be given too",
            };
            problems.add("AUTH", what);
        }
        let leeway = Duration::from_secs(values.number("JWT_LEEWAY_SECONDS", 0..=300, problems));
        Self { auth, jwt, service_secrets, leeway }
    }
}

impl Jwt {
    /// Checks the settings of tokens alone, for a command that makes one.
    pub fn load(values: &Values) -> Result<Option<Self>, Problems> {
        let mut problems = Problems::default();
        let jwt = jwt(values, &mut problems);
        problems.or(jwt)
    }
}

fn auth(values: &Values, problems: &mut Problems) -> Auth {
    match values.get("AUTH") {
        Some("none") => return Auth::None,
        Some("jwt") => return Auth::Jwt,
        Some(_) => problems.add("AUTH", "must be none or jwt"),
        None => problems.add(
            "AUTH",
            "is missing: say --auth none to serve this machine without any authentication, or --auth jwt",
        ),
    }
    Auth::None
}

fn jwt(values: &Values, problems: &mut Problems) -> Option<Jwt> {
    let secret = values.get("JWT_SECRET").map(|text| checked("JWT_SECRET", text, problems));
    let jwks = values.get("JWT_JWKS_URL").map(|url| jwks(url, values, problems));
    if secret.is_none() && jwks.is_none() {
        return None;
    }
    let mut of_roles = values.get("SERVICE_TOKEN_SECRET").unwrap_or_default().split(',').map(str::trim);
    if secret.as_ref().is_some_and(|secret| of_roles.any(|text| text == secret.expose().trim())) {
        problems.add(
            "SERVICE_TOKEN_SECRET",
            "must not be JWT_SECRET: whoever makes tokens for people could pass for the other role",
        );
    }
    let issuer = values.required("JWT_ISSUER", problems);
    let audience = values.required("JWT_AUDIENCE", problems);
    Some(Jwt { secret, jwks, issuer, audience })
}

fn jwks(url: &str, values: &Values, problems: &mut Problems) -> Jwks {
    if !url::Url::parse(url).is_ok_and(|url| is_safe(&url)) {
        problems.add(
            "JWT_JWKS_URL",
            "must start with https://, or with http:// and a loopback address: whoever answers in its place could let anybody in",
        );
    }
    let seconds = |name: &str, least: u64, most: u64, problems: &mut Problems| -> Duration {
        Duration::from_secs(values.number(name, least..=most, problems))
    };
    let ttl = seconds("JWT_JWKS_TTL_SECONDS", 10, 86_400, problems);
    let refetch = seconds("JWT_JWKS_REFETCH_SECONDS", 1, 3_600, problems);
    if refetch > ttl / 2 {
        problems.add(
            "JWT_JWKS_REFETCH_SECONDS",
            "must be at most half of JWT_JWKS_TTL_SECONDS: otherwise keys end before they may be fetched again",
        );
    }
    Jwks { url: url.to_owned(), ttl, refetch }
}

/// Whether nobody on the way can answer in the place of who is asked.
pub(super) fn is_safe(url: &url::Url) -> bool {
    match url.scheme() {
        "https" => url.has_host(),
        "http" => url.host_str().is_some_and(is_this_machine),
        _ => false,
    }
}

fn service_secrets(values: &Values, problems: &mut Problems) -> Vec<Secret> {
    const NAME: &str = "SERVICE_TOKEN_SECRET";
    let given = values.get(NAME).into_iter().flat_map(|text| text.split(','));
    given.map(|text| checked(NAME, text.trim(), problems)).collect()
}

fn checked(name: &str, text: &str, problems: &mut Problems) -> Secret {
    if text.len() < SECRET_MIN {
        problems.add(name, "must be at least 32 bytes long: openssl rand -base64 32");
    } else if !looks_random(text) {
        problems.add(name, "must be a random secret, no example: openssl rand -base64 32");
    }
    Secret::new(text.to_owned())
}

/// Whether a text could have been drawn at random: many different signs, and none
/// of the words that examples are made of. Each word is so long that chance
/// does not write it.
fn looks_random(text: &str) -> bool {
    const WORDS: [&str; 10] = [
        "secret",
        "changeme",
        "change-me",
        "change_me",
        "example",
        "password",
        "default",
        "insecure",
        "12345678",
        "abcdefgh",
    ];
    let lower = text.to_ascii_lowercase();
    let mut signs: Vec<_> = text.bytes().collect();
    signs.sort_unstable();
    signs.dedup();
    signs.len() >= 10 && !WORDS.iter().any(|word| lower.contains(word))
}

#[cfg(test)]
mod tests {
    use super::super::{Source, Value};
    use super::*;

    const GOOD: &str = "kT3yVw9xQe2ZrB7uLmN0aHsJd5fGcPq1";
    const OTHER: &str = "Wq8nRz4bXv1MjK6tYpD3sEoU7hAiCl2F";

    fn load(role: &str, given: &[(&'static str, &str)]) -> Result<Identity, String> {
        let value = |(name, text): &(&'static str, &str)| {
            (*name, Value { text: (*text).to_owned(), source: Source::Flag })
        };
        let values = Values::with_defaults(role, given.iter().map(value));
        let mut problems = Problems::default();
        let identity = Identity::load(role, &values, &mut problems);
        problems.or(identity).map_err(|problems| problems.to_string())
    }

    fn with_secret(secret: &str) -> Result<Identity, String> {
        load(
            "provider",
            &[("AUTH", "jwt"), ("JWT_SECRET", secret), ("JWT_ISSUER", "i"), ("JWT_AUDIENCE", "a")],
        )
    }

    #[test]
    fn a_secret_is_long_and_no_example() {
        assert!(with_secret(GOOD).is_ok());
        for bad in [
            "short",
            &GOOD[1..],
            "your-256-bit-secret-your-256-bit-secret",
            "CHANGEME-kT3yVw9xQe2ZrB7uLmN0aHsJd5fG",
            "abababababababababababababababababababab",
            "00000000000000000000000000000000",
        ] {
            let refused = with_secret(bad).unwrap_err();
            assert!(refused.contains("- JWT_SECRET (--jwt-secret) must"), "{bad}: {refused}");
            assert!(!refused.contains(bad));
        }
    }

    #[test]
    fn an_issuer_and_an_audience_belong_to_every_key() {
        let refused = load("provider", &[("AUTH", "jwt"), ("JWT_SECRET", GOOD)]).unwrap_err();
        assert!(refused.contains("JWT_ISSUER") && refused.contains("JWT_AUDIENCE"), "{refused}");
    }

    #[test]
    fn each_role_needs_somebody_to_trust() {
        for role in ["provider", "client"] {
            let refused = load(role, &[("AUTH", "jwt")]).unwrap_err();
            assert!(refused.contains("AUTH (--auth) is jwt, so JWT_SECRET"), "{refused}");
        }
        let service = [("AUTH", "jwt"), ("SERVICE_TOKEN_SECRET", GOOD)];
        assert!(load("client", &service).unwrap().jwt.is_none());
        assert!(load("provider", &service).is_err());
        let both = format!("{GOOD}, {OTHER}");
        let several = load("client", &[("AUTH", "none"), ("SERVICE_TOKEN_SECRET", &both)]).unwrap();
        assert_eq!(several.service_secrets.iter().map(Secret::expose).collect::<Vec<_>>(), [GOOD, OTHER]);
    }

    #[test]
    fn the_secrets_of_people_and_of_the_roles_differ() {
        let same = [
            ("AUTH", "jwt"),
            ("JWT_SECRET", GOOD),
            ("SERVICE_TOKEN_SECRET", GOOD),
            ("JWT_ISSUER", "i"),
            ("JWT_AUDIENCE", "a"),
        ];
        assert!(load("client", &same).unwrap_err().contains("must not be JWT_SECRET"));
        for list in [format!("{OTHER},{GOOD}"), format!("{OTHER}, {GOOD} "), format!(" {GOOD} ,{OTHER}")] {
            let one_of =
                same.map(|given| if given.0 == "SERVICE_TOKEN_SECRET" { (given.0, &*list) } else { given });
            assert!(load("client", &one_of).unwrap_err().contains("must not be JWT_SECRET"), "{list}");
        }
    }

    #[test]
    fn keys_are_fetched_again_before_they_are_too_old() {
        let every = |ttl: &str, refetch: &str| {
            let jwks =
                [("JWT_JWKS_URL", "https://id.example/jwks"), ("JWT_ISSUER", "i"), ("JWT_AUDIENCE", "a")];
            let pauses = [("JWT_JWKS_TTL_SECONDS", ttl), ("JWT_JWKS_REFETCH_SECONDS", refetch)];
            load("provider", &[&[("AUTH", "jwt")], &jwks[..], &pauses].concat())
        };
        assert!(every("600", "300").is_ok() && every("10", "5").is_ok());
        for (ttl, refetch) in [("600", "301"), ("10", "10"), ("60", "3600")] {
            let refused = every(ttl, refetch).unwrap_err();
            assert!(
                refused
                    .contains("JWT_JWKS_REFETCH_SECONDS (--jwt-jwks-refetch-seconds) must be at most half"),
                "{refused}"
            );
        }
    }

    #[test]
    fn keys_are_fetched_where_nobody_can_answer_in_between() {
        let at = |url: &str| {
            let common = [("AUTH", "jwt"), ("JWT_ISSUER", "i"), ("JWT_AUDIENCE", "a")];
            load("provider", &[common[0], common[1], common[2], ("JWT_JWKS_URL", url)]).is_ok()
        };
        for good in
            ["https://id.example/jwks", "http://127.0.0.1:8080/jwks", "http://[::1]/k", "http://localhost/k"]
        {
            assert!(at(good), "{good}");
        }
        for bad in
            ["http://id.example/jwks", "ftp://127.0.0.1/", "jwks.json", "http://127.0.0.1.evil.example/"]
        {
            assert!(!at(bad), "{bad}");
        }
    }
}
