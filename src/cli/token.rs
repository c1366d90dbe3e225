//! `oc token`: a token for local use.

use std::process::ExitCode;

use clap::Args;

use super::{FAILED, Failure, Outcome, SettingArgs, USAGE, output};
use crate::config::Jwt;
use crate::domain::claims::NewClaims;
use crate::domain::ids::TenantId;
use crate::domain::scope::Scope;
use crate::platform::{clock, identity};
use crate::roles::Role;

/// Longest life in seconds: 30 days.
const LIFE_MAX: i64 = 30 * 86_400;

/// The rights of whoever writes and sends documents.
pub(super) const SCOPE: &str = "documents:read documents:write documents:send";

/// Make a token for a role that runs with `--auth jwt`
///
/// Signs with `JWT_SECRET` for `JWT_ISSUER` and `JWT_AUDIENCE`, the settings of the
/// role, and prints the token and nothing else:
/// `OC_TOKEN=$(oc token --tenant praxis) oc send FILE`.
/// Where only `JWT_JWKS_URL` is set, the identity provider makes the tokens.
#[derive(Args)]
pub struct Token {
    /// The tenant to act for
    #[arg(long, env = "OC_TENANT", value_parser = tenant)]
    tenant: TenantId,
    /// Rights with spaces between them: documents:read, documents:write, documents:send, transfer:write, audit:read, admin
    #[arg(long, default_value = SCOPE, value_parser = scopes)]
    scope: String,
    /// Who it is about
    #[arg(long, default_value = "oc-token", value_parser = subject)]
    subject: String,
    /// How long it is good, such as 90s, 15m, 1h, 7d; at most 30d
    #[arg(long, default_value = "1h", value_name = "TIME", value_parser = life)]
    expires_in: i64,
    #[command(flatten)]
    settings: SettingArgs,
}

fn tenant(text: &str) -> Result<TenantId, String> {
    TenantId::parse(text).map_err(|why| why.to_string())
}

fn scopes(text: &str) -> Result<String, String> {
    let words: Vec<_> = text.split_whitespace().collect();
    match words.iter().find(|word| Scope::parse(word).is_none()) {
        Some(unknown) => Err(format!("there is no scope {unknown}")),
        None if words.is_empty() => Err("a token without a right opens nothing".to_owned()),
        None => Ok(words.join(" ")),
    }
}

fn subject(text: &str) -> Result<String, String> {
    let fits = (1..=255).contains(&text.len()) && !text.chars().any(char::is_control);
    if fits { Ok(text.to_owned()) } else { Err("must be 1 to 255 characters without breaks".to_owned()) }
}

/// Seconds.
fn life(text: &str) -> Result<i64, String> {
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let factor = match unit {
        "" | "s" => Some(1),
        "m" => Some(60),
        "h" => Some(3_600),
        "d" => Some(86_400),
        _ => None,
    };
    let seconds = number.parse::<i64>().ok().zip(factor).and_then(|(number, unit)| number.checked_mul(unit));
    let within = seconds.filter(|seconds| (1..=LIFE_MAX).contains(seconds));
    within.ok_or_else(|| "must be a time from 1s to 30d, such as 90s, 15m, 1h or 7d".to_owned())
}

impl Token {
    pub fn run(self) -> Outcome {
        let jwt = secrets(&self.settings)?.filter(|jwt| jwt.secret.is_some()).ok_or_else(|| {
            let why = "a token is signed with JWT_SECRET (--jwt-secret), which is not set; \
                       where only JWT_JWKS_URL is, the identity provider makes the tokens";
            Failure::new(USAGE, why)
        })?;
        output::line(&sign(&jwt, &self.tenant, &self.subject, &self.scope, self.expires_in)?);
        Ok(ExitCode::SUCCESS)
    }
}

/// What tokens are signed and checked with, as the settings of a role say.
pub(super) fn secrets(settings: &SettingArgs) -> Result<Option<Jwt>, Failure> {
    let role = *Role::ALL.first().ok_or_else(|| Failure::new(FAILED, "there is no role"))?;
    Jwt::load(&settings.values(role)?).map_err(|problems| Failure::new(USAGE, problems.to_string()))
}

/// A token that is good for `seconds`.
pub(super) fn sign(
    jwt: &Jwt,
    tenant: &TenantId,
    subject: &str,
    scope: &str,
    seconds: i64,
) -> Result<String, Failure> {
    let secret = jwt.secret.as_ref().ok_or_else(|| Failure::new(USAGE, "JWT_SECRET is not set"))?;
    let iat = clock::now().as_millis().div_euclid(1_000);
    let claims = NewClaims {
        iss: &jwt.issuer,
        aud: &jwt.audience,
        sub: subject,
        tenant_id: tenant.as_str(),
        scope,
        iat,
        exp: iat + seconds,
    };
    Ok(identity::mint(secret, &claims)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_is_a_number_and_a_unit() {
        for (text, seconds) in [("90", 90), ("90s", 90), ("15m", 900), ("1h", 3_600), ("30d", LIFE_MAX)] {
            assert_eq!(life(text), Ok(seconds));
        }
        for bad in
            ["", "0", "-1h", "1w", "h", "31d", "1h30m", "99999999999999999999d", "9223372036854775807d"]
        {
            assert!(life(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_rights_that_exist_are_written() {
        assert_eq!(scopes(" documents:read  admin ").as_deref(), Ok("documents:read admin"));
        for bad in ["", " ", "documents", "documents:read,admin"] {
            assert!(scopes(bad).is_err(), "{bad}");
        }
    }
}
