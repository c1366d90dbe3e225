//! The documents and codes that are there before something is measured.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use diesel::{Connection as _, PgConnection};
use oc::config::{AccessCodes, CodeHash, Keys};
use oc::domain::access_code::CodeLength;
use oc::domain::ids::TenantId;
use oc::local::Cluster;
use oc::platform::clock;
use oc::platform::secrets::SecretKeys;
use oc::platform::tenants::{Field, Vault, open_vault, store};
use oc::roles::client::codes::{Codes, Issued};

use crate::operations::{PGBENCH_SEND_IDS, PGBENCH_SENDABLE, READ_IDS, SEND_IDS, content, id};
use crate::scripts::PGBENCH_CODES;
use crate::stage::{CODE_KEY, KEY, SENDABLE, program};

/// When everything was written.
const NOW: &str = "2026-11-20T00:00:00Z";

/// Fills both databases and returns the code of every document.
pub fn load(cluster: &Cluster, port: u16, folder: &std::path::Path, documents: u64) -> Vec<String> {
    let psql = |database: &str, sql: &str| {
        let mut command = program(cluster, port, "psql", database);
        let status = command.args(["-q", "-v", "ON_ERROR_STOP=1", "-c", sql]).status().unwrap();
        assert!(status.success(), "{sql}");
    };
    let load = |database: &str, columns: &str, rows: &mut dyn Iterator<Item = String>| {
        let mut command = program(cluster, port, "psql", database);
        let copy = format!("COPY documents (tenant_id, id, title, content, {columns}) FROM STDIN CSV");
        let mut child =
            command.args(["-q", "-v", "ON_ERROR_STOP=1", "-c", &copy]).stdin(Stdio::piped()).spawn().unwrap();
        let mut into = BufWriter::new(child.stdin.take().unwrap());
        rows.for_each(|row| writeln!(into, "{row}").unwrap());
        drop(into);
        assert!(child.wait().unwrap().success());
    };
    let written = "content_type, status, version, delivery_state, created_at, updated_at";
    let ready = [
        (READ_IDS, documents, "draft"),
        (SEND_IDS, SENDABLE, "final"),
        (PGBENCH_SEND_IDS, PGBENCH_SENDABLE, "final"),
    ];
    let vault = vault(port, "oc_provider");
    for (from, count, status) in ready {
        let rest = format!("text/markdown,{status},1,none,{NOW},{NOW}");
        load("oc_provider", written, &mut sealed_rows(&vault, from, count, &rest));
    }
    psql(
        "oc_provider",
        &format!(
            "INSERT INTO documents (tenant_id, id, title, content, {written}) \
             SELECT 'pgbench', id, title, content, {written} FROM documents WHERE status = 'draft'"
        ),
    );
    let vault = self::vault(port, "oc_client");
    let arrived =
        "sequence, generation, version, opened_version, content_type, expires_at, created_at, updated_at";
    let rest = format!("1,1,1,1,text/markdown,2099-01-01T00:00:00Z,{NOW},{NOW}");
    load("oc_client", arrived, &mut sealed_rows(&vault, READ_IDS, documents, &rest));
    let codes = load_codes(&psql, folder, documents);
    psql(
        "oc_provider",
        &format!(
            "INSERT INTO code_reserve (tenant_id, id, sealed, expires_at) \
             SELECT 'pgbench', ('01900000-0000-7000-8000-' || 100000000000 + i)::uuid, sha256(i::text::bytea) || sha256(i::text::bytea) || sha256(i::text::bytea), now() + interval '30 days' \
             FROM generate_series(1, {PGBENCH_CODES}) i"
        ),
    );
    psql(
        "oc_client",
        &format!(
            "INSERT INTO access_codes (tenant_id, id, key_id, selector_hash, verifier_salt, verifier_hash, sealed_code, expires_at, created_at) \
             SELECT 'default', ('01900000-0000-7000-a000-' || 100000000000 + i)::uuid, 'abcdef01', sha256(i::text::bytea), '\\x00112233445566778899aabbccddeeff', sha256(i::text::bytea), sha256(i::text::bytea), now() + interval '30 days', now() \
             FROM generate_series(1, {PGBENCH_CODES}) i"
        ),
    );
    for database in ["oc_provider", "oc_client"] {
        psql(database, "VACUUM ANALYZE");
        psql(database, "CHECKPOINT");
    }
    codes
}

