//! One web server for every role: the same middleware, the same health and docs
//! routes, the same way to stop. A role brings its own routes, nothing else.

use std::io;
use std::net::{SocketAddr, TcpListener};

use actix_web::body::MessageBody;
use actix_web::dev::{Server, ServerHandle, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{NormalizePath, TrailingSlash, from_fn};
use actix_web::web::{Data, ServiceConfig, to};
use actix_web::{App, Error};
use rustls::ServerConfig;

use super::db::Db;
use super::http::docs::{self, ApiDescription};
use super::http::health::{self, Stopping};
use super::http::{Access, BodyLimit, Guard, authenticate, envelope, guard, not_found};
use super::identity::Identity;
use super::metrics::route::{self as scraping, Observer};
use super::tls::Certificate;
use super::{listener, metrics};
use crate::config::{Http, TlsFiles, Web};

/// What a role hands to the server. `configure` runs once per worker thread.
#[derive(Clone)]
pub struct RoleApp<F> {
    /// The role, as in `--role`.
    pub role: &'static str,
    /// Its database.
    pub db: Db,
    /// Its API description.
    pub api: ApiDescription,
    /// Mounts its routes.
    pub configure: F,
    /// `MAX_BODY_BYTES`.
    pub max_body_bytes: usize,
    /// Who may come in.
    pub identity: Identity,
    /// What a request must pass before any route sees it.
    pub guard: Guard,
    /// What is looked at before the metrics are told.
    pub observer: Observer,
    /// `METRICS_PORT`. With it, metrics are told there and nowhere else.
    pub metrics_port: Option<u16>,
}

/// Builds a role's application without opening a socket: for serving and for tests.
pub fn build_app<F>(
    role: &RoleApp<F>,
    stopping: &Stopping,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody + use<F>>,
        Error = Error,
        InitError = (),
    > + use<F>,
>
where
    F: Fn(&mut ServiceConfig) + Clone + 'static,
{
    let metrics_elsewhere = role.metrics_port.is_some();
    App::new()
        .app_data(Data::new(BodyLimit(role.max_body_bytes)))
        .app_data(Data::new(role.db.clone()))
        .app_data(Data::new(stopping.clone()))
        .app_data(Data::new(role.api.clone()))
        .app_data(Data::new(Access::of(&role.identity)))
        .app_data(Data::new(role.guard.clone()))
        .app_data(Data::new(role.observer.clone()))
        .wrap(from_fn(authenticate))
        .wrap(from_fn(guard))
        .wrap(NormalizePath::new(TrailingSlash::MergeOnly))
        .wrap(from_fn(envelope))
        .configure(role.configure.clone())
        .configure(health::configure)
        .configure(move |cfg| {
            // One token of one tenant would tell how much all of them do.
            if !metrics_elsewhere {
                scraping::configure(cfg);
            }
        })
        .configure(docs::configure)
        .default_service(to(not_found))
}

/// What a port for scrapers alone answers: metrics and probes, nothing else.
fn build_scraped(
    (db, observer, outer): (Db, Observer, Guard),
    stopping: &Stopping,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody + use<>>,
        Error = Error,
        InitError = (),
    > + use<>,
> {
    App::new()
        .app_data(Data::new(db))
        .app_data(Data::new(observer))
        .app_data(Data::new(outer))
        .app_data(Data::new(stopping.clone()))
        .wrap(from_fn(guard))
        .wrap(from_fn(envelope))
        .configure(health::configure)
        .configure(scraping::configure_for_scrapers)
        .default_service(to(not_found))
}

/// A running server.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// `http` or `https`.
    pub scheme: &'static str,
    /// Where it listens for scrapers, if they have a port of their own.
    pub scraped: Option<SocketAddr>,
    /// Ends when it has stopped.
    pub server: Server,
    handle: ServerHandle,
    stopping: Stopping,
    drain: std::time::Duration,
    finally: Option<Finally>,
}

/// What is left to do once no request is in flight any more.
type Finally = std::pin::Pin<Box<dyn Future<Output = ()>>>;

/// Longest time for it.
const FINALLY_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(3);

/// Opens the socket and prepares the workers; nothing is served until
/// [`Running::server`] is awaited.
pub fn bind<F>(role: RoleApp<F>, settings: &Http) -> io::Result<Running>
where
    F: Fn(&mut ServiceConfig) + Clone + Send + 'static,
{
    metrics::start(role.role);
    let (listener, address) = open(settings, settings.port)?;
    let scraped = role.metrics_port.map(|port| open(settings, port)).transpose()?;
    let stopping = Stopping::default();
    let in_app = stopping.clone();
    let web = role.guard.web.clone();
    let builder = Server::build()
        .workers(settings.workers)
        .max_concurrent_connections(web.max_connections)
        .disable_signals()
        .shutdown_timeout(settings.shutdown_timeout.as_secs());
    let tls = web.tls.as_ref().map(serve_certificate).transpose()?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    // Who scrapes is asked nothing, so no page of another origin may read there, either.
    let alone = Web { cors_origins: Vec::new(), is_https: false, ..web.clone() };
    let observed = (role.db.clone(), role.observer.clone(), Guard { web: alone, ..role.guard.clone() });
    let app = move || build_app(&role, &in_app);
    let mut builder = listener::serve(builder, listener, tls, &web, app)?;
    let scraped = match scraped {
        None => None,
        Some((listener, address)) => {
            let in_app = stopping.clone();
            let app = move || build_scraped(observed.clone(), &in_app);
            builder = listener::serve(builder, listener, None, &web, app)?;
            Some(address)
        }
    };
    let server = builder.run();
    let (handle, drain) = (server.handle(), settings.drain);
    Ok(Running { address, scheme, scraped, handle, server, stopping, drain, finally: None })
}

fn open(settings: &Http, port: u16) -> io::Result<(TcpListener, SocketAddr)> {
    let wanted = SocketAddr::new(settings.host, port);
    let listener = listener::open(wanted).map_err(|e| explain(&e, wanted))?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

fn serve_certificate(files: &TlsFiles) -> io::Result<ServerConfig> {
    let certificate = Certificate::load(files).map_err(io::Error::other)?;
    let tls = certificate.server_config().map_err(io::Error::other)?;
    certificate.watch()?;
    Ok(tls)
}

impl Running {
    /// Does this at the end, for at most three seconds, after the last request.
    #[must_use]
    pub fn finally(self, work: impl Future<Output = ()> + 'static) -> Self {
        Self { finally: Some(Box::pin(work)), ..self }
    }

    /// Serves until `stop` resolves, then stops in order: not ready, no new
    /// connections, requests in flight finish.
    pub async fn until(self, stop: impl Future<Output = ()> + 'static) -> io::Result<()> {
        let Self { server, handle, stopping, drain, finally, .. } = self;
        actix_web::rt::spawn(async move {
            stop.await;
            log::info!("stopping: not ready from now on");
            stopping.begin();
            tokio::time::sleep(drain).await;
            handle.stop(true).await;
        });
        let stopped = server.await;
        if let Some(work) = finally
            && tokio::time::timeout(FINALLY_TIMEOUT, work).await.is_err()
        {
            log::warn!("stopped before everything that was left was written");
        }
        stopped
    }
}

fn explain(error: &io::Error, address: SocketAddr) -> io::Error {
    let advice = match error.kind() {
        io::ErrorKind::AddrInUse => {
            "another program listens there; stop it, or choose another port with PORT (--port)"
        }
        io::ErrorKind::PermissionDenied => {
            "ports below 1024 need special rights; choose a higher one with PORT (--port)"
        }
        io::ErrorKind::AddrNotAvailable => {
            "this machine does not have that address; choose another with HOST (--host)"
        }
        _ => "choose another address with HOST (--host) and PORT (--port)",
    };
    io::Error::new(error.kind(), format!("can't listen on {address}: {error}; {advice}"))
}
