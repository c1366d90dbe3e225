//! Documents that ask for a number beside the code.

mod limits;
mod pages;
mod sending;
mod sessions;

use std::rc::Rc;

use oc::domain::session::Session;
use serde_json::{Value, json};

use super::{Client, code_of};
use crate::support::Settings;
use crate::support::database::TestDatabase;
use crate::support::http::{Answer, Call};
use crate::support::mail::MailServer;
use crate::support::receiver::{Behaviour, Receiver};

const TITLE: &str = "Very secret title";
const PHONE: &str = "+41 79 123 45 67";
const MAIL: &str = "anna.muster@example.ch";
const ACCESS: &str = "/api/public/access";
const SEND: &str = "/api/public/otp";
const VERIFY: &str = "/api/public/otp/verify";

/// A client role with a mail server and an SMS service that are watched.
pub struct Desk {
    pub client: Client,
    pub sms: Receiver,
    pub mail: MailServer,
}

impl Desk {
    pub async fn new() -> Self {
        Self::with(&[]).await
    }

    pub async fn with(given: Settings<'_>) -> Self {
        let sms = Receiver::start(Behaviour::Answer(202, "{}".to_owned()));
        let mail = MailServer::start();
        let database = Rc::new(TestDatabase::of("client"));
        let client = on(&database, &sms, &mail, given).await;
        Self { client, sms, mail }
    }

    /// Another process of the role.
    pub async fn another(&self) -> Client {
        on(&self.client.database, &self.sms, &self.mail, &[]).await
    }

    /// The code of a new document that asks for this second factor.
    pub async fn code_for(&self, second_factor: &str) -> String {
        code_of(&self.client.deliver(&document(second_factor)).await.expect(201))
    }

    /// A session of somebody who typed the code.
    pub async fn session(&self, code: &str) -> String {
        let asked = self.access(code).await.refused(401, "OTP_REQUIRED");
        asked["details"]["session"]["token"].as_str().unwrap().to_owned()
    }

    pub async fn access(&self, code: &str) -> Answer {
        self.client.call(Call::post(ACCESS, &json!({ "accessCode": code }))).await
    }

    pub async fn again(&self, session: &str) -> Answer {
        self.client.call(Call::post(ACCESS, &json!({ "session": session }))).await
    }

    pub async fn send(&self, session: &str) -> Answer {
        self.client.call(Call::post(SEND, &json!({ "session": session }))).await
    }

    pub async fn verify(&self, session: &str, otp: &str) -> Answer {
        self.client.call(Call::post(VERIFY, &json!({ "session": session, "otp": otp }))).await
    }

    /// What was sent by SMS so far.
    pub fn messages(&self) -> Vec<Value> {
        self.sms.every_call().iter().map(|call| serde_json::from_slice(&call.body).unwrap()).collect()
    }

    /// The number that was sent last.
    pub fn number(&self) -> String {
        let text = self.messages().last().unwrap()["text"].as_str().unwrap().to_owned();
        text.split(' ').next().unwrap().to_owned()
    }

    /// A session in which a number was sent, and the number.
    pub async fn sent(&self, code: &str) -> (String, String) {
        let session = self.session(code).await;
        self.send(&session).await.expect(202);
        (session, self.number())
    }

    /// As if so much time had gone by since everything that was sent and typed.
    pub fn let_pass(&self, time: &str) {
        let earlier = |column: &str| {
            format!("{column} = ARRAY(SELECT at - interval '{time}' FROM unnest({column}) AS at ORDER BY at)")
        };
        self.client.database.execute(&format!(
            "UPDATE otp_tallies SET {}, {}, refused_at = refused_at - interval '{time}'; \
             UPDATE otps SET sent_at = sent_at - interval '{time}', expires_at = expires_at - interval '{time}'",
            earlier("sent_at"),
            earlier("wrong_at"),
        ));
    }

    /// Wrong numbers in all, and those of each session.
    pub fn counted(&self) -> (String, Vec<String>) {
        let database = &self.client.database;
        let total = "SELECT coalesce(sum(wrong_total), 0)::text AS text FROM otp_tallies";
        (database.text(total), database.texts("SELECT tries::text AS text FROM otps ORDER BY sent_at"))
    }

    pub fn receipts(&self, kind: &str) -> i64 {
        self.client.database.count(&format!("receipts WHERE kind = '{kind}'"))
    }

    /// The session of a token, moved into the past by so many minutes.
    pub fn older(&self, token: &str, begun: u64, seen: u64) -> String {
        let session = self.client.state.codes.read_session(token).unwrap();
        let earlier = |minutes: u64, moment: oc::domain::timestamp::Timestamp| {
            moment.minus(std::time::Duration::from_secs(minutes * 60))
        };
        let session =
            Session { begun: earlier(begun, session.begun), seen: earlier(seen, session.seen), ..session };
        self.client.state.codes.session_token(&session).unwrap()
    }
}

async fn on(database: &Rc<TestDatabase>, sms: &Receiver, mail: &MailServer, given: Settings<'_>) -> Client {
    let (sms, mail) = (format!("http://{}/sms", sms.address()), mail.url());
    let base = [
        ("SMS_GATEWAY_URL", sms.as_str()),
        ("SMS_GATEWAY_TOKEN", "a-token-of-the-gateway"),
        ("SMTP_URL", mail.as_str()),
        ("MAIL_FROM", "Praxis Nord <no-reply@praxis.example>"),
        ("CLIENT_PUBLIC_URL", "https://localhost"),
        ("DATABASE_POOL_WAIT_MS", "30000"),
        ("RATE_ADDRESS_PER_MINUTE", "0"),
    ];
    Client::on(database, &[&base[..], given].concat()).await
}

/// A document that asks for this second factor.
pub fn document(second_factor: &str) -> Value {
    json!({
        "id": oc::platform::random::uuid(), "title": TITLE, "content": "Very secret text",
        "recipient": {"name": "Anna Muster", "phone": PHONE, "email": MAIL, "language": "de-CH"},
        "protection": {"secondFactor": second_factor},
    })
}

/// Another number.
pub fn other_than(otp: &str, n: u32) -> String {
    format!("{:06}", (otp.parse::<u32>().unwrap() + n) % 1_000_000)
}
