//! What the provider role and the client role say to each other, so that the
//! compiler checks the protocol on both sides.

mod answers;
mod operations;
mod sender;

pub use answers::{Receipt, Receipts, Reservations, ReservedCode, Standing, Standings};
pub use operations::{
    AccessChanged, ChangeAccess, DeliverDocument, Delivered, DeliveryReceipt, Ordering, Protection,
};
pub use sender::{PresentSender, SenderPresented};

/// Path under `CLIENT_BASE_URL` where documents are delivered.
pub const DELIVERIES_PATH: &str = "v1/documents";
/// Path under `CLIENT_BASE_URL` where access codes are handed out ahead of time.
pub const RESERVATIONS_PATH: &str = "v1/access-codes/reservations";
/// Path under `CLIENT_BASE_URL` where receipts are read.
pub const RECEIPTS_PATH: &str = "v1/receipts";
/// Path under `CLIENT_BASE_URL` where what recipients see of a practice is told.
pub const SENDER_PATH: &str = "v1/sender";
/// Most codes of one block.
pub const RESERVATIONS_MAX: i64 = 500;
/// Most receipts of one page.
pub const RECEIPTS_MAX: i64 = 500;
/// Most documents of one page.
pub const STANDINGS_MAX: i64 = 500;
/// Header that names the tenant.
pub const TENANT_HEADER: &str = "X-Tenant";
/// Header that names a request in the logs; of a delivery it is the message's id, in both roles.
pub const REQUEST_ID_HEADER: &str = "X-Request-Id";
/// Header of an answer to an operation that changed nothing, because another one with its
/// number or a higher one was applied before: `sequence-generation` of what holds.
pub const OVERTAKEN_HEADER: &str = "X-Overtaken-By";

#[cfg(test)]
mod tests {
    use serde_json::Value;

    #[test]
    fn numbers_of_the_metadata_are_the_same_wherever_they_are_read() {
        // Without a reader that rounds exactly, this one changes its last digit each time.
        let text = r#"{"a":2011e-308,"b":0.1,"c":1e308,"d":-0.0,"e":5e-324}"#;
        let read: Value = serde_json::from_str(text).unwrap();
        assert_eq!(read["a"].as_f64(), Some(2.011e-305));
        let again: Value = serde_json::from_str(&read.to_string()).unwrap();
        assert_eq!(again, read);
    }
}
