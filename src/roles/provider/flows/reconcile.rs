//! Compares what this role knows of its documents with what the client role has, and mends
//! the difference: after the database of either was restored from a backup.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use awc::http::Method;
use diesel::PgConnection;
use uuid::Uuid;

use super::operations::{self, Wish};
use crate::domain::audit::{AuditAction, Trace};
use crate::domain::document::Operation;
use crate::domain::ids::{DocumentId, TenantId};
use crate::domain::standing::{Known, Mending, There, Told, compare};
use crate::domain::timestamp::Timestamp;
use crate::domain::wire::{DELIVERIES_PATH, STANDINGS_MAX, Standing, Standings};
use crate::domain::words::EventKind;
use crate::platform::audit::{OPERATOR, note_operator};
use crate::platform::clock;
use crate::platform::http::ApiError;
use crate::platform::http_client::CallError;
use crate::platform::outbox::{self, NewMessage, Place, Start};
use crate::platform::tenants::{self, Vault};
use crate::roles::provider::State;
use crate::roles::provider::client_api::Call;
use crate::roles::provider::jobs::deliver::{self, DESTINATION};
use crate::roles::provider::store;
use crate::roles::provider::store::operations::{Code, SealedCode};
use crate::roles::provider::store::standings::{self, Taken};

/// Rows that are read at a time.
const PAGE: i64 = 500;

/// Pauses before the client role is asked again.
const PAUSES: [Duration; 3] = [Duration::from_millis(500), Duration::from_secs(2), Duration::from_secs(5)];

/// What is told about.
pub type Tell<'a> = &'a mut dyn FnMut(Told);

/// Why comparing came to an end.
#[derive(Debug)]
pub enum Trouble {
    /// The client role.
    Client(CallError),
    /// The own database.
    Own(ApiError),
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Client(CallError::Status { status: 404 | 405, .. }) => f.write_str(
                "the client role can't be compared with: CLIENT_BASE_URL leads elsewhere, or its version is older than this one",
            ),
            Self::Client(error) => write!(f, "the client role {error}"),
            Self::Own(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Trouble {}

impl From<ApiError> for Trouble {
    fn from(error: ApiError) -> Self {
        Self::Own(error)
    }
}

/// Compares the documents of every tenant, and mends what differs if `mend` says so.
pub async fn run(state: &State, mend: bool, tell: Tell<'_>) -> Result<(), Trouble> {
    let list = |conn: &mut PgConnection| tenants::store::list(conn).map_err(ApiError::from);
    let mut compared = 0;
    for (tenant, standing, _) in state.db.of_everybody().read(list).await? {
        if standing == tenants::State::Deleted {
            continue;
        }
        let Some(vault) = state.tenants.active(&tenant).await.map_err(ApiError::from)? else {
            let why = "it is suspended, or its keys can't be opened".to_owned();
            tell(Told::Skipped(tenant, why));
            continue;
        };
        let round = Round { state, vault: &vault, mend };
        match round.of_tenant(&mut compared, tell).await {
            // About this tenant alone: it is suspended there, or something of it is broken.
            Err(Trouble::Client(CallError::Status { status: status @ (403 | 500), .. })) => {
                tell(Told::Skipped(tenant, format!("the client role answers with status {status}")));
            }
            ended => ended?,
        }
    }
    Ok(())
}

/// One tenant.
struct Round<'a> {
    state: &'a State,
    vault: &'a Arc<Vault>,
    mend: bool,
}

impl Round<'_> {
    fn tenant(&self) -> &TenantId {
        self.vault.tenant()
    }

