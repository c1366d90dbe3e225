//! Opening a document with a code: the same for the API and for the pages.

use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::PgConnection;

use super::guesses::{Guess, Verdict};
use super::slow_checks;
use crate::domain::access_code::AccessCode;
use crate::domain::audit::AuditAction;
use crate::domain::ids::DocumentId;
use crate::domain::protection;
use crate::domain::session::{Factor, Session};
use crate::domain::timestamp::Timestamp;
use crate::domain::words::{EventKind, SecondFactor};
use crate::platform::audit::{self, Who};
use crate::platform::http::{ApiError, ClientAddress, ErrorCode};
use crate::platform::limits::guesses as limits;
use crate::platform::telemetry::acts_for;
use crate::platform::telemetry::trace::{self, Span, SpanKind};
use crate::platform::tenants::{TenantError, Vault};
use crate::platform::{clock, exact_sleep, random};
use crate::roles::client::codes::{Codes, link_hash};
use crate::roles::client::store::access_codes::{self, Candidate};
use crate::roles::client::store::attempts::Way;
use crate::roles::client::store::documents::{self, OpenedRow};
use crate::roles::client::store::receipts;
use crate::roles::client::{State, metrics};

/// Least of the time by which refusals differ by chance.
const LEAST_BLUR: Duration = Duration::from_millis(4);

/// The one answer to unknown, wrong, blocked and unreadable codes.
const REFUSED: &str = "This code does not open a document; after several wrong tries a code is blocked";

/// What somebody brings to open a document.
#[derive(Clone, Copy)]
pub struct Typed<'a> {
    /// The token of a link.
    pub link: Option<&'a str>,
    /// The code as it was typed.
    pub code: &'a str,
    /// Who typed it.
    pub address: ClientAddress,
}

/// What is shown of a document once it is open.
#[derive(Debug, Clone)]
pub struct OpenedDocument {
    /// Its id.
    pub id: DocumentId,
    /// Its newest version.
    pub version: i32,
    /// Title.
    pub title: String,
    /// Content.
    pub content: String,
    /// `text/markdown` or `text/plain`.
    pub content_type: String,
    /// When access ends.
    pub expires_at: Timestamp,
    /// When the first version arrived.
    pub created_at: Timestamp,
    /// When the newest version arrived.
    pub updated_at: Timestamp,
}

/// What a right code leads to.
#[derive(Debug, Clone)]
pub enum Opened {
    /// The document, and the session that has begun.
    Document(OpenedDocument, Session),
    /// A second factor is asked for first; nothing is shown and no receipt is written.
    Asked(Asked),
}

/// A number has to be sent and typed.
#[derive(Debug, Clone)]
pub struct Asked {
    /// How it is sent.
    pub channel: SecondFactor,
    /// Where to, masked.
    pub to: String,
    /// The session in which that happens.
    pub session: Session,
}

/// What `typed` opens. That it has expired, was revoked or is on its way is told only to
/// someone whose code is right, and so is that a second factor is asked for; how many
/// tries are left, only to someone whose link is. When a refusal is answered does not
/// depend on what is refused.
pub async fn open_document(state: &State, typed: Typed<'_>, by: &Who) -> Result<Opened, ApiError> {
    let arrived = Instant::now();
    let opened = open(state, typed, by).await;
    metrics::opening().tried(&opened);
    if opened.as_ref().is_err_and(|error| is_refusal(error.code)) {
        let floor = state.access.refusal_floor;
        exact_sleep::sleep_until(arrived + floor + blur(floor)?).await;
    }
    opened
}

/// What a machine still tells after an equal wait, such as how warm its caches are, is some
/// hundredths of a millisecond. By chance up to a fiftieth of the floor, 5 ms, drowns that:
/// to hear it through, one needs thousands of guesses, and a code allows ten.
fn blur(floor: Duration) -> Result<Duration, ApiError> {
    let chance = u16::from_be_bytes(random::bytes().map_err(ApiError::internal)?);
    Ok((floor / 50).max(LEAST_BLUR).min(floor) * u32::from(chance) / u32::from(u16::MAX))
}

