//! Mail, handed over to one server (RFC 5321). A connection for each mail: there are few.

use std::time::{Duration, SystemTime};

use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};

use super::{NotSent, Outgoing};
use crate::config::{MailProtection, MailServer};
use crate::platform::http_client::CallError;

/// A mail server.
#[derive(Clone)]
pub(super) struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Smtp {
    pub(super) fn new(server: &MailServer, host: &str, timeout: Duration) -> Result<Self, CallError> {
        let parameters = || {
            let made = TlsParameters::new(server.host.clone());
            made.map_err(|error| CallError::Unreachable(format!("no TLS for mail: {error}")))
        };
        let tls = match server.protection {
            MailProtection::Tls => Tls::Wrapper(parameters()?),
            MailProtection::StartTls => Tls::Required(parameters()?),
            MailProtection::Loopback => Tls::None,
        };
        let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&server.host)
            .port(server.port)
            .tls(tls)
            .hello_name(ClientId::Domain(host.to_owned()))
            .timeout(Some(timeout));
        let transport = match &server.credentials {
            Some((user, password)) => {
                transport.credentials(Credentials::new(user.clone(), password.expose().to_owned()))
            }
            None => transport,
        };
        Ok(Self { transport: transport.build(), from: server.from.clone() })
    }

    /// Connects and says hello, without sending anything.
    pub(super) async fn greet(&self) -> Result<(), String> {
        match self.transport.test_connection().await {
            Ok(true) => Ok(()),
            Ok(false) => Err("it hung up".to_owned()),
            Err(error) => Err(match error.status() {
                Some(code) => format!("it answered {code}"),
                None if error.is_tls() => "it offers no good TLS".to_owned(),
                None if error.is_timeout() => "it did not answer in time".to_owned(),
                None => "it can't be reached".to_owned(),
            }),
        }
    }

    pub(super) async fn send(&self, outgoing: &Outgoing<'_>) -> Result<(), NotSent> {
        let mail =
            self.mail(outgoing).ok_or_else(|| NotSent::Refused("no mail can be made of it".to_owned()))?;
        match self.transport.send(mail).await {
            Ok(_) => Ok(()),
            // What a server says may quote the address.
            Err(error) => Err(match error.status() {
                Some(code) => NotSent::Refused(format!("the mail server answered {code}")),
                None if error.is_tls() => NotSent::Refused("the mail server offers no good TLS".to_owned()),
                None if is_unconnected(&error) => {
                    NotSent::Refused("the mail server can't be reached".to_owned())
                }
                // Whether before the mail was handed over or after it, nobody can tell.
                None => NotSent::Unknown("the mail server did not answer, or hung up".to_owned()),
            }),
        }
    }

    fn mail(&self, outgoing: &Outgoing<'_>) -> Option<Message> {
        let since_1970 = Duration::from_millis(u64::try_from(outgoing.now.as_millis()).ok()?);
        let name = format!("<{}@{}>", outgoing.id, self.from.email.domain());
        // No answers of absent people, please (RFC 3834).
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        let text = outgoing.message.text.replace('\n', "\r\n");
        let body = Body::new_with_encoding(text, ContentTransferEncoding::QuotedPrintable).ok()?;
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, outgoing.to.parse().ok()?))
            .subject(outgoing.message.subject)
            .date(SystemTime::UNIX_EPOCH + since_1970)
            .message_id(Some(name))
            .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()))
            .header(ContentType::TEXT_PLAIN)
            .body(body)
            .ok()
    }
}

/// Whether there was no connection at all. The library tells it in words only.
fn is_unconnected(error: &lettre::transport::smtp::Error) -> bool {
    !error.is_timeout() && error.to_string().starts_with("Connection error")
}
