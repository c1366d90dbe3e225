//! Both databases are backed up at different moments while documents are sent, and lost,
//! and come back on another server.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use diesel::connection::SimpleConnection as _;
use diesel::pg::PgConnection;
use diesel::sql_types::BigInt;
use diesel::{Connection as _, QueryableByName, RunQueryDsl as _, sql_query};
use oc::local::{Cluster, Options};
use oc::roles::Role;
use serde_json::json;

use super::{reconcile_at, told};
use crate::support::backup::Backup;
use crate::support::database::{TestDatabase, search_path};
use crate::support::http::Call;
use crate::support::process::{PATIENCE, Served, run_with};
use crate::support::scratch::scratch_path;
use crate::support::waiting::until;

/// Whoever waits for a slow machine.
const PATIENT: [(&str, &str); 4] = [
    ("DATABASE_POOL_WAIT_MS", "20000"),
    ("DATABASE_CONNECT_TIMEOUT_SECONDS", "30"),
    ("SEND_TIMEOUT_MS", "20000"),
    ("DELIVERY_TIMEOUT_MS", "20000"),
];

/// A document that was sent: its id, its title and its code.
type Sent = (String, String, String);

fn provider(url: &str, client: &Served) -> Served {
    let base = format!("{}/api/", client.url());
    Served::start_at(Role::Provider, url, &[&PATIENT[..], &[("CLIENT_BASE_URL", base.as_str())]].concat())
}

fn send(provider: &Served, number: usize) -> Sent {
    let title = format!("Document {number}");
    let new = json!({"title": title, "content": "C"});
    let id =
        provider.call(&Call::post("/api/documents", &new)).expect(201)["id"].as_str().unwrap().to_owned();
    provider.call(&Call::put(format!("/api/documents/{id}"), &json!({"status": "final"}))).expect(200);
    provider.call(&Call::post("/api/send", &json!({ "documentId": id })));
    let code = until("the code", PATIENCE, || {
        let document = provider.call(&Call::get(format!("/api/documents/{id}"))).json();
        document["accessCode"].as_str().map(str::to_owned)
    });
    (id, title, code)
}