fn is_refusal(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::NotFound
            | ErrorCode::AccessCodeWrong
            | ErrorCode::AccessCodeBlocked
            | ErrorCode::RateLimited
    )
}

async fn open(state: &State, typed: Typed<'_>, by: &Who) -> Result<Opened, ApiError> {
    let candidate = judge(state, read(&state.codes, typed, by)?, typed).await?;
    acts_for(&candidate.tenant);
    let vault = match state.tenants.vault(&candidate.tenant).await {
        // Nobody gets to know that a tenant is suspended.
        Err(TenantError::Unknown | TenantError::Suspended) => return Err(refused()),
        vault => vault?,
    };
    let session = Session::begin(candidate.tenant.clone(), candidate.code.id, random::uuid(), clock::now());
    show(state, &vault, &candidate, session, by).await.map_err(|error| error.of_tenant(&candidate.tenant))
}

/// Shows the document of a code that was right, if the session has shown enough.
pub(super) async fn show(
    state: &State,
    vault: &Arc<Vault>,
    candidate: &Candidate,
    session: Session,
    by: &Who,
) -> Result<Opened, ApiError> {
    let row = accessible(candidate, clock::now())?;
    let _read = reading(row);
    if let Some(asked) = wanted(state, vault, candidate, &session).await? {
        return Ok(Opened::Asked(asked));
    }
    if row.opened_version >= row.version {
        state.audit.read(&candidate.tenant, by, AuditAction::DocumentRead, row.id);
        return Ok(Opened::Document(shown(state, vault, row).await?, session));
    }
    if note_opened(state, candidate, row, by).await? {
        return Ok(Opened::Document(shown(state, vault, row).await?, session));
    }
    // Somebody opened it at the same moment, or it has just been changed.
    let candidate = reload(state, candidate).await?;
    let row = accessible(&candidate, clock::now())?;
    if let Some(asked) = wanted(state, vault, &candidate, &session).await? {
        return Ok(Opened::Asked(asked));
    }
    state.audit.read(&candidate.tenant, by, AuditAction::DocumentRead, row.id);
    Ok(Opened::Document(shown(state, vault, row).await?, session))
}

/// A span in the trace of the document, with a link to the request of its reader.
fn reading(row: &OpenedRow) -> Span {
    let brought = row.trace_parent.as_deref().and_then(trace::read);
    let Some(brought) = brought.filter(|_| trace::is_on()) else { return Span::default() };
    let reader = trace::current_parent().as_deref().and_then(trace::read);
    Span::linked("open document", SpanKind::Internal, Some(&brought), reader)
}

/// What is asked for before a document is shown, if the session has not shown it.
pub(super) async fn wanted(
    state: &State,
    vault: &Arc<Vault>,
    candidate: &Candidate,
    session: &Session,
) -> Result<Option<Asked>, ApiError> {
    if accessible(candidate, clock::now())?.second_factor() == SecondFactor::None {
        return Ok(None);
    }
    let addressee = addressee(state, vault, candidate).await?;
    Ok((!session.opens(&addressee.factors)).then(|| addressee.asked(session)))
}

/// Whom a number goes to.
pub(super) struct Addressee {
    pub(super) document: DocumentId,
    pub(super) version: i32,
    pub(super) content_hash: Option<Vec<u8>>,
    pub(super) channel: SecondFactor,
    /// The address that the sender gave; empty where no second factor is asked for.
    pub(super) to: String,
    /// Both, as sessions name them under each key.
    pub(super) factors: Vec<Factor>,
    pub(super) language: Option<String>,
}

impl Addressee {
    /// What is asked of a session.
    pub(super) fn asked(&self, session: &Session) -> Asked {
        Asked { channel: self.channel, to: protection::masked(&self.to), session: session.clone() }
    }
}