    /// Walks through both lists, which are in the same order, page by page of the client role's.
    async fn of_tenant(&self, compared: &mut usize, tell: Tell<'_>) -> Result<(), Trouble> {
        let (mut after, mut differences) = (None, 0);
        loop {
            let page = self.ask(after).await.map_err(Trouble::Client)?;
            let items: Vec<_> = page.items.into_iter().filter_map(read).collect();
            let last = items.last().map(|(id, _)| *id);
            let until = if page.more { last } else { None };
            differences += self.page((after, until), items.into_iter().collect(), compared, tell).await?;
            after = last;
            if !page.more || last.is_none() {
                break;
            }
        }
        if self.mend {
            let own = self.tenant().clone();
            let forget = move |conn: &mut PgConnection| -> Result<(), ApiError> {
                standings::empty_reserve(conn, &own)?;
                if differences > 0 {
                    standings::ask_for_all_receipts(conn, &own)?;
                }
                Ok(())
            };
            self.state.db.of(self.tenant()).run_alone(forget).await?;
        }
        Ok(())
    }

    /// A page of the client role's list; asked for again where it may come later.
    async fn ask(&self, after: Option<Uuid>) -> Result<Standings, CallError> {
        let mut pauses = PAUSES.iter();
        loop {
            match (self.ask_once(after).await, pauses.next()) {
                (Err(error), Some(pause)) if error.is_temporary() => tokio::time::sleep(*pause).await,
                (asked, _) => return asked,
            }
        }
    }

    async fn ask_once(&self, after: Option<Uuid>) -> Result<Standings, CallError> {
        let after = after.map(|id| format!("&after={id}")).unwrap_or_default();
        let path = format!("{DELIVERIES_PATH}?limit={STANDINGS_MAX}{after}");
        let question = Call { method: Method::GET, path: &path, request_id: None, body: Vec::new() };
        let answer = self.state.client_api.call(self.tenant(), question).await?;
        serde_json::from_slice(&answer.body).map_err(|_| CallError::BadAnswer)
    }

    /// Compares what is known of the documents between two ids; tells how many differ.
    async fn page(
        &self,
        (mut after, until): (Option<Uuid>, Option<Uuid>),
        mut there: HashMap<Uuid, Standing>,
        compared: &mut usize,
        tell: Tell<'_>,
    ) -> Result<usize, Trouble> {
        let mut differences = 0;
        loop {
            let own = self.tenant().clone();
            let list = move |conn: &mut PgConnection| -> Result<_, ApiError> {
                Ok(standings::list(conn, &own, (after, until), PAGE)?)
            };
            let known = self.state.db.of(self.tenant()).read(list).await?;
            for (id, known) in &known {
                let standing = there.remove(id);
                differences += usize::from(self.one(*id, known, standing, tell).await?);
            }
            *compared += known.len();
            tell(Told::Compared(*compared));
            after = known.last().map(|(id, _)| *id);
            if known.len() < usize::try_from(PAGE).unwrap_or(usize::MAX) {
                break;
            }
        }
        for id in there.into_keys() {
            differences += 1;
            tell(Told::Differs(self.tenant().clone(), DocumentId(id), Mending::OnlyThere));
        }
        Ok(differences)
    }

    /// Compares one document and mends it; tells whether it differs.
    async fn one(
        &self,
        id: Uuid,
        known: &Known,
        standing: Option<Standing>,
        tell: Tell<'_>,
    ) -> Result<bool, Trouble> {
        let there = standing.as_ref().map(there);
        let mending = compare(known, there.as_ref(), clock::now());
        let done = match (mending, standing) {
            (Mending::Nothing, _) => return Ok(false),
            _ if !self.mend => true,
            (Mending::TakeOver | Mending::TakeOverOlderText, Some(standing)) => {
                self.take_over(id, known, &standing).await?
            }
            (Mending::SendAgain, _) => self.promise(id, known, Operation::Send).await?,
            (Mending::ChangeAgain, _) => self.promise(id, known, Operation::Expiry).await?,
            (Mending::RevokeAgain, Some(standing)) => self.revoke(id, known, standing.sequence).await?,
            _ => true,
        };
        let (tenant, id) = (self.tenant().clone(), DocumentId(id));
        tell(if done { Told::Differs(tenant, id, mending) } else { Told::Moved(tenant, id) });
        Ok(true)
    }

