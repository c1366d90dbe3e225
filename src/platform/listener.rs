//! The socket, and HTTP/1.1 on it, with TLS or without.
//!
//! Not `actix_web::HttpServer`: over TLS it agrees on HTTP/2 as soon as any crate of the
//! program turns that feature on, as the client for calls to others does. HTTP/2 has
//! no bound here on streams and on readers that stand still, so one connection could fill
//! the memory.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_http::body::MessageBody;
use actix_http::h1::H1Service;
use actix_http::{HttpService, Request};
use actix_server::{GracefulShutdownSignal, ServerBuilder};
use actix_service::boxed::{self, BoxServiceFactory};
use actix_service::{IntoServiceFactory, ServiceFactory, map_config};
use actix_web::Error;
use actix_web::dev::{AppConfig, ServiceResponse};
use rustls::ServerConfig;

use crate::config::Web;

/// Longest time in which a reader takes nothing of an answer, in milliseconds: then the
/// system cuts the connection.
#[cfg(target_os = "linux")]
const STANDSTILL_MS: u32 = 30_000;
/// Longest wait for the other side to close its end.
const FAREWELL: Duration = Duration::from_secs(1);

/// Opens the socket.
pub fn open(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    // Every connection that it accepts inherits this.
    #[cfg(target_os = "linux")]
    rustix::net::sockopt::set_tcp_user_timeout(&listener, STANDSTILL_MS)?;
    Ok(listener)
}

/// Serves what `app` makes for each thread on this socket, over TLS if there is a
/// configuration of it.
pub fn serve<F, I, S, B>(
    builder: ServerBuilder,
    listener: TcpListener,
    tls: Option<ServerConfig>,
    web: &Web,
    app: F,
) -> io::Result<ServerBuilder>
where
    F: Fn() -> I + Clone + Send + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<
            Request,
            Config = AppConfig,
            Response = ServiceResponse<B>,
            Error = Error,
            InitError = (),
        > + 'static,
    B: MessageBody + 'static,
{
    let (web, stop) = (web.clone(), builder.graceful_shutdown_signal());
    match tls {
        None => builder.listen("http", listener, move || http_1(app(), &web, &stop).tcp()),
        Some(mut tls) => {
            tls.alpn_protocols = vec![b"http/1.1".to_vec()];
            builder.listen("https", listener, move || http_1(app(), &web, &stop).rustls_0_23(tls.clone()))
        }
    }
}

type Http1<T, B> = H1Service<T, BoxServiceFactory<(), Request, ServiceResponse<B>, Error, ()>, B>;

fn http_1<T, I, S, B>(app: I, web: &Web, stop: &GracefulShutdownSignal) -> Http1<T, B>
where
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<
            Request,
            Config = AppConfig,
            Response = ServiceResponse<B>,
            Error = Error,
            InitError = (),
        > + 'static,
    B: MessageBody + 'static,
{
    let stop = stop.clone();
    // Nothing here asks the framework for its own name or address.
    let app = map_config(app, |()| AppConfig::default());
    HttpService::build()
        .client_request_timeout(web.header_timeout)
        .client_disconnect_timeout(FAREWELL)
        .keep_alive(web.keep_alive)
        .graceful_shutdown_signal(move || {
            let stop = stop.clone();
            async move { stop.notified().await }
        })
        .h1(boxed::factory(app))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_connection_whose_reader_stands_still_is_cut_by_the_system() {
        let listener = open("127.0.0.1:0".parse().unwrap()).unwrap();
        let _reader = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (accepted, _) = listener.accept().unwrap();
        assert_eq!(rustix::net::sockopt::tcp_user_timeout(&accepted).unwrap(), STANDSTILL_MS);
    }
}
