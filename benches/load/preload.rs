//! The documents and codes that are there before something is measured.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::sync::Arc;
use std::time::Duration;

use oc::config::{AccessCodes, CodeHash, Keys};
use oc::domain::access_code::CodeLength;
use oc::domain::ids::TenantId;
use oc::local::Cluster;
use oc::platform::secrets::SecretKeys;
use oc::roles::client::codes::{Codes, Issued};

use crate::operations::{PGBENCH_SEND_IDS, PGBENCH_SENDABLE, READ_IDS, SEND_IDS, id};
use crate::scripts::PGBENCH_CODES;
use crate::stage::{KEY, SENDABLE, program};

/// Fills both databases and returns the code of every document.
pub fn load(cluster: &Cluster, port: u16, folder: &std::path::Path, documents: u64) -> Vec<String> {
    let psql = |database: &str, sql: &str| {
        let mut command = program(cluster, port, "psql", database);
        let status = command.args(["-q", "-v", "ON_ERROR_STOP=1", "-c", sql]).status().unwrap();
        assert!(status.success(), "{sql}");
    };
    let body = "(SELECT string_agg(md5(i::text || j::text), ' ') FROM generate_series(1, 30) j)";
    let rows = |from: u64, count: u64, status: &str| {
        format!(
            "INSERT INTO documents (tenant_id, id, title, content, content_type, status, version, delivery_state, created_at, updated_at) \
             SELECT 'default', ('01900000-0000-7000-8000-' || i)::uuid, 'Document number ' || i, {body}, 'text/markdown', '{status}', 1, 'none', now(), now() \
             FROM generate_series({}::bigint, {}::bigint) i",
            from + 1,
            from + count
        )
    };
    psql("oc_provider", &rows(READ_IDS, documents, "draft"));
    psql("oc_provider", &rows(SEND_IDS, SENDABLE, "final"));
    psql("oc_provider", &rows(PGBENCH_SEND_IDS, PGBENCH_SENDABLE, "final"));
    psql(
        "oc_client",
        &format!(
            "INSERT INTO documents (tenant_id, id, sequence, generation, version, opened_version, title, content, content_type, expires_at, created_at, updated_at) \
             SELECT 'default', ('01900000-0000-7000-8000-' || i)::uuid, 1, 1, 1, 1, 'Document number ' || i, {body}, 'text/markdown', now() + interval '30 days', now(), now() \
             FROM generate_series({}::bigint, {}::bigint) i",
            READ_IDS + 1,
            READ_IDS + documents
        ),
    );
    let (codes_file, selectors_file) = (folder.join("codes.csv"), folder.join("selectors.csv"));
    let codes = write_codes(&codes_file, &selectors_file, documents);
    psql("oc_client", "CREATE UNLOGGED TABLE bench_selectors (n bigint PRIMARY KEY, hash bytea NOT NULL)");
    psql(
        "oc_client",
        &format!(
            "\\copy access_codes (tenant_id, id, document_id, key_id, selector_hash, verifier_salt, verifier_hash, sealed_code, link_hash, sealed_link, created_at) FROM '{}' CSV",
            codes_file.display()
        ),
    );
    psql("oc_client", &format!("\\copy bench_selectors FROM '{}' CSV", selectors_file.display()));
    psql(
        "oc_provider",
        &format!(
            "INSERT INTO code_reserve (tenant_id, id, key_id, sealed, expires_at) \
             SELECT 'pgbench', ('01900000-0000-7000-8000-' || 100000000000 + i)::uuid, 'abcdef01', sha256(i::text::bytea) || sha256(i::text::bytea) || sha256(i::text::bytea), now() + interval '30 days' \
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

/// Makes a code for every document as the client role does. A selector that is
/// taken already is passed over.
fn write_codes(
    codes_file: &std::path::Path,
    selectors_file: &std::path::Path,
    documents: u64,
) -> Vec<String> {
    let keys = Arc::new(SecretKeys::new(&Keys(vec![KEY])).unwrap());
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