    /// Shows the document as the client role has it.
    async fn take_over(&self, id: Uuid, known: &Known, standing: &Standing) -> Result<bool, Trouble> {
        let (now, sequence) = (clock::now(), known.sequence);
        let code =
            standing.access_code.clone().map(|access_code| Code { access_code, link: standing.link.clone() });
        let code = code.map(|code| code.seal(self.vault, id)).transpose().map_err(ApiError::internal)?;
        let expires_at = Timestamp::parse(&standing.expires_at).unwrap_or(now);
        let (there, generation) = (there(standing), standing.generation);
        let taken = Taken { there, generation, expires_at, code: code.unwrap_or_else(SealedCode::default) };
        let kind = if there.revoked { EventKind::Revoked } else { EventKind::Delivered };
        let own = self.tenant().clone();
        let write = move |conn: &mut PgConnection| -> Result<bool, ApiError> {
            if !standings::take_over(conn, &own, (id, sequence), &taken, now)? {
                return Ok(false);
            }
            let place =
                Place { tenant: &own, destination: DESTINATION, subject: id, sequence: taken.there.sequence };
            outbox::supersede_up_to(conn, place, now)?;
            store::events::note(conn, &own, DocumentId(id), (kind, taken.there.version), now)?;
            note_operator(conn, &own, AuditAction::DocumentReconciled, id)?;
            Ok(true)
        };
        Ok(self.state.db.of(self.tenant()).run_alone(write).await?)
    }

    /// Promises an operation anew, under a higher number, with the code that is known.
    async fn promise(&self, id: Uuid, known: &Known, operation: Operation) -> Result<bool, Trouble> {
        let vault = Arc::clone(self.vault);
        let find = move |conn: &mut PgConnection| -> Result<_, ApiError> {
            Ok(store::documents::find(conn, &vault, DocumentId(id))?)
        };
        let found = self.state.db.of(self.tenant()).read(find).await?;
        let Some(document) = found.filter(|document| {
            (document.sequence, document.delivery.state, document.version)
                == (known.sequence, known.state, known.version)
        }) else {
            return Ok(false);
        };
        let wish = Wish::plain(operation, Trace::of(OPERATOR));
        Ok(operations::promise(self.state, self.vault, &document, wish).await?)
    }

    /// Promises a revocation anew, also of a document that was deleted here.
    async fn revoke(&self, id: Uuid, known: &Known, there: i64) -> Result<bool, Trouble> {
        let (now, sequence, version) = (clock::now(), known.sequence, known.version);
        let message = NewMessage {
            vault: Arc::clone(self.vault),
            topic: deliver::topic(Operation::Revoke),
            destination: DESTINATION.to_owned(),
            subject: id,
            sequence: sequence.max(there) + 1,
            payload: Vec::new(),
            trace_parent: None,
        };
        let (own, max_age) = (self.tenant().clone(), self.state.outbox.retry.max_age);
        let write = move |conn: &mut PgConnection| -> Result<bool, ApiError> {
            if !standings::revoke_again(conn, &own, (id, sequence), message.sequence)? {
                return Ok(false);
            }
            // Whatever waits under a lower number would change nothing there.
            let place =
                Place { tenant: &own, destination: DESTINATION, subject: id, sequence: message.sequence };
            outbox::supersede_up_to(conn, place, now)?;
            outbox::enqueue(conn, &message, Start::At(now), now, max_age)?;
            store::events::note(conn, &own, DocumentId(id), (EventKind::Revoked, version), now)?;
            note_operator(conn, &own, AuditAction::DocumentRevoked, id)?;
            Ok(true)
        };
        Ok(self.state.db.of(self.tenant()).run_alone(write).await?)
    }
}

fn read(standing: Standing) -> Option<(Uuid, Standing)> {
    Some((Uuid::try_parse(&standing.id).ok()?, standing))
}

fn there(standing: &Standing) -> There {
    let Standing { sequence, version, has_text, revoked, .. } = *standing;
    There { sequence, version, has_text, revoked, changed_at: Timestamp::parse(&standing.changed_at) }
}