/// Whom the sender of a document has named. Only read where it is needed.
pub(super) async fn addressee(
    state: &State,
    vault: &Arc<Vault>,
    candidate: &Candidate,
) -> Result<Addressee, ApiError> {
    let row = accessible(candidate, clock::now())?;
    let (own, id) = (Arc::clone(vault), row.id);
    let find = move |conn: &mut PgConnection| documents::recipient(conn, &own, id).map_err(ApiError::from);
    let (document, version, channel) = (DocumentId(row.id), row.version, row.second_factor());
    let content_hash = row.content_hash.clone();
    let mut addressee = Addressee {
        document,
        version,
        content_hash,
        channel,
        to: String::new(),
        factors: Vec::new(),
        language: None,
    };
    if channel != SecondFactor::None {
        let recipient = state.db.of(vault.tenant()).read(find).await?;
        let to = protection::address(channel, recipient.as_ref());
        addressee.to = to.ok_or_else(|| ApiError::internal("a second factor without an address"))?;
        addressee.factors = state.codes.factors(vault.tenant(), channel, &addressee.to);
        addressee.language = recipient.and_then(|recipient| recipient.language);
    }
    Ok(addressee)
}

/// Nothing that is read here is looked up: a typo costs nothing.
fn read(codes: &Codes, typed: Typed<'_>, by: &Who) -> Result<Guess, ApiError> {
    if typed.link.is_some() && typed.code.trim().is_empty() {
        let message = "The link needs the access code that came with it";
        return Err(ApiError::new(ErrorCode::AccessCodeRequired, message));
    }
    let code = AccessCode::parse(typed.code).map_err(|_| refused())?;
    let (way, hashes) = match typed.link {
        Some(token) => (Way::Link, vec![link_hash(token).ok_or_else(refused)?]),
        None => (Way::CodeAlone, codes.selector_hashes(&code)),
    };
    Ok(Guess { code, way, hashes, by: by.clone() })
}

/// What a guess leads to, if it is right. It is paid for before anything is looked
/// up; who has guessed wrong too often is held back.
async fn judge(state: &State, guess: Guess, typed: Typed<'_>) -> Result<Arc<Candidate>, ApiError> {
    let (way, code) = (guess.way, guess.code.clone());
    let selector = code.selector();
    let by = limits::Guess {
        code: typed.link.unwrap_or(&selector),
        address: typed.address.0,
        way: if way == Way::Link { limits::Way::Link } else { limits::Way::Code },
    };
    let limits = state.limits.guesses();
    limits.take(&by).await?;
    let verdict = match weigh(state, guess, &code).await {
        // Nobody has learnt anything, and people are asked to try again.
        Err(busy) if matches!(busy.code, ErrorCode::Overloaded | ErrorCode::DatabaseUnavailable) => {
            limits.give_back(&by).await;
            return Err(busy);
        }
        verdict => verdict?,
    };
    let tenant = match &verdict {
        Verdict::Right(candidate) => Some(&candidate.tenant),
        Verdict::Wrong(_, tenant) | Verdict::Blocked(tenant) => Some(tenant),
        Verdict::Unknown | Verdict::Charged(_) => None,
    };
    let tenant = tenant.filter(|_| way == Way::CodeAlone);
    if let Some(tenant) = tenant {
        // Right or wrong: the answer must not tell which.
        limits.take_of_tenant(tenant).await?;
    }
    match (&verdict, tenant) {
        (Verdict::Right(candidate), _) => {
            limits.note_right(&by, tenant).await;
            return Ok(Arc::clone(candidate));
        }
        // Nothing was compared: whoever knows a blocked code must not shut a tenant with it.
        (Verdict::Blocked(_), Some(tenant)) => limits.give_back_to_tenant(tenant).await,
        _ => {}
    }
    Err(match (verdict, way) {
        // Whoever has the link may know whom to call.
        (Verdict::Wrong(left, tenant), Way::Link) if left > 0 => wrong(left).of_tenant(&tenant),
        (Verdict::Wrong(_, tenant) | Verdict::Blocked(tenant), Way::Link) => blocked().of_tenant(&tenant),
        _ => refused(),
    })
}

