//! The second factor: a number that is sent to the address that the sender of the
//! document gave, and typed within the session that asked for it.
//!
//! It is sent while its reader waits, not promised: a number that comes after five
//! minutes is of no use. Everything about one access code happens one after the other,
//! under the lock of its row, so limits are exact however many try at once.

use diesel::PgConnection;

use super::opening::{Opened, addressee, show};
use super::sessions::{self, Resumed};
use crate::domain::audit::{AuditAction, Entry, Trace};
use crate::domain::ids::DocumentId;
use crate::domain::otp::{self, Hold, Otp};
use crate::domain::otp_message::OtpMessage;
use crate::domain::protection;
use crate::domain::session::Session;
use crate::domain::timestamp::Timestamp;
use crate::domain::words::{EventKind, SecondFactor};
use crate::platform::audit::{self, Who};
use crate::platform::http::{ApiError, ClientAddress, ErrorCode};
use crate::platform::limits::guesses as limits;
use crate::platform::messages::{Messenger, NotSent, Outgoing};
use crate::platform::{clock, random};
use crate::roles::client::codes::{Codes, StoredOtp};
use crate::roles::client::store::otps::{self, SentOtp};
use crate::roles::client::store::receipts;
use crate::roles::client::{State, metrics};

/// A number is on its way.
#[derive(Debug, Clone)]
pub struct SentNumber {
    /// How.
    pub channel: SecondFactor,
    /// Where to, masked.
    pub to: String,
    /// Until when it is good.
    pub expires_at: Timestamp,
    /// When the next one may be sent.
    pub resend_at: Timestamp,
    /// The session in which it is good.
    pub session: Session,
}

/// Makes a number and sends it.
pub async fn send_number(
    state: &State,
    messenger: &Messenger,
    token: &str,
    by: &Who,
) -> Result<SentNumber, ApiError> {
    let Resumed { session, vault, candidate } = sessions::resume(state, token).await?;
    let addressee = addressee(state, &vault, &candidate).await?;
    let channel = addressee.channel;
    if session.opens(&addressee.factors) {
        let message = "No number is needed any more: open the document with this session";
        return Err(ApiError::new(ErrorCode::Conflict, message));
    }
    let otp = Otp::from_random(random::bytes().map_err(ApiError::internal)?);
    let (now, id) = (clock::now(), random::uuid());
    let stored = state.codes.hash_otp(otp, &session, &addressee.to)?;
    let trace = state.audit.trace(&session.tenant, by);
    let entry = trace.did(AuditAction::NumberSent, addressee.document, now);
    let promised = promise(state, &session, stored, &entry).await;
    let numbers = |how| metrics::opening().number(channel, how);
    let Promised { resend_at, earlier } = promised.inspect_err(|error| {
        if matches!(error.code, ErrorCode::RateLimited | ErrorCode::OtpBlocked) {
            numbers("limited");
        }
    })?;
    let message = OtpMessage::new(otp, addressee.language.as_deref(), &state.host);
    let outgoing = Outgoing { id, to: &addressee.to, message: &message, now };
    if let Err(error) = messenger.send(channel, &outgoing).await {
        numbers("not_sent");
        if matches!(error, NotSent::Refused(_)) {
            take_back(state, &session, &entry, earlier).await?;
        }
        return Err(not_sent(error));
    }
    numbers("sent");
    let (to, expires_at) = (protection::masked(&addressee.to), now.plus(otp::LIFE));
    Ok(SentNumber { channel, to, expires_at, resend_at, session })
}

/// What became of a promise to send a number.
struct Promised {
    /// When the next one may be sent.
    resend_at: Timestamp,
    /// The number in whose place it is.
    earlier: Option<SentOtp>,
}