/// Writes the codes of the documents, and their selectors for pgbench.
fn load_codes(psql: &impl Fn(&str, &str), folder: &std::path::Path, documents: u64) -> Vec<String> {
    let (codes_file, selectors_file) = (folder.join("codes.csv"), folder.join("selectors.csv"));
    let codes = write_codes(&codes_file, &selectors_file, documents);
    psql(
        "oc_client",
        "CREATE SCHEMA bench; CREATE UNLOGGED TABLE bench.selectors (n bigint PRIMARY KEY, hash bytea NOT NULL)",
    );
    psql(
        "oc_client",
        &format!(
            "\\copy access_codes (tenant_id, id, document_id, key_id, selector_hash, verifier_salt, verifier_hash, sealed_code, link_hash, sealed_link, created_at) FROM '{}' CSV",
            codes_file.display()
        ),
    );
    psql("oc_client", &format!("\\copy bench.selectors FROM '{}' CSV", selectors_file.display()));
    codes
}

/// What the documents of a role are sealed with; the tenant is made.
fn vault(port: u16, database: &str) -> Vault {
    let url = format!("postgres://oc@127.0.0.1:{port}/{database}");
    let (mut conn, tenant) = (PgConnection::establish(&url).unwrap(), TenantId::parse("default").unwrap());
    let masters = Arc::new(SecretKeys::new(&Keys(vec![KEY])).unwrap());
    let open = |conn: &mut PgConnection| {
        store::create(conn, &masters, &tenant, clock::now())?;
        open_vault(conn, &masters, &tenant)
    };
    conn.transaction(open).unwrap().unwrap()
}

/// Documents as lines of CSV, each with `rest` at its end.
fn sealed_rows<'a>(
    vault: &'a Vault,
    from: u64,
    count: u64,
    rest: &'a str,
) -> impl Iterator<Item = String> + 'a {
    let hex = |bytes: Vec<u8>| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let sealed = move |id: &str, column, text: &str| {
        let row: uuid::Uuid = id.parse().unwrap();
        hex(vault.seal_text(Field::new("documents", column), row, text).unwrap())
    };
    (from + 1..=from + count).map(move |number| {
        let id = id(number);
        let title = sealed(&id, "title", &format!("Document number {number}"));
        let content = sealed(&id, "content", &content(number));
        format!("default,{id},\\x{title},\\x{content},{rest}")
    })
}

/// Makes a code for every document as the client role does. A selector that is
/// taken already is passed over.
fn write_codes(
    codes_file: &std::path::Path,
    selectors_file: &std::path::Path,
    documents: u64,
) -> Vec<String> {
    let keys = Arc::new(SecretKeys::new(&Keys(vec![CODE_KEY])).unwrap());
    let codes = Codes::new(
        keys,
        &AccessCodes {
            life: Duration::ZERO,
            length: CodeLength::Twelve,
            hash: CodeHash::Fast,
            attempts: 10,
            refusal_floor: Duration::ZERO,
        },
    );
    let tenant = TenantId::parse("default").unwrap();
    let mut rows = BufWriter::new(File::create(codes_file).unwrap());
    let mut selectors = BufWriter::new(File::create(selectors_file).unwrap());
    let mut seen = std::collections::HashSet::new();
    (1..=documents)
        .map(|i| {
            loop {
                let document = id(READ_IDS + i);
                let Issued { code, stored, .. } = codes.issue(&tenant).unwrap();
                if seen.insert(stored.selector_hash.clone()) {
                    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
                    let selector = hex(&stored.selector_hash);
                    writeln!(
                        rows,
                        "default,{},{document},{},\\x{selector},\\x{},\\x{},\\x{},\\x{},\\x{},2026-11-20T00:00:00Z",
                        stored.id,
                        stored.key_id,
                        hex(&stored.verifier_salt),
                        hex(&stored.verifier_hash),
                        hex(&stored.sealed_code),
                        hex(&stored.link_hash.unwrap()),
                        hex(&stored.sealed_link.unwrap())
                    )
                    .unwrap();
                    writeln!(selectors, "{},\\x{selector}", READ_IDS + i).unwrap();
                    break code.to_string();
                }
            }
        })
        .collect()
}
