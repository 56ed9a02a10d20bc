//! What a simulator starts with.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::listen::Listener;
use super::running::{Addresses, Running};
use super::tls::{self, TlsError, TlsFiles};
use crate::clock::{SystemClock, WallClock};
use crate::control::router as control_router;
use crate::control::types::{Rejection, SettingsPatch};
use crate::random::{OsRandom, Random};
use crate::replay::{self, ArchiveError};
use crate::router;
use crate::secret::Secret;
use crate::seed::Seed;
use crate::worlds::{Start, Worlds};

/// Entries a journal keeps: an hour of a busy test, some 10 MB.
const JOURNAL_CAPACITY: usize = 10_000;

/// Names the certificate is for: a laptop, the real thing on a test network, and the container.
const TLS_NAMES: [&str; 4] = ["localhost", "127.0.0.1", "webexapis.com", "webex-sim"];

/// Configuration of a simulator. All ports default to 0: the system picks free ones.
#[derive(Debug, Clone)]
#[must_use]
pub struct Builder {
    seed: Seed,
    settings: SettingsPatch,
    redirect_uris: Vec<String>,
    bind: IpAddr,
    port: u16,
    tls_port: u16,
    control_port: u16,
    tls_names: Vec<String>,
    tls_files: Option<TlsFiles>,
    clock: Arc<dyn WallClock>,
    random: Arc<dyn Random>,
    journal_capacity: usize,
    replay: Option<String>,
}

/// A simulator that did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A port is taken, or the address is not one of this machine.
    #[error("cannot listen on {address} for {purpose}: {source}")]
    Bind {
        /// Which of the three listeners: `the API`, `the API over TLS`, `the control API`.
        purpose: &'static str,
        /// Where it should listen.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The settings are not valid.
    #[error("the settings are not valid: {0}")]
    Settings(#[from] Rejection),
    /// The recording to replay cannot be used.
    #[error("the recording {0}")]
    Replay(#[from] ArchiveError),
    /// No certificate.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

// === impl Builder ===

impl Default for Builder {
    fn default() -> Self {
        Self {
            seed: Seed::default(),
            settings: SettingsPatch::default(),
            redirect_uris: Vec::new(),
            bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            tls_port: 0,
            control_port: 0,
            tls_names: TLS_NAMES.map(str::to_owned).to_vec(),
            tls_files: None,
            clock: Arc::new(SystemClock),
            random: Arc::new(OsRandom),
            journal_capacity: JOURNAL_CAPACITY,
            replay: None,
        }
    }
}

impl Builder {
    /// The world to start with, and to go back to on reset.
    pub fn seed(mut self, seed: Seed) -> Self {
        self.seed = seed;
        self
    }

    /// Credentials of the integration, instead of the seed's.
    pub fn credentials(mut self, client_id: impl Into<String>, client_secret: impl Into<String>) -> Self {
        self.seed.integration.client_id = client_id.into();
        self.seed.integration.client_secret = Secret::new(client_secret);
        self
    }

    /// Settings that differ from the defaults.
    pub fn settings(mut self, settings: SettingsPatch) -> Self {
        self.settings = settings;
        self
    }

    /// Registers a redirect URI besides those of the seed.
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.redirect_uris.push(uri.into());
        self
    }

    /// Address of all listeners; 127.0.0.1 by default.
    pub fn bind(mut self, address: IpAddr) -> Self {
        self.bind = address;
        self
    }

    /// Port of the API without TLS.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Port of the API with TLS.
    pub fn tls_port(mut self, port: u16) -> Self {
        self.tls_port = port;
        self
    }

    /// Port of the control API.
    pub fn control_port(mut self, port: u16) -> Self {
        self.control_port = port;
        self
    }

    /// Names and addresses the certificate is for.
    pub fn tls_names(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.tls_names = names.into_iter().map(Into::into).collect();
        self
    }

    /// A certificate authority of the user's, instead of a new one.
    pub fn tls_files(mut self, files: TlsFiles) -> Self {
        self.tls_files = Some(files);
        self
    }

    /// Where the real time comes from.
    pub fn clock(mut self, clock: Arc<dyn WallClock>) -> Self {
        self.clock = clock;
        self
    }

    /// Where random bytes come from.
    pub fn random(mut self, random: Arc<dyn Random>) -> Self {
        self.random = random;
        self
    }

    /// Entries the journal keeps before the oldest fall out.
    pub fn journal_capacity(mut self, entries: usize) -> Self {
        self.journal_capacity = entries;
        self
    }

    /// An HTTP Archive (HAR 1.2) whose answers are given again instead of simulated ones.
    pub fn replay(mut self, archive: impl Into<String>) -> Self {
        self.replay = Some(archive.into());
        self
    }

    /// Binds the listeners and serves. Nothing is served unless everything could be bound.
    pub async fn start(self) -> Result<Running, StartError> {
        let recording = self
            .replay
            .as_deref()
            .map(|archive| replay::read(archive.as_bytes()))
            .transpose()?;
        let start = Start::new(
            self.seed.clone(),
            self.settings.clone(),
            self.redirect_uris.clone(),
            Arc::clone(&self.clock),
            Arc::clone(&self.random),
            self.journal_capacity,
        );
        let worlds = Worlds::new(start, recording.unwrap_or_default())?;
        let certificates = tls::certificates(&self.tls_names, self.tls_files.as_ref(), self.clock.now())?;
        let api = self.listen("the API", self.port).await?;
        let tls = self.listen("the API over TLS", self.tls_port).await?;
        let control = self.listen("the control API", self.control_port).await?;
        let addresses = Addresses {
            api: api.1,
            tls: tls.1,
            control: control.1,
        };

        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let serve = |socket, app, tls| {
            let listener = Listener {
                app,
                tls,
                stop: stop.clone(),
                tasks: tasks.clone(),
            };
            tasks.spawn(listener.run(socket));
        };
        let app = router::api(worlds.clone());
        serve(api.0, app.clone(), None);
        serve(tls.0, app, Some(certificates.acceptor));
        serve(
            control.0,
            control_router::control(worlds.clone(), certificates.authority_pem.clone(), addresses),
            None,
        );
        tasks.close();
        Ok(Running::new(
            addresses,
            certificates.authority_pem,
            self.seed,
            worlds,
            stop,
            tasks,
        ))
    }

    async fn listen(
        &self,
        purpose: &'static str,
        port: u16,
    ) -> Result<(TcpListener, SocketAddr), StartError> {
        let address = SocketAddr::new(self.bind, port);
        let failed = |source| StartError::Bind {
            purpose,
            address,
            source,
        };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let bound = listener.local_addr().map_err(failed)?;
        Ok((listener, bound))
    }
}