/// Counts a number as sent before it is, so that no more go out than are allowed.
async fn promise(
    state: &State,
    session: &Session,
    stored: StoredOtp,
    entry: &Entry,
) -> Result<Promised, ApiError> {
    let (own, entry, now) = (session.clone(), entry.clone(), entry.at);
    let sent = SentOtp { stored, tries: 0, sent_at: now, expires_at: now.plus(otp::LIFE) };
    let promise = move |conn: &mut PgConnection| -> Result<Result<Promised, Hold>, ApiError> {
        let tally = otps::lock_tally(conn, &own.tenant, own.code)?;
        if let Err(hold) = tally.check_sending(now) {
            return Ok(Err(hold));
        }
        let tally = tally.after_sending(now);
        otps::write_tally(conn, &own.tenant, own.code, &tally)?;
        let earlier = otps::find(conn, &own.tenant, own.id)?;
        otps::put(conn, &own.tenant, (own.id, own.code), &sent)?;
        audit::note(conn, &own.tenant, &entry)?;
        Ok(Ok(Promised { resend_at: tally.next_sending(now), earlier }))
    };
    state.db.of(&session.tenant).transaction(session.code, promise).await?.map_err(held)
}

/// As if the number had not been sent: it was not. An earlier one is good again.
async fn take_back(
    state: &State,
    session: &Session,
    entry: &Entry,
    earlier: Option<SentOtp>,
) -> Result<(), ApiError> {
    let (own, entry) = (session.clone(), entry.clone().refused());
    let take_back = move |conn: &mut PgConnection| -> Result<(), ApiError> {
        let tally = otps::lock_tally(conn, &own.tenant, own.code)?.without_sending(entry.at);
        otps::write_tally(conn, &own.tenant, own.code, &tally)?;
        if otps::remove_sent_at(conn, &own.tenant, own.id, entry.at)?
            && let Some(earlier) = &earlier
        {
            otps::put(conn, &own.tenant, (own.id, own.code), earlier)?;
        }
        Ok(audit::note(conn, &own.tenant, &entry)?)
    };
    state.db.of(&session.tenant).transaction(session.code, take_back).await
}

/// What comes of a number that was typed.
#[derive(Debug, Clone, Copy)]
enum Verdict {
    Right,
    /// So many tries of this number are left.
    Wrong(i32),
    /// There is none that could be right.
    Expired,
    Held(Hold),
}

impl Verdict {
    /// As the metrics name it.
    fn word(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Wrong(_) | Self::Expired => "wrong",
            Self::Held(_) => "limited",
        }
    }
}

/// Opens the document if the number is right.
pub async fn verify_number(
    state: &State,
    (token, typed): (&str, &str),
    address: ClientAddress,
    by: &Who,
) -> Result<Opened, ApiError> {
    let Resumed { session, vault, candidate } = sessions::resume(state, token).await?;
    let addressee = addressee(state, &vault, &candidate).await?;
    if session.opens(&addressee.factors) {
        return show(state, &vault, &candidate, session, by).await;
    }
    let code = session.code.to_string();
    // Whoever is here has proven to have the code: strangers do not shut him out.
    let guess = limits::Guess { code: &code, address: address.0, way: limits::Way::Link };
    let limits = state.limits.guesses();
    limits.take(&guess).await?;
    let trial = Trial {
        codes: state.codes.clone(),
        session: session.clone(),
        // What can't be a number is wrong like any other.
        typed: Otp::parse(typed),
        to: addressee.to.clone(),
        document: addressee.document,
        about: (addressee.version, addressee.content_hash.clone()),
        by: state.audit.trace(&session.tenant, by),
        now: clock::now(),
    };
    let judged = state.db.of(&session.tenant).transaction(session.code, move |conn| trial.judge(conn)).await;
    if let Ok(verdict) = &judged {
        metrics::opening().number(addressee.channel, verdict.word());
    }
    match &judged {
        Ok(Verdict::Right) => limits.note_right(&guess, None).await,
        Ok(Verdict::Wrong(_)) => {}
        // Nothing was compared.
        Ok(Verdict::Expired | Verdict::Held(_)) | Err(_) => limits.give_back(&guess).await,
    }
    match judged? {
        Verdict::Right => {
            let session = addressee.factors.first().copied().into_iter().fold(session, Session::raised);
            let shown = async {
                // The access may have ended meanwhile.
                let Resumed { candidate, .. } = sessions::resume(state, token).await?;
                show(state, &vault, &candidate, session.clone(), by).await
            };
            match shown.await {
                Err(error) if error.code.status().is_server_error() => {
                    // The number is used up: nobody is to lose it.
                    Err(error.asking(sessions::asked_view(state, addressee.asked(&session))?))
                }
                shown => shown,
            }
        }
        Verdict::Wrong(left) => Err(wrong(left)),
        Verdict::Expired => Err(expired()),
        Verdict::Held(hold) => Err(held(hold)),
    }
}

