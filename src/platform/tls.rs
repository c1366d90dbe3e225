//! HTTPS out of the program itself: a certificate from files, taken up anew when
//! they are replaced.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};
use std::{fmt, io};

use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::config::TlsFiles;

/// Pause between two looks at the files.
const LOOK: Duration = Duration::from_secs(60);

/// What is wrong with the files, in words for whoever runs the program.
#[derive(Debug)]
pub struct TlsError(String);

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TlsError {}

/// The certificate that is served at the moment.
#[derive(Debug)]
pub struct Certificate {
    files: TlsFiles,
    read_at: Written,
    current: RwLock<Arc<CertifiedKey>>,
}

impl Certificate {
    /// Reads the files for the first time.
    pub fn load(files: &TlsFiles) -> Result<Arc<Self>, TlsError> {
        let read_at = written_at(files);
        let current = RwLock::new(Arc::new(read(files)?));
        Ok(Arc::new(Self { files: files.clone(), read_at, current }))
    }

    /// What the web server needs to know: TLS 1.2 and 1.3, no certificates of clients.
    pub fn server_config(self: &Arc<Self>) -> Result<ServerConfig, TlsError> {
        let versions = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsError(format!("TLS can't be set up: {error}")))?;
        let resolver = Arc::clone(self);
        Ok(versions.with_no_client_auth().with_cert_resolver(resolver))
    }

    /// Takes up replaced files: looks once a minute, and at once on SIGHUP. Files
    /// that can't be used change nothing but the log.
    pub fn watch(self: Arc<Self>) -> io::Result<()> {
        // Listening begins before anybody knows the process: a SIGHUP that nobody
        // listens to would end it.
        let hangup = signal(SignalKind::hangup())?;
        actix_web::rt::spawn(self.follow(hangup));
        Ok(())
    }

    async fn follow(self: Arc<Self>, mut hangup: Signal) {
        let mut seen = self.read_at;
        loop {
            let asked = tokio::time::timeout(LOOK, hangup.recv()).await.is_ok();
            let written = written_at(&self.files);
            if !asked && written == seen {
                continue;
            }
            match read(&self.files) {
                Ok(key) => {
                    *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(key);
                    log::info!("the certificate was read again");
                    seen = written;
                }
                Err(error) => log::error!("the old certificate is still served: {error}"),
            }
        }
    }
}

type Written = [Option<SystemTime>; 2];

fn written_at(files: &TlsFiles) -> Written {
    [&files.certificate, &files.key].map(|path| std::fs::metadata(path).and_then(|data| data.modified()).ok())
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

fn read(files: &TlsFiles) -> Result<CertifiedKey, TlsError> {
    let wrong = |setting: &str, path: &Path, what: &dyn fmt::Display| {
        TlsError(format!("{setting} names {}, which {what}", path.display()))
    };
    let of_certificate = |what: &dyn fmt::Display| wrong("TLS_CERT_FILE", &files.certificate, what);
    let of_key = |what: &dyn fmt::Display| wrong("TLS_KEY_FILE", &files.key, what);
    let text = std::fs::read(&files.certificate)
        .map_err(|error| of_certificate(&format!("can't be read: {error}")))?;
    let chain = CertificateDer::pem_slice_iter(&text).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|_| of_certificate(&"is not PEM"))?;
    if chain.is_empty() {
        return Err(of_certificate(&"holds no certificate"));
    }
    let text = std::fs::read(&files.key).map_err(|error| of_key(&format!("can't be read: {error}")))?;
    let key = PrivateKeyDer::from_pem_slice(&text).map_err(|_| of_key(&"holds no private key in PEM"))?;
    let key = default_provider()
        .key_provider
        .load_private_key(key)
        .map_err(|_| of_key(&"holds a key of a kind that can't be used"))?;
    let identity = CertifiedKey::new(chain, key);
    match identity.keys_match() {
        Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => Ok(identity),
        Err(rustls::Error::InconsistentKeys(_)) => Err(of_key(&"is not the key of the certificate")),
        Err(_) => Err(of_certificate(&"holds a certificate that can't be used")),
    }
}
