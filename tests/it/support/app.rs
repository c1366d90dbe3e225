//! A role's application without a socket.

use std::pin::Pin;
use std::rc::Rc;

use actix_web::body::to_bytes;
use actix_web::dev::Service as _;
use actix_web::http::Method;
use actix_web::test::{TestRequest, init_service};
use actix_web::web::ServiceConfig;
use oc::platform::http::health::Stopping;
use oc::platform::server::{RoleApp, build_app};

use super::http::{Answer, Call};

type Handler = dyn Fn(TestRequest) -> Pin<Box<dyn Future<Output = Answer>>>;

/// A role's application, ready to be called.
#[derive(Clone)]
pub struct TestApp(Rc<Handler>);

impl TestApp {
    /// Builds the application exactly as the server does.
    pub async fn new<F>(role: &RoleApp<F>) -> Self
    where
        F: Fn(&mut ServiceConfig) + Clone + 'static,
    {
        let service = Rc::new(init_service(build_app(role, &Stopping::default())).await);
        Self(Rc::new(move |request| {
            let service = Rc::clone(&service);
            Box::pin(async move {
                let response = service.call(request.to_request()).await.unwrap();
                let status = response.status().as_u16();
                let header = |(name, value): (
                    &actix_web::http::header::HeaderName,
                    &actix_web::http::header::HeaderValue,
                )| {
                    (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
                };
                let headers = response.headers().iter().map(header).collect();
                let body = to_bytes(response.into_body()).await;
                let body = body.unwrap_or_else(|_| panic!("the body broke off")).to_vec();
                Answer { status, headers, body }
            })
        }))
    }

    /// Sends a request and reads the whole answer.
    pub async fn call(&self, call: &Call) -> Answer {
        let mut request = TestRequest::with_uri(&call.path)
            .method(Method::from_bytes(call.method.as_bytes()).unwrap())
            .set_payload(call.body.clone());
        for (name, value) in &call.headers {
            request = request.append_header((name.as_str(), value.as_str()));
        }
        (self.0)(request).await
    }
}