/// Whether a guess is right, at the same cost whatever it is.
async fn weigh(state: &State, guess: Guess, code: &AccessCode) -> Result<Verdict, ApiError> {
    let verdict = match state.guesses.ask(guess).await? {
        Verdict::Charged(charged) => match slow_checks::settle(state, code, charged).await? {
            // What was read before a slow check is old by now.
            Verdict::Right(candidate) => Verdict::Right(Arc::new(reload(state, &candidate).await?)),
            verdict => verdict,
        },
        verdict => verdict,
    };
    let nothing_checked = matches!(verdict, Verdict::Unknown | Verdict::Blocked(_));
    if nothing_checked && !state.codes.are_quick() {
        slow_checks::pretend(state, code).await?;
    }
    Ok(verdict)
}

/// The same row once more, whose code has been found right.
async fn reload(state: &State, candidate: &Candidate) -> Result<Candidate, ApiError> {
    let hash = candidate.code.selector_hash.clone();
    let load =
        move |conn: &mut PgConnection| access_codes::by_selector(conn, &[hash]).map_err(ApiError::from);
    let mut found =
        state.db.of(&candidate.tenant).read(load).await?.into_iter().map(|(_, candidate)| candidate);
    found.find(|found| found.code.id == candidate.code.id).ok_or_else(refused)
}

fn refused() -> ApiError {
    ApiError::new(ErrorCode::NotFound, REFUSED)
}

fn wrong(left: i32) -> ApiError {
    let message = "This code is not right; details.remainingAttempts tells how often it may be tried";
    ApiError { remaining_attempts: Some(left), ..ApiError::new(ErrorCode::AccessCodeWrong, message) }
}

fn blocked() -> ApiError {
    let message = "Too many wrong codes were typed with this link; ask your practice for a new one";
    ApiError::new(ErrorCode::AccessCodeBlocked, message)
}

/// The document of a right code, if it may be read now.
pub(super) fn accessible(candidate: &Candidate, now: Timestamp) -> Result<&OpenedRow, ApiError> {
    let row = candidate.document.as_ref().ok_or_else(|| {
        let message = "The code is right, but its document has not arrived yet; please try again later";
        ApiError::new(ErrorCode::DocumentOnItsWay, message)
    })?;
    if candidate.dead {
        let message = "This code was replaced by another one; please use the newer one";
        return Err(ApiError::new(ErrorCode::AccessCodeRevoked, message));
    }
    if row.revoked_at.is_some() {
        return Err(ApiError::new(ErrorCode::AccessCodeRevoked, "Access to this document was withdrawn"));
    }
    if row.expires_at.0 <= now { Err(expired()) } else { Ok(row) }
}

fn expired() -> ApiError {
    ApiError::new(ErrorCode::AccessCodeExpired, "Access to this document has ended")
}

async fn shown(state: &State, vault: &Arc<Vault>, row: &OpenedRow) -> Result<OpenedDocument, ApiError> {
    let text = vault.reading_with(&state.db, |vault| row.open(vault)).await?;
    let (title, content) = text.ok_or_else(expired)?;
    Ok(OpenedDocument {
        id: DocumentId(row.id),
        version: row.version,
        title,
        content,
        content_type: row.content_type.clone(),
        expires_at: row.expires_at.0,
        created_at: row.created_at.0,
        updated_at: row.updated_at.0,
    })
}

/// Writes the receipt of the first opening of a version, before anything is
/// shown: a receipt that can't be written opens nothing.
/// `false` if it was not the first one, or access was withdrawn meanwhile.
async fn note_opened(
    state: &State,
    candidate: &Candidate,
    row: &OpenedRow,
    by: &Who,
) -> Result<bool, ApiError> {
    let (own, id, version) = (candidate.tenant.clone(), row.id, row.version);
    let (by, hash) = (state.audit.trace(&own, by), row.content_hash.clone());
    let note = move |conn: &mut PgConnection| -> Result<bool, ApiError> {
        let first = documents::note_opened(conn, &own, id, version)?;
        if first {
            let now = clock::now();
            receipts::note(conn, &own, id, (EventKind::Opened, (version, hash.as_deref())), now)?;
            audit::note(conn, &own, &by.clone().did(AuditAction::DocumentOpened, id, now))?;
        }
        Ok(first)
    };
    state.db.of(&candidate.tenant).transaction(id, note).await
}
