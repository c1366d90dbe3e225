//! What every request passes: reading it, knowing whose it is, answering it.

mod body;
mod caller;
pub mod docs;
mod envelope;
mod error;
pub mod health;
mod if_match;
mod query;

pub use body::{BodyLimit, JsonBody, read_body};
pub use caller::{Access, Caller, authenticate};
pub use envelope::{RequestId, envelope};
pub use error::{ApiError, ErrorBody, ErrorCode, ErrorDetails, FieldProblem, not_found};
pub use if_match::IfMatch;
pub use query::Query;