/// One try.
struct Trial {
    codes: Codes,
    session: Session,
    typed: Option<Otp>,
    to: String,
    document: DocumentId,
    /// Version and sealed hash of its text.
    about: (i32, Option<Vec<u8>>),
    by: Trace,
    now: Timestamp,
}

impl Trial {
    /// Compares and charges within one transaction, under a lock: a try is only looked
    /// at while it can be paid for, and nobody is answered before it is.
    fn judge(&self, conn: &mut PgConnection) -> Result<Verdict, ApiError> {
        let Self { session, now, .. } = self;
        let (tenant, code) = (&session.tenant, session.code);
        let tally = otps::lock_tally(conn, tenant, code)?;
        if let Err(hold) = tally.check_trying(*now) {
            return Ok(Verdict::Held(hold));
        }
        let sent = otps::find(conn, tenant, session.id)?;
        let Some(sent) = sent.filter(|sent| sent.is_good(*now)) else {
            return Ok(Verdict::Expired);
        };
        let right = |typed| self.codes.verify_otp(typed, session, &self.to, &sent.stored);
        if self.typed.is_some_and(right) {
            otps::remove(conn, tenant, session.id)?;
            return Ok(Verdict::Right);
        }
        let tally = tally.after_wrong(*now);
        otps::write_tally(conn, tenant, code, &tally)?;
        otps::count_try(conn, tenant, session.id)?;
        self.tell(conn, AuditAction::NumberWrong)?;
        if tally.wrong_total == otp::WRONG_IN_LIFE {
            self.tell(conn, AuditAction::NumberBlocked)?;
            let about = (self.about.0, self.about.1.as_deref());
            receipts::note(conn, tenant, self.document.0, (EventKind::OtpBlocked, about), *now)?;
        }
        Ok(Verdict::Wrong(otp::TRIES - sent.tries - 1))
    }

    fn tell(&self, conn: &mut PgConnection, action: AuditAction) -> Result<(), ApiError> {
        let entry = self.by.clone().did(action, self.document, self.now).refused();
        Ok(audit::note(conn, &self.session.tenant, &entry)?)
    }
}

fn wrong(left: i32) -> ApiError {
    let message = "This number is not right; details.remainingAttempts tells how often it may be tried";
    ApiError { remaining_attempts: Some(left), ..ApiError::new(ErrorCode::OtpWrong, message) }
}

fn expired() -> ApiError {
    let message = "No number that was sent is good any more; please have a new one sent";
    ApiError::new(ErrorCode::OtpExpired, message)
}

fn held(hold: Hold) -> ApiError {
    match hold {
        Hold::Wait(wait) => {
            let message =
                "Too many numbers were sent or typed; please try again after the time that Retry-After tells";
            ApiError { retry_after: Some(wait), ..ApiError::new(ErrorCode::RateLimited, message) }
        }
        Hold::Blocked => {
            let message = "Too many wrong numbers were typed; ask your practice for a new code";
            ApiError::new(ErrorCode::OtpBlocked, message)
        }
    }
}

fn not_sent(error: NotSent) -> ApiError {
    let message = match error {
        NotSent::Refused(_) => "The number could not be sent; please try again in half a minute",
        NotSent::Unknown(_) => "The number may not have been sent; please wait half a minute, then try again",
    };
    let (cause, retry_after) = (Some(error.into()), Some(otp::PAUSE));
    ApiError { cause, retry_after, ..ApiError::new(ErrorCode::OtpNotSent, message) }
}
