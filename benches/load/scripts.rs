//! The statements of each operation for pgbench, as the roles run them.

use crate::operations::{Operation, PGBENCH_SEND_IDS, PGBENCH_SENDABLE, READ_IDS, content};

/// Codes that are there for pgbench, in the reserve of the one role and reserved at the other.
pub const PGBENCH_CODES: u64 = 200_000;

const COLUMNS: &str = "id, title, content, content_type, recipient, metadata, expires_in, status, version, sent_version, sent_sequence, sequence, generation, operation, second_factor, access_code, link, expires_at, delivery_state, delivery_attempts, next_attempt_at, last_error, delivered_at, opened_at, created_at, updated_at";
/// Ids grow, as those of the roles do. `run` is given from outside.
const NEW_ID: &str =
    "\\set c :c + 1\n\\set k 100000000000 + :run % 800 * 1000000000 + :c * 100 + :client_id\n";
const THE_NEW: &str = "('01900000-' || :run || '-7000-8000-' || :k)::uuid";
const THE_PICKED: &str = "('01900000-0000-7000-8000-' || :n)::uuid";

/// Database and script. An operation that works on two databases has two scripts.
pub fn of(operation: Operation, documents: u64) -> Vec<(&'static str, String)> {
    let pick = format!("\\set n random({}, {})\n", READ_IDS + 1, READ_IDS + documents);
    match operation {
        Operation::Read => vec![("oc_provider", pick + &select())],
        Operation::List => vec![("oc_provider", pick + &list())],
        Operation::Create => vec![("oc_provider", create())],
        Operation::Update => vec![("oc_provider", pick + &update())],
        Operation::Send => vec![("oc_provider", promise("leased") + &settle()), ("oc_client", arrival())],
        Operation::Accept => vec![("oc_provider", promise("pending") + &select())],
        Operation::Arrive => vec![("oc_client", arrival())],
        Operation::Open => vec![("oc_client", pick + &open())],
        // Nothing is compared with it.
        Operation::Search => Vec::new(),
    }
}

/// A text as it is stored: sealed, and so 33 bytes longer.
fn sealed(text: &str) -> String {
    let hex = |byte: u8| format!("{byte:02x}");
    format!("'\\x01{}{}'", "5a".repeat(32), text.bytes().map(hex).collect::<String>())
}

/// Title and content of a document.
fn texts() -> (String, String) {
    (sealed("A title of a common length"), sealed(&content(1)))
}

/// A code and its link.
fn codes() -> (String, String) {
    (sealed("K7QM-4T9X-WR5C"), sealed("https://client.on-track.ch/view/K7QM-4T9X-WR5C"))
}

fn select() -> String {
    format!(
        "SELECT {COLUMNS} FROM documents WHERE tenant_id = 'default' AND id = ANY (ARRAY[{THE_PICKED}]) AND deleted_at IS NULL;\n"
    )
}

fn list() -> String {
    format!(
        "SELECT {COLUMNS} FROM documents WHERE tenant_id = 'default' AND deleted_at IS NULL AND id < {THE_PICKED} ORDER BY id DESC LIMIT 21;\n"
    )
}

fn create() -> String {
    let (title, content) = texts();
    format!(
        "{NEW_ID}BEGIN;\n\
         {}COMMIT;\n",
        noted(
            &format!(
                "INSERT INTO documents (tenant_id, id, delivery_state, created_at, title, content, content_type, status, version, updated_at) VALUES ('default', {THE_NEW}, 'none', now(), {title}, {content}, 'text/markdown', 'draft', 1, now()) ON CONFLICT DO NOTHING"
            ),
            "created"
        )
    )
}

/// A change of a document with its entry of the audit trail and its line of the history.
fn noted(change: &str, kind: &str) -> String {
    format!(
        "WITH written AS ({change} RETURNING tenant_id, id), \
         told AS (INSERT INTO audit_pending (tenant_id, target, outcome, action, at, who, address, agent, mark) \
           SELECT tenant_id, id::text, 'done', 'document.{kind}', now(), '-', '127.0.0.0/24', 'other', repeat('ab', 16) FROM written) \
         INSERT INTO document_events (tenant_id, document_id, id, kind, version, at) \
           SELECT tenant_id, id, gen_random_uuid(), '{kind}', 1, now() FROM written;\n"
    )
}

/// On documents of its own: what it writes can't be opened by the role.
fn update() -> String {
    let (title, content) = texts();
    format!(
        "{}BEGIN;\n\
         {}COMMIT;\n",
        select(),
        noted(
            &format!("UPDATE documents SET title = {title}, content = {content}, content_type = 'text/markdown', recipient = NULL, metadata = NULL, expires_in = NULL, second_factor = 'none', status = 'draft', version = version + 1, updated_at = now() WHERE tenant_id = 'pgbench' AND id = {THE_PICKED} AND version > 0 AND deleted_at IS NULL"),
            "edited"
        )
    )
    .replace("'default'", "'pgbench'")
}

