//! Settings of the messages that go to recipients.

use std::time::Duration;

use lettre::message::Mailbox;
use url::{Host, Url};

use super::values::{Problems, Secret, Values};
use crate::domain::words::SecondFactor;

/// How messages to recipients go out; nothing is sent where nothing is set.
#[derive(Debug, Clone, Default)]
pub struct Messages {
    /// `SMTP_URL` and `MAIL_FROM`.
    pub mail: Option<MailServer>,
    /// `SMS_GATEWAY_URL` and `SMS_GATEWAY_TOKEN`.
    pub sms: Option<SmsGateway>,
    /// `MESSAGE_TIMEOUT_MS`: longest wait for either.
    pub timeout: Duration,
}

/// A mail server.
#[derive(Debug, Clone)]
pub struct MailServer {
    /// Its name, or its address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub protection: MailProtection,
    /// User and password.
    pub credentials: Option<(String, Secret)>,
    /// Who sends.
    pub from: Mailbox,
}

/// How a connection to a mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailProtection {
    /// TLS from the first byte (`smtps://`).
    Tls,
    /// STARTTLS, without which nothing is sent (`smtp://`).
    StartTls,
    /// Nothing: it stays within the machine (`smtp://` and a loopback address).
    Loopback,
}

/// An HTTP service that sends SMS (docs/OPERATIONS.md, *Messages to recipients*).
#[derive(Debug, Clone)]
pub struct SmsGateway {
    /// Where messages are posted.
    pub url: String,
    /// What is shown there.
    pub token: Secret,
}

impl Messages {
    /// Whether numbers of this second factor can be sent.
    #[must_use]
    pub fn offer(&self, second_factor: SecondFactor) -> bool {
        match second_factor {
            SecondFactor::None => true,
            SecondFactor::Sms => self.sms.is_some(),
            SecondFactor::Email => self.mail.is_some(),
        }
    }

    pub(super) fn load(role: &str, values: &Values, problems: &mut Problems) -> Self {
        if role != "client" {
            return Self::default();
        }
        let timeout = values.number("MESSAGE_TIMEOUT_MS", 100..=30_000, problems);
        Self {
            mail: mail(values, problems),
            sms: sms(values, problems),
            timeout: Duration::from_millis(timeout),
        }
    }
}

fn mail(values: &Values, problems: &mut Problems) -> Option<MailServer> {
    let text = values.get("SMTP_URL")?;
    let from = values.get("MAIL_FROM").and_then(|text| text.parse().ok());
    if from.is_none() {
        problems.add("MAIL_FROM", "must be the address that mails come from, such as Praxis <no-reply@example.ch>, as SMTP_URL is set");
    }
    let server = mail_server(text, from);
    if server.is_none() && values.get("MAIL_FROM").is_some() {
        problems.add(
            "SMTP_URL",
            "must be smtps://user:password@host, or smtp://… for STARTTLS; nothing may follow the port",
        );
    }
    server
}

fn mail_server(text: &str, from: Option<Mailbox>) -> Option<MailServer> {
    let url = Url::parse(text).ok()?;
    let host = url.host_str().filter(|host| !host.is_empty())?.to_owned();
    let protection = match url.scheme() {
        "smtps" => MailProtection::Tls,
        "smtp" if is_loopback(&host) => MailProtection::Loopback,
        "smtp" => MailProtection::StartTls,
        _ => return None,
    };
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return None;
    }
    let port = url.port().unwrap_or(if protection == MailProtection::Tls { 465 } else { 587 });
    let user = decoded(url.username())?;
    let password = decoded(url.password().unwrap_or_default())?;
    let credentials = (!user.is_empty()).then(|| (user, Secret::new(password)));
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    Some(MailServer { host, port, protection, credentials, from: from? })
}

fn sms(values: &Values, problems: &mut Problems) -> Option<SmsGateway> {
    let text = values.get("SMS_GATEWAY_URL")?;
    let parsed = Url::parse(text).ok();
    let safe = |url: &Url| match url.scheme() {
        "https" => url.has_host(),
        "http" => url.host().is_some_and(|host| is_loopback(&host.to_string())),
        _ => false,
    };
    if !parsed.is_some_and(|url| safe(&url) && url.username().is_empty() && url.password().is_none()) {
        problems.add(
            "SMS_GATEWAY_URL",
            "must start with https://, or with http:// and a loopback address, and hold no password: it carries numbers that open documents",
        );
    }
    let token = values.required("SMS_GATEWAY_TOKEN", problems);
    Some(SmsGateway { url: text.to_owned(), token: Secret::new(token) })
}

fn is_loopback(host: &str) -> bool {
    match Host::parse(host) {
        Ok(Host::Ipv4(address)) => address.is_loopback(),
        Ok(Host::Ipv6(address)) => address.is_loopback(),
        Ok(Host::Domain(name)) => name == "localhost",
        Err(_) => false,
    }
}

/// What stands behind `%40` and its like.
fn decoded(text: &str) -> Option<String> {
    // A form reads a plus as a space, a URL does not.
    let form = format!("x={}", text.replace('+', "%2B").replace('&', "%26"));
    url::form_urlencoded::parse(form.as_bytes()).next().map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(url: &str) -> Option<MailServer> {
        mail_server(url, Some("Praxis <no-reply@example.ch>".parse().unwrap()))
    }

    #[test]
    fn a_connection_is_protected_unless_it_stays_within_the_machine() {
        let read = |url| server(url).map(|s| (s.protection, s.port)).unwrap();
        assert_eq!(read("smtps://mail.example.ch"), (MailProtection::Tls, 465));
        assert_eq!(read("smtp://mail.example.ch"), (MailProtection::StartTls, 587));
        assert_eq!(read("smtp://mail.example.ch:25/"), (MailProtection::StartTls, 25));
        for local in ["smtp://127.0.0.1:25", "smtp://[::1]:25", "smtp://localhost:25"] {
            assert_eq!(read(local), (MailProtection::Loopback, 25), "{local}");
        }
        assert_eq!(server("smtp://[::1]:25").unwrap().host, "::1");
        let odd = ["", "mail", "http://x", "smtp://", "smtp://h/x", "smtp://h?tls=none", "smtps://h#x"];
        assert!(odd.iter().all(|url| server(url).is_none()));
    }

    #[test]
    fn user_and_password_are_read_as_they_are_meant() {
        let (user, password) = server("smtps://a%40b.ch:p%40s+s%2F%26@h").unwrap().credentials.unwrap();
        assert_eq!((user.as_str(), password.expose()), ("a@b.ch", "p@s+s/&"));
        assert!(server("smtps://h").unwrap().credentials.is_none());
    }
}
