//! What recipients see of the practice of a tenant: kept here for letters, and told to the
//! client role by the outbox.

use std::sync::Arc;

use diesel::PgConnection;
use serde_json::Value;
use uuid::Uuid;

use crate::domain::audit::{AuditAction, NOBODY, Trace};
use crate::domain::sender::{Introduction, Sender};
use crate::domain::wire::PresentSender;
use crate::platform::http::{ApiError, ErrorCode};
use crate::platform::outbox::inspect::{self, Progress};
use crate::platform::outbox::{self, NewMessage, Start};
use crate::platform::telemetry::trace;
use crate::platform::tenants::Vault;
use crate::platform::{audit, clock};
use crate::roles::provider::State;
use crate::roles::provider::jobs::deliver::{DESTINATION, SENDER};
use crate::roles::provider::store::senders::{self as store, Saved};

/// What messages about it are about: a tenant has one practice, which needs no name.
pub const SUBJECT: Uuid = Uuid::nil();
/// How often a change is decided again that another one overtakes.
const RACES: usize = 5;

/// A practice, and how far what it is known as has come.
#[derive(Debug, Clone)]
pub struct Known {
    /// What the tenant has said; `None` if it has said nothing.
    pub saved: Option<Saved>,
    /// How far the client role knows of it.
    pub progress: Progress,
}

impl Known {
    /// The version that was read; 0 before the first.
    #[must_use]
    pub fn version(&self) -> i32 {
        self.saved.as_ref().map_or(0, |saved| saved.version)
    }
}

/// What a tenant has said about itself.
pub async fn look(state: &State, vault: &Arc<Vault>) -> Result<Known, ApiError> {
    let own = Arc::clone(vault);
    let look = move |conn: &mut PgConnection| {
        let saved = store::find(conn, &own)?;
        let progress = inspect::progress(conn, own.tenant(), (SUBJECT, DESTINATION))?;
        Ok::<_, ApiError>(Known { saved, progress })
    };
    state.db.of(vault.tenant()).read(look).await
}

/// The practice that letters come from: what the tenant has said, or what holds for everybody.
pub async fn of(state: &State, vault: &Arc<Vault>) -> Result<Sender, ApiError> {
    let own = Arc::clone(vault);
    let find = move |conn: &mut PgConnection| store::find(conn, &own).map_err(ApiError::from);
    let saved = state.db.of(vault.tenant()).read(find).await?;
    Ok(saved.map_or_else(|| state.sender.clone(), |saved| saved.sender))
}

/// Saves what a body says about the practice, if `accepted` takes the version before, and
/// promises to tell the client role, both or neither. What changes nothing keeps the version
/// and is told once more, for a client role that has lost it.
pub async fn save(
    state: &State,
    vault: &Arc<Vault>,
    body: Value,
    accepted: impl Fn(i32) -> Result<(), ApiError> + Clone + Send + 'static,
    by: Trace,
) -> Result<Known, ApiError> {
    let saving = Saving {
        vault: Arc::clone(vault),
        introduction: Introduction::parse(body)?,
        max_age: state.outbox.retry.max_age,
        by,
        trace_parent: trace::current_parent(),
    };
    let saving = Arc::new(saving);
    for _ in 0..RACES {
        let (own, accepted) = (Arc::clone(&saving), accepted.clone());
        let save = move |conn: &mut PgConnection| own.write(conn, &accepted);
        if let Some(saved) = state.db.of(vault.tenant()).transaction(SUBJECT, save).await? {
            state.wake.ring();
            return Ok(Known { saved: Some(saved), progress: Progress::Waiting });
        }
    }
    Err(ApiError::new(ErrorCode::Conflict, "Others keep changing this; please try again"))
}

struct Saving {
    vault: Arc<Vault>,
    introduction: Introduction,
    max_age: std::time::Duration,
    by: Trace,
    trace_parent: Option<String>,
}

impl Saving {
    /// `None` if somebody was faster.
    fn write(
        &self,
        conn: &mut PgConnection,
        accepted: &impl Fn(i32) -> Result<(), ApiError>,
    ) -> Result<Option<Saved>, ApiError> {
        let (now, tenant) = (clock::now(), self.vault.tenant());
        store::lock(conn, tenant)?;
        let stored = store::find(conn, &self.vault)?;
        let (before, sequence) = stored.as_ref().map_or((0, 0), |stored| (stored.version, stored.sequence));
        accepted(before)?;
        let known = stored.as_ref().map(|stored| stored.sender.clone());
        let sender = self.introduction.clone().over(known.clone().unwrap_or_default());
        let is_new = known.as_ref() != Some(&sender);
        let saved = Saved {
            version: if is_new { before.saturating_add(1) } else { before },
            // Also newer than what a row said that was here before this one.
            sequence: now.as_millis().max(sequence.saturating_add(1)),
            updated_at: stored.filter(|_| !is_new).map_or(now, |stored| stored.updated_at),
            sender,
        };
        if !store::write(conn, &self.vault, &saved, before)? {
            return Ok(None);
        }
        if is_new {
            let entry = self.by.clone().did(AuditAction::SenderChanged, NOBODY, now);
            audit::note(conn, tenant, &entry)?;
        }
        outbox::supersede(conn, tenant, (SUBJECT, &[SENDER]), now)?;
        outbox::supersede_failed(conn, tenant, (SUBJECT, DESTINATION), now)?;
        let payload = serde_json::to_vec(&PresentSender::of(&saved.sender, saved.sequence));
        let message = NewMessage {
            vault: Arc::clone(&self.vault),
            topic: SENDER,
            destination: DESTINATION.to_owned(),
            subject: SUBJECT,
            sequence: saved.sequence,
            payload: payload.map_err(ApiError::internal)?,
            trace_parent: self.trace_parent.clone(),
        };
        outbox::enqueue(conn, &message, Start::At(now), now, self.max_age)?;
        Ok(Some(saved))
    }
}
