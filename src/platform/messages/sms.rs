//! SMS, handed over to an HTTP service: `POST {"id", "to", "text"}` with a bearer
//! token; any 2xx means that it was taken over, any other status that it was not, but for
//! 502 and 504, which leave it open.

use std::time::Duration;

use awc::http::Method;
use serde::Serialize;
use uuid::Uuid;

use super::{NotSent, Outgoing};
use crate::config::SmsGateway;
use crate::platform::http_client::{CallError, HttpClient};

/// The service.
#[derive(Clone)]
pub(super) struct Sms {
    http: HttpClient,
    url: String,
    authorization: String,
}

#[derive(Serialize)]
struct Body<'a> {
    id: Uuid,
    to: &'a str,
    text: &'a str,
}

impl Sms {
    pub(super) fn new(gateway: &SmsGateway, timeout: Duration) -> Result<Self, CallError> {
        Ok(Self {
            http: HttpClient::new(&gateway.url, timeout)?,
            url: gateway.url.clone(),
            authorization: format!("Bearer {}", gateway.token.expose()),
        })
    }

    pub(super) async fn send(&self, outgoing: &Outgoing<'_>) -> Result<(), NotSent> {
        let body = Body { id: outgoing.id, to: outgoing.to, text: &outgoing.message.text };
        let body = serde_json::to_vec(&body).map_err(|error| NotSent::Refused(error.to_string()))?;
        let id = outgoing.id.to_string();
        let headers = [
            ("Authorization", self.authorization.as_str()),
            ("Content-Type", "application/json"),
            ("Idempotency-Key", id.as_str()),
        ];
        let answered = self.http.send(Method::POST, &self.url, &headers, body).await;
        match answered.and_then(crate::platform::http_client::Answer::success) {
            Ok(_) => Ok(()),
            // Something in between may have lost the answer, or the request.
            Err(CallError::Status { status: status @ (502 | 504), .. }) => Err(NotSent::Unknown(format!(
                "the SMS service is behind something that answered with status {status}"
            ))),
            Err(error @ (CallError::Status { .. } | CallError::Unreachable(_) | CallError::Forbidden(_))) => {
                Err(NotSent::Refused(format!("the SMS service {error}")))
            }
            Err(error) => Err(NotSent::Unknown(format!("the SMS service {error}"))),
        }
    }
}
