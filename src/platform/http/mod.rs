//! What every request passes: reading it, knowing whose it is, answering it.

mod address;
mod body;
mod caller;
mod cors;
pub mod described;
pub mod docs;
mod envelope;
mod error;
mod guard;
pub mod health;
mod if_match;
mod query;
mod signed;

pub use address::ClientAddress;
pub use body::{BodyLimit, JsonBody, parse_json, read_body};
pub use caller::{Access, Caller, authenticate};
pub use cors::{is_from_elsewhere, is_from_strangers};
pub use envelope::{ErrorPages, RequestId, envelope};
pub use error::{
    ApiError, ErrorBody, ErrorCode, ErrorDetails, FieldProblem, SecondFactorAsked, SessionView, not_found,
};
pub use guard::Guard;
pub(super) use guard::guard;
pub use if_match::IfMatch;
pub use query::Query;
pub use signed::{Signed, wants_json};