/// What a sending writes before the client role is called.
fn promise(state: &str) -> String {
    let (first, last) = (PGBENCH_SEND_IDS + 1, PGBENCH_SEND_IDS + PGBENCH_SENDABLE);
    let (delivery, attempts, lease) = match state {
        "leased" => ("delivering", 1, "now() + interval '30 seconds'"),
        _ => ("queued", 0, "NULL"),
    };
    let ((code, link), payload) = (codes(), sealed(&content(1)));
    format!(
        "{NEW_ID}\\set n random({first}, {last})\n{}BEGIN;\n\
         DELETE FROM code_reserve WHERE tenant_id = 'pgbench' AND id = (SELECT id FROM code_reserve WHERE tenant_id = 'pgbench' AND expires_at > now() ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id, sealed;\n\
         {}\
         INSERT INTO outbox (tenant_id, id, topic, destination, subject_id, sequence, payload, state, attempts, due_at, leased_until, created_at, give_up_at) VALUES ('default', {THE_NEW}, 'document.deliver', 'pgbench', {THE_PICKED}, :k, {payload}, '{state}', {attempts}, now(), {lease}, now(), now() + interval '7 days');\n\
         COMMIT;\n",
        select(),
        noted(
            &format!(
                "UPDATE documents SET sequence = sequence + 1, generation = 1, operation = 'send', sent_version = version, access_code = {code}, link = {link}, expires_at = now(), delivery_state = '{delivery}', delivery_attempts = {attempts}, next_attempt_at = NULL, sent_sequence = sequence + 1 WHERE tenant_id = 'default' AND id = {THE_PICKED} AND version > 0 AND sequence >= 0 AND delivery_state <> 'failed'"
            ),
            "sent"
        )
    )
}

/// What it writes after the client role has answered, and what it reads for its own answer.
fn settle() -> String {
    let (code, link) = codes();
    format!(
        "BEGIN;\n\
         SELECT 1 FROM documents d JOIN unnest(ARRAY['default'], ARRAY[{THE_PICKED}]) AS g (tenant_id, id) ON d.tenant_id = g.tenant_id AND d.id = g.id ORDER BY d.tenant_id COLLATE \"C\", d.id FOR UPDATE OF d;\n\
         WITH given AS (SELECT * FROM unnest(ARRAY['default'], ARRAY[{THE_NEW}], ARRAY[1]) AS g (tenant_id, id, attempt)), \
         settled AS (UPDATE outbox o SET state = 'delivered', leased_until = NULL, last_error = NULL, payload = NULL, settled_at = now() FROM given g WHERE o.tenant_id = g.tenant_id AND o.id = g.id AND o.leased_until IS NOT NULL AND o.attempts = g.attempt RETURNING o.tenant_id, o.id), \
         logged AS (INSERT INTO outbox_attempts (tenant_id, message_id, attempt, ended_at, duration_ms, status) SELECT g.tenant_id, g.id, g.attempt, now(), 5, 201 FROM given g JOIN settled s USING (tenant_id, id)) SELECT id FROM settled;\n\
         WITH given AS (SELECT * FROM unnest(ARRAY['default'], ARRAY[{THE_PICKED}]) AS g (tenant_id, id)), \
         noted AS (INSERT INTO document_events (tenant_id, document_id, kind, at, version, detail) SELECT g.tenant_id, g.id, 'delivered', now(), d.sent_version, 'send' FROM given g JOIN documents d ON d.tenant_id = g.tenant_id AND d.id = g.id) \
         UPDATE documents d SET delivery_state = 'delivered', delivery_attempts = 1, next_attempt_at = NULL, last_error = NULL, access_code = {code}, link = {link}, delivered_at = now() FROM given g WHERE d.tenant_id = g.tenant_id AND d.id = g.id;\n\
         COMMIT;\n{}",
        select()
    )
}

/// What the client role writes when a document arrives.
fn arrival() -> String {
    let ((title, content), hash) = (texts(), sealed(&"h".repeat(32)));
    format!(
        "{NEW_ID}\\set r random(1, {PGBENCH_CODES})\nBEGIN;\n\
         INSERT INTO documents (tenant_id, id, created_at, sequence, generation, version, title, content, content_type, content_hash, expires_at, updated_at) VALUES ('default', {THE_NEW}, now(), 1, 1, 1, {title}, {content}, 'text/markdown', {hash}, now() + interval '90 days', now()) ON CONFLICT DO NOTHING;\n\
         UPDATE access_codes SET document_id = {THE_NEW}, expires_at = NULL WHERE selector_hash = ANY (ARRAY[sha256(convert_to(:r::text, 'UTF8'))]) AND tenant_id = 'default' AND document_id IS NULL AND expires_at > now() RETURNING tenant_id, id, key_id, selector_hash, verifier_salt, verifier_hash, work_factor, sealed_code, link_hash, sealed_link, failed_total, failed_link, dead_at;\n\
         INSERT INTO receipts (tenant_id, document_id, kind, version, at, content_hash) VALUES ('pgbench', {THE_NEW}, 'delivered', 1, now(), {hash});\n\
         INSERT INTO audit_pending (tenant_id, target, outcome, action, at, who, address, agent, mark) VALUES ('pgbench', {THE_NEW}::text, 'done', 'document.received', now(), 'provider', '127.0.0.0/24', 'other', repeat('ab', 16));\n\
         COMMIT;\n"
    )
}

/// Every document has been opened before, so that opening it only reads. The lock
/// that the role takes first is left out: a statement of its own for each would favour the role.
fn open() -> String {
    "SELECT c.tenant_id, c.id, c.key_id, c.selector_hash, c.verifier_salt, c.verifier_hash, c.work_factor, c.sealed_code, c.link_hash, c.sealed_link, c.failed_total, c.failed_link, c.dead_at, d.id, d.version, d.title, d.content, d.content_type, d.expires_at, d.opened_version, d.revoked_at, d.content_hash, d.second_factor, d.created_at, d.updated_at FROM access_codes c LEFT OUTER JOIN documents d ON d.tenant_id = c.tenant_id AND d.id = c.document_id WHERE c.selector_hash = ANY (ARRAY[(SELECT hash FROM bench.selectors WHERE n = :n)]) AND EXISTS (SELECT FROM tenants t WHERE t.tenant_id = c.tenant_id AND t.state = 'active');\n".to_owned()
}
