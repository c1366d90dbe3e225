//! Fetches receipts from the client role: the provider asks, so that it may sit
//! behind a firewall or be away for a week.

use std::sync::Arc;

use awc::http::Method;
use diesel::PgConnection;
use uuid::Uuid;

use super::deliver::through_gate;
use crate::domain::ids::{DocumentId, TenantId};
use crate::domain::timestamp::Timestamp;
use crate::domain::wire::{RECEIPTS_MAX, RECEIPTS_PATH, Receipt, Receipts};
use crate::domain::words::EventKind;
use crate::platform::http::ApiError;
use crate::platform::http_client::CallError;
use crate::platform::receipts::looks_like_one;
use crate::platform::tenants::{TenantError, Vault};
use crate::roles::provider::client_api::Call;
use crate::roles::provider::store::events::Event;
use crate::roles::provider::store::receipts::SignedReceipt;
use crate::roles::provider::{State, metrics, store};

/// Fetches everything that is new for every tenant, and tells how many receipts there were.
pub async fn run(state: &State) -> Result<usize, ApiError> {
    let list = |conn: &mut PgConnection| store::reserve::accounts(conn).map_err(ApiError::from);
    let accounts = state.db.of_everybody().read(list).await?;
    state.reserve.keep(&accounts);
    let (mut count, mut all) = (0, true);
    for (tenant, cursor) in accounts {
        // Nothing is asked for a tenant that may not act; it is told everything later.
        if state.tenants.active(&tenant).await?.is_none() {
            continue;
        }
        all &= follow(state, &tenant, cursor, &mut count).await?;
    }
    if all {
        metrics::sending().receipts_fetched();
    }
    Ok(count)
}

/// Takes over what is new for a tenant, and tells whether the client role could be asked
/// for all of it.
async fn follow(
    state: &State,
    tenant: &TenantId,
    mut cursor: Option<String>,
    count: &mut usize,
) -> Result<bool, ApiError> {
    let vault = match state.tenants.vault(tenant).await {
        // Nothing is lost: they wait at the client role.
        Err(TenantError::Unknown | TenantError::Suspended) => return Ok(true),
        vault => vault?,
    };
    loop {
        let page = match ask(state, tenant, cursor.as_deref()).await {
            Ok(page) => page,
            Err(error) => {
                log::debug!("no receipts: the client role {error}");
                return Ok(false);
            }
        };
        if cursor.as_ref() == Some(&page.next) {
            return Ok(true);
        }
        let (more, next, read) = (page.more, page.next.clone(), page.items.len());
        let (own, from) = (Arc::clone(&vault), cursor.clone());
        let take_over = move |conn: &mut PgConnection| take_over(conn, &own, from.as_deref(), &page);
        let moved = state.db.of(tenant).run_alone(take_over).await?;
        if !moved {
            // Another process is at it.
            return Ok(true);
        }
        metrics::sending().receipts_taken(read);
        *count += read;
        cursor = Some(next);
        if !more {
            return Ok(true);
        }
    }
}

async fn ask(state: &State, tenant: &TenantId, after: Option<&str>) -> Result<Receipts, CallError> {
    let after = after.map(|cursor| format!("&after={cursor}")).unwrap_or_default();
    let path = format!("{RECEIPTS_PATH}?limit={RECEIPTS_MAX}{after}");
    let question = Call { method: Method::GET, path: &path, request_id: None, body: Vec::new() };
    let call = async {
        let answer = state.client_api.call(tenant, question).await?;
        serde_json::from_slice(&answer.body).map_err(|_| CallError::BadAnswer)
    };
    through_gate(state, call).await
}

/// Writes receipts into the histories and moves the cursor. Within a transaction,
/// so each is taken over once. `false` if somebody else has moved the cursor.
fn take_over(
    conn: &mut PgConnection,
    vault: &Vault,
    from: Option<&str>,
    page: &Receipts,
) -> Result<bool, ApiError> {
    let tenant = vault.tenant();
    if !store::reserve::advance(conn, tenant, from, &page.next)? {
        return Ok(false);
    }
    let signed: Vec<_> = page.items.iter().filter_map(signed).collect();
    if !signed.is_empty() {
        store::receipts::keep(conn, vault, &signed)?;
    }
    let mut receipts: Vec<_> = page.items.iter().filter_map(read).collect();
    // The documents are changed in ascending order, so that nobody waits crosswise.
    receipts.sort_by_key(|(id, _, _)| *id);
    for (id, kind, event) in receipts {
        if store::events::note_receipt(conn, tenant, id, &event)? {
            store::documents::note_receipt(conn, tenant, id, kind, event.at)?;
        }
    }
    Ok(true)
}

/// A receipt with a signature, which is kept whatever the history knows already.
/// It is for others to verify.
fn signed(receipt: &Receipt) -> Option<SignedReceipt> {
    let jws = receipt.jws.clone().filter(|jws| looks_like_one(jws))?;
    Some(SignedReceipt {
        document: receipt.document_id.parse().ok()?,
        id: Uuid::try_parse(&receipt.id).ok()?,
        outcome: EventKind::parse(&receipt.kind)?.as_str().to_owned(),
        version: receipt.version,
        at: Timestamp::parse(&receipt.at)?,
        jws,
    })
}

/// A receipt that belongs into the history. What the client role confirmed is
/// there already, and kinds of a newer version are passed over.
fn read(receipt: &Receipt) -> Option<(DocumentId, EventKind, Event)> {
    let kind = EventKind::parse(&receipt.kind)?;
    let event = Event {
        id: Uuid::try_parse(&receipt.id).ok()?,
        kind: receipt.kind.clone(),
        at: Timestamp::parse(&receipt.at)?,
        version: receipt.version,
        detail: None,
        receipt: None,
    };
    let taken = matches!(
        kind,
        EventKind::Opened
            | EventKind::CodeWrong
            | EventKind::CodeBlocked
            | EventKind::OtpBlocked
            | EventKind::FileFetched
            | EventKind::Expired
    );
    taken.then_some((receipt.document_id.parse().ok()?, kind, event))
}
