//! From the provider role to the client role and back: both on real databases,
//! with a receiver between them, and every job driven by hand.

mod budget;
mod dump;
mod once;
mod receipts;
mod renewing;
mod reserve;
mod revoking;
mod rotating;
mod second_factor;
mod senders;
mod tenants;

use std::rc::Rc;
use std::time::Duration;

use oc::roles::Role;
use oc::roles::client::jobs::housekeeping;
use oc::roles::provider::jobs::deliver::run_due;
use oc::roles::provider::jobs::{receipts as receipts_job, refill};
use serde_json::Value;

use crate::client::Client;
use crate::provider::{Provider, make_due, sending_to};
use crate::support::Settings;
use crate::support::database::TestDatabase;
use crate::support::http::Answer;
use crate::support::process::Served;
use crate::support::receiver::{Behaviour, Receiver};
use crate::support::waiting::until_async;

/// Longest wait for something that happens by itself.
pub const PATIENCE: Duration = Duration::from_secs(15);

/// Enough for the slowest machine.
const PATIENT: [(&str, &str); 4] = [
    ("DATABASE_POOL_WAIT_MS", "15000"),
    ("DATABASE_CONNECT_TIMEOUT_SECONDS", "30"),
    ("SEND_TIMEOUT_MS", "15000"),
    ("DELIVERY_TIMEOUT_MS", "15000"),
];

/// A provider role, a client role and what is between them.
pub struct Way {
    pub provider: Provider,
    /// The client role once more, on the same database, to be looked at.
    pub client: Client,
    pub receiver: Receiver,
    pub served: Served,
}

impl Way {
    pub async fn new() -> Self {
        Self::with(&[]).await
    }

    /// A way that is open, with further settings of the provider role.
    pub async fn with(given: Settings<'_>) -> Self {
        Self::between(given, &[]).await
    }

    /// A way that is open, with further settings of the client role.
    pub async fn with_client(given: Settings<'_>) -> Self {
        Self::between(&[], given).await
    }

    pub async fn between(given: Settings<'_>, of_client: Settings<'_>) -> Self {
        let database = Rc::new(TestDatabase::of("client"));
        let of_client = [&PATIENT[..2], of_client].concat();
        let served = Served::start(Role::Client, &database, &of_client);
        let client = Client::on(&database, &of_client).await;
        let receiver = Receiver::start(Behaviour::Forward(served.address));
        let provider = Provider::to(&receiver, &[&PATIENT, given].concat()).await;
        Self { provider, client, receiver, served }
    }

    /// Another process of the provider role.
    async fn another(&self, given: Settings<'_>) -> Provider {
        let base_url = self.receiver.base_url();
        let given = [&sending_to(&base_url)[..], &PATIENT, given].concat();
        Provider::on(&self.provider.database, &given).await
    }

    /// Another process of the provider role, which waits for nobody.
    async fn impatient(&self) -> Provider {
        self.another(&[("SEND_TIMEOUT_MS", "50")]).await
    }

    /// The client role can't be reached any more.
    pub fn close(&self) {
        self.receiver.behave(Behaviour::Close);
    }

    /// The client role can be reached again.
    pub fn open(&self) {
        self.receiver.behave(Behaviour::Forward(self.served.address));
    }

    /// As if the time had come for everything that waits, one after the other.
    pub async fn catch_up(&self) -> usize {
        let mut made = 0;
        loop {
            make_due(&self.provider);
            match run_due(&self.provider.state).await.unwrap() {
                0 => return made,
                attempts => made += attempts,
            }
        }
    }

    /// As if the time had come, once.
    async fn catch_up_once(&self) -> usize {
        make_due(&self.provider);
        run_due(&self.provider.state).await.unwrap()
    }

    /// As if time had gone on until every message was settled.
    pub async fn settle_all(&self) {
        let started = std::time::Instant::now();
        while self.provider.database.count("outbox WHERE state IN ('pending', 'leased')") > 0 {
            assert!(started.elapsed() < PATIENCE, "{}", self.provider.database.dump());
            self.catch_up().await;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// As if the lease of every attempt under way had run out.
    fn end_leases(&self) {
        let past = "now() - interval '1 second'";
        let sql = format!("UPDATE outbox SET due_at = {past}, leased_until = {past} WHERE state = 'leased'");
        self.provider.database.execute(&sql);
    }

    /// The code of a document that has just been sent and delivered.
    pub async fn sent(&self, id: &str) -> String {
        text(&self.provider.send(id).await.expect(200)["accessCode"])
    }

    /// A new document that was delivered, and its code.
    pub async fn delivered(&self, title: &str) -> (String, String) {
        let id = self.provider.ready(title).await;
        let code = self.sent(&id).await;
        (id, code)
    }

    /// Opens an account for the tenant and fills its reserve.
    pub async fn fill_reserve(&self) -> usize {
        let (_, code) = self.delivered("the first one").await;
        self.read(&code, "the first one").await;
        refill::run(&self.provider.state).await.unwrap()
    }

    /// The code opens the document of this title.
    pub async fn read(&self, code: &str, title: &str) {
        assert_eq!(self.client.open(code).await.expect(200)["title"], title);
    }

    /// As if the end of every access had come, and the client role had noticed.
    pub async fn let_expire(&self) {
        let sql = "UPDATE documents SET expires_at = '2026-01-01'";
        self.client.database.execute(sql);
        self.provider.database.execute(sql);
        housekeeping::run(&self.client.state).await.unwrap();
    }

    pub async fn state_of(&self, id: &str) -> String {
        text(&self.provider.document(id).await["delivery"]["state"])
    }

    /// Fetches receipts until there are no more. A transaction of another test
    /// on the same server may hold them back for a moment.
    pub async fn fetch_receipts(&self, count: usize) {
        let mut fetched = 0;
        for _ in 0..1_000 {
            fetched += receipts_job::run(&self.provider.state).await.unwrap();
            if fetched >= count {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(fetched, count);
    }
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// The code of an answer that promises a delivery.
pub fn promised(answer: &Answer) -> String {
    let body = answer.expect(202);
    assert_eq!(body["state"], "queued");
    text(&body["accessCode"])
}

/// Waits for a number of callers at the receiver.
async fn callers(receiver: &Receiver, count: usize) {
    until_async("the callers", PATIENCE, || (receiver.callers() == count).then_some(())).await;
}

/// Whether a text stands in a dump, as it is or in hexadecimal.
fn holds(dump: &str, code: &str) -> bool {
    let plain = code.replace('-', "");
    let hex = |text: &str| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    [code, &plain].iter().any(|form| dump.contains(*form) || dump.contains(&hex(form)))
}
