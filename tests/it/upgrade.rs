//! Two versions beside each other on the same databases, as while a new one is rolled out.
//! `scripts/upgrade-test.sh` builds the older one and starts this.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use oc::roles::Role;
use serde_json::{Value, json};

use crate::support::database::TestDatabase;
use crate::support::http::Call;
use crate::support::process::{Ended, NEW, Served, program};
use crate::support::{CODE_KEY, KEY};

/// How long both versions work under load.
const TIME: Duration = Duration::from_secs(20);
/// Documents that each pair hands over at least, however slow the machine is.
const LEAST: usize = 4;

fn migrate(version: &str, role: Role, url: &str) -> Ended {
    let mut command = program(version);
    command.args(["migrate", "--role", role.name()]);
    command.env("DATABASE_URL", url).env("FIELD_ENCRYPTION_KEY", KEY).env("ACCESS_CODE_KEY", CODE_KEY);
    let ended: Ended = command.output().unwrap().into();
    assert_eq!(ended.code, 0, "{ended:?}");
    ended
}

/// What was sent: title and code.
type Sent = Vec<(String, String)>;

/// One provider process and the client process that it sends to.
struct Pair<'a> {
    name: &'a str,
    provider: &'a Served,
    client: &'a Served,
}

impl Pair<'_> {
    /// Writes a document and sends it; with the code that opens it.
    fn hand_over(&self, number: usize) -> (String, String) {
        let title = format!("{} {number}", self.name);
        let id = {
            let created =
                self.provider.call(&Call::post("/api/documents", &json!({"title": title, "content": "C"})));
            created.expect(201)["id"].as_str().unwrap().to_owned()
        };
        self.provider
            .call(&Call::put(format!("/api/documents/{id}"), &json!({"status": "final"})))
            .expect(200);
        let sent = self.provider.call(&Call::post("/api/send", &json!({"documentId": id})));
        assert!(matches!(sent.status, 200 | 202), "{}: {}", self.name, sent.text());
        let code = match sent.json()["accessCode"].as_str() {
            Some(code) => code.to_owned(),
            None => self.code_of(&id),
        };
        (title, code)
    }

    fn code_of(&self, id: &str) -> String {
        crate::support::waiting::until("the delivery", Duration::from_secs(30), || {
            let document = self.provider.call(&Call::get(format!("/api/documents/{id}"))).json();
            document["accessCode"].as_str().map(str::to_owned)
        })
    }
}

fn title_at(client: &Served, code: &str) -> Value {
    client.call(&Call::get(format!("/api/public/{code}"))).expect(200)["title"].clone()
}

/// What the older version sends while the newer one changes the tables.
fn sent_meanwhile(pair: &Pair<'_>, first: usize, urls: [(Role, &str); 2]) -> Sent {
    let (over, count) = (AtomicBool::new(false), AtomicUsize::new(first));
    let sent = std::thread::scope(|scope| {
        let load = scope.spawn(|| {
            let mut sent = Sent::new();
            while !over.load(Ordering::Relaxed) || sent.len() < LEAST {
                sent.push(pair.hand_over(count.fetch_add(1, Ordering::Relaxed)));
            }
            sent
        });
        for (role, url) in urls {
            let out = migrate(NEW, role, url).out;
            eprintln!("role {}: {}", role.name(), out.lines().last().unwrap_or_default());
        }
        over.store(true, Ordering::Relaxed);
        load.join().unwrap()
    });
    eprintln!("{} documents were sent by the older version while the tables changed", sent.len());
    sent
}

/// What a pair hands over until the time has come; its processes are ready all the while.
fn worked(pair: &Pair<'_>, until: Instant) -> Sent {
    let mut sent = Sent::new();
    while Instant::now() < until || sent.len() < LEAST {
        sent.push(pair.hand_over(sent.len()));
        for served in [pair.provider, pair.client] {
            let ready = served.call(&Call::get("/api/ready"));
            assert_eq!(ready.status, 200, "{} is not ready", pair.name);
        }
    }
    eprintln!("{}: {} documents sent", pair.name, sent.len());
    sent
}

#[test]
#[ignore = "started by scripts/upgrade-test.sh, which builds the older version"]
fn two_versions_work_beside_each_other_while_the_tables_change() {
    let old = std::env::var("OC_OLD").expect("OC_OLD names the program of the older version");
    let (at_provider, at_client) = (TestDatabase::empty(), TestDatabase::empty());
    let urls = [(Role::Provider, at_provider.url()), (Role::Client, at_client.url())];
    for (role, url) in urls {
        migrate(&old, role, url);
    }
    let patient =
        [("DATABASE_POOL_WAIT_MS", "20000"), ("SEND_TIMEOUT_MS", "20000"), ("DELIVERY_TIMEOUT_MS", "20000")];
    // Every document is opened from one address.
    let open_handed = [patient[0], ("RATE_ADDRESS_PER_MINUTE", "0")];
    let client = |version: &str| Served::start_of(version, Role::Client, at_client.url(), &open_handed);
    let provider = |version: &str, client: &Served| {
        let base = format!("{}/api/", client.url());
        let given = [&patient[..], &[("CLIENT_BASE_URL", base.as_str())]].concat();
        Served::start_of(version, Role::Provider, at_provider.url(), &given)
    };
    let old_client = client(&old);
    let old_pair = Pair { name: "old to old", provider: &provider(&old, &old_client), client: &old_client };
    let mut sent: Sent = (0..20).map(|number| old_pair.hand_over(number)).collect();
    sent.extend(sent_meanwhile(&old_pair, sent.len(), urls));

    let new_client = client(NEW);
    let (new_new, new_old, old_new) =
        (provider(NEW, &new_client), provider(NEW, &old_client), provider(&old, &new_client));
    let pairs = [
        old_pair,
        Pair { name: "new to new", provider: &new_new, client: &new_client },
        Pair { name: "new to old", provider: &new_old, client: &old_client },
        Pair { name: "old to new", provider: &old_new, client: &new_client },
    ];
    let until = Instant::now() + TIME;
    let all: Vec<Sent> = std::thread::scope(|scope| {
        let running: Vec<_> = pairs.iter().map(|pair| scope.spawn(move || worked(pair, until))).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    sent.extend(all.into_iter().flatten());
    for served in [&old_client, &new_client] {
        for (title, code) in &sent {
            assert_eq!(title_at(served, code), json!(title), "at {}", served.url());
        }
    }
    assert_eq!(at_provider.count("outbox WHERE state NOT IN ('delivered', 'superseded')"), 0);
    eprintln!("{} documents, each opened at the older and at the newer role; none is lost", sent.len());
}
