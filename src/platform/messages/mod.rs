//! Messages to recipients: mail and SMS. Sent while somebody waits, never stored: what
//! they say is good for minutes.

mod sms;
mod smtp;

use std::fmt;
use std::time::Duration;

use uuid::Uuid;

use crate::config;
use crate::domain::otp_message::OtpMessage;
use crate::domain::timestamp::Timestamp;
use crate::domain::words::SecondFactor;
use crate::platform::http_client::CallError;
use sms::Sms;
use smtp::Smtp;

/// One message to one address. `Debug` shows neither.
pub struct Outgoing<'a> {
    /// Its name: a service may recognise by it what it has sent already.
    pub id: Uuid,
    /// `+41791234567`, or a plain mail address.
    pub to: &'a str,
    /// What it says.
    pub message: &'a OtpMessage,
    /// The present moment.
    pub now: Timestamp,
}

impl fmt::Debug for Outgoing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Outgoing({})", self.id)
    }
}

/// Why a message did not go out, in words that name no address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotSent {
    /// It will not arrive.
    Refused(String),
    /// Nobody knows whether it will arrive.
    Unknown(String),
}

impl fmt::Display for NotSent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(why) => write!(f, "a message was not sent: {why}"),
            Self::Unknown(why) => write!(f, "a message may have been sent or not: {why}"),
        }
    }
}

impl std::error::Error for NotSent {}

/// The ways out of one thread.
#[derive(Clone)]
pub struct Messenger {
    mail: Option<Smtp>,
    sms: Option<Sms>,
    timeout: Duration,
}

impl Messenger {
    /// Prepares what is set; `host` is what a mail server is greeted with.
    pub fn new(settings: &config::Messages, host: &str) -> Result<Self, CallError> {
        let (mail, sms, timeout) = (&settings.mail, &settings.sms, settings.timeout);
        Ok(Self {
            mail: mail.as_ref().map(|server| Smtp::new(server, host, timeout)).transpose()?,
            sms: sms.as_ref().map(|gateway| Sms::new(gateway, timeout)).transpose()?,
            timeout,
        })
    }

    /// Connects to the mail server and says hello, without sending anything; `None` where
    /// there is none.
    pub async fn greet_mail(&self) -> Option<Result<(), String>> {
        match &self.mail {
            Some(mail) => Some(mail.greet().await),
            None => None,
        }
    }

    /// Sends a message and waits until somebody has taken it over, within the time limit.
    pub async fn send(&self, channel: SecondFactor, outgoing: &Outgoing<'_>) -> Result<(), NotSent> {
        let send = async {
            match (channel, &self.mail, &self.sms) {
                (SecondFactor::Email, Some(mail), _) => mail.send(outgoing).await,
                (SecondFactor::Sms, _, Some(sms)) => sms.send(outgoing).await,
                _ => Err(NotSent::Refused("nothing is set that it could go out by".to_owned())),
            }
        };
        let in_time = tokio::time::timeout(self.timeout, send).await;
        in_time.unwrap_or_else(|_| Err(NotSent::Unknown("nobody answered in time".to_owned())))
    }
}