/// A server of its own, on which nobody knows the role `oc_tenant`.
fn another_server() -> Cluster {
    let options = Options::kept(scratch_path("another"), search_path());
    let cluster = Cluster::start(&Options { throw_away: true, ..options }).unwrap();
    cluster.create_database("provider", None).unwrap();
    cluster.create_database("client", None).unwrap();
    cluster
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// How many documents a tenant sees through the fence.
fn seen_by(url: &str, tenant: &str) -> i64 {
    let mut conn = PgConnection::establish(url).unwrap();
    conn.batch_execute(&format!("SET ROLE oc_tenant; SET app.tenant_id = '{tenant}'")).unwrap();
    sql_query("SELECT count(*) AS number FROM documents").get_result::<Number>(&mut conn).unwrap().number
}

/// Reads the backups back, and puts the fence up again.
fn restored(backups: &[(&str, &Backup)]) -> Cluster {
    let cluster = another_server();
    for (place, (role, backup)) in backups.iter().enumerate() {
        let url = cluster.url(role);
        let refused = backup.restore_what_can_be(&url);
        // `oc migrate` makes the role for the whole server.
        let lacks_role = refused.contains("role \"oc_tenant\" does not exist");
        assert_eq!(lacks_role, place == 0, "{refused}");
        let migrated = run_with(&["migrate", "--role", role], &[("DATABASE_URL", &url)]);
        assert!(migrated.out.starts_with("0 applied"), "{migrated:?}");
        let mut conn = PgConnection::establish(&url).unwrap();
        Role::named(role).unwrap().owner().check(&mut conn).unwrap();
        assert!(seen_by(&url, "default") > 0, "{role}");
        assert_eq!(seen_by(&url, "another"), 0, "{role}");
    }
    cluster
}

/// Sends until both backups, `first` and later the other one, are there and something was
/// sent after them. Returns what was sent before, between and after.
fn backed_up(first: &str) -> (Vec<Vec<Sent>>, Backup, Backup) {
    let (at_provider, at_client) = (TestDatabase::of("provider"), TestDatabase::of("client"));
    let client = Served::start(Role::Client, &at_client, &PATIENT[..2]);
    let provider = provider(at_provider.url(), &client);
    let (over, count) = (AtomicBool::new(false), AtomicUsize::new(0));
    let grown = |by: usize| {
        let now = count.load(Ordering::Relaxed);
        until("more documents", PATIENCE, || (count.load(Ordering::Relaxed) >= now + by).then_some(()));
    };
    std::thread::scope(|scope| {
        let load = scope.spawn(|| {
            let mut sent = Vec::new();
            while !over.load(Ordering::Relaxed) {
                sent.push(send(&provider, sent.len()));
                count.store(sent.len(), Ordering::Relaxed);
            }
            sent
        });
        grown(5);
        let of =
            |role: &str| Backup::of(if role == "provider" { at_provider.url() } else { at_client.url() });
        let other = if first == "provider" { "client" } else { "provider" };
        // What is sent while a backup is taken may be in it or not: it is left out.
        let before = count.load(Ordering::Relaxed);
        let one = of(first);
        let between = count.load(Ordering::Relaxed) + 1;
        grown(5);
        let until_second = count.load(Ordering::Relaxed);
        let two = of(other);
        let after = count.load(Ordering::Relaxed) + 1;
        grown(3);
        over.store(true, Ordering::Relaxed);
        let sent = load.join().unwrap();
        let parts =
            vec![sent[..before].to_vec(), sent[between..until_second].to_vec(), sent[after..].to_vec()];
        let (provider, client) = if first == "provider" { (one, two) } else { (two, one) };
        (parts, provider, client)
    })
}

fn opens(client: &Served, (_, title, code): &Sent) -> bool {
    let answer = client.call(&Call::get(format!("/api/public/{code}")));
    answer.status == 200 && answer.json()["title"] == json!(title)
}

#[test]
fn whichever_database_was_backed_up_first_nothing_that_either_backup_holds_is_lost() {
    for first in ["provider", "client"] {
        let (parts, provider_backup, client_backup) = backed_up(first);
        let [before, between, after] = parts.as_slice() else { panic!() };
        assert!(before.len() >= 4 && between.len() >= 3 && !after.is_empty());
        let cluster = restored(&[("provider", &provider_backup), ("client", &client_backup)]);
        let client = Served::start_at(Role::Client, &cluster.url("client"), &PATIENT[..2]);
        let done = reconcile_at(&cluster.url("provider"), &format!("{}/api/", client.url()), &[]);
        assert_eq!(done.code, 0, "{}{}", done.out, done.err);
        for (id, ..) in between {
            let expected = match first {
                "provider" => "only at the client role",
                _ => "sent again, under the same code",
            };
            assert_eq!(told(&done, id), expected, "{first} first: {}", done.out);
        }
        let provider = provider(&cluster.url("provider"), &client);
        for sent in before.iter().chain(between) {
            until("the document to open under its code", PATIENCE, || opens(&client, sent).then_some(()));
        }
        for (id, ..) in before {
            let document = provider.call(&Call::get(format!("/api/documents/{id}"))).expect(200);
            assert_eq!(document["delivery"]["state"], "delivered");
        }
        // What came after both backups is in neither: that is what archiving the log is for.
        assert!(after.iter().all(|sent| !opens(&client, sent)));
        let next = send(&provider, 1_000);
        assert!(opens(&client, &next));
        let quiet = reconcile_at(&cluster.url("provider"), &format!("{}/api/", client.url()), &["--dry-run"]);
        assert!(quiet.out.contains(": 0 taken over from the client role, 0 sent again"), "{}", quiet.out);
    }
}
