//! The composition root: builds every part, binds the ports, and runs until told to stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::net::TcpListener;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::authorization::identity::Identity;
use crate::authorization::{Authorizer, Integration};
use crate::clock::Clock;
use crate::config::Config;
use crate::descriptors;
use crate::health::HealthCheck;
use crate::http::callback::CODE_PATH;
use crate::http::in_flight::InFlight;
use crate::http::serve::{Limits, Seat, serve};
use crate::http::site::Site;
use crate::http::{Services, callback_site, main_site};
use crate::net::resolver::Resolver;
use crate::net::{oauth_client, own_address, tls};
use crate::overview::{Facts, Overview};
use crate::proxy::Forwarder;
use crate::proxy::budget::IDLE_LIMIT;
use crate::proxy::upstream::Upstream;
use crate::token::endpoint::{TokenEndpoint, WebexTokenEndpoint};
use crate::token::file::{Loaded, StoreError, TokenFile};
use crate::token::keeper::{Dice, Keeper};
use crate::token::resource_server::WebexResourceServer;
use crate::workers::Workers;

/// How long running requests may go on after SIGTERM.
const DRAIN: Duration = Duration::from_millis(7500);
/// Docker sends SIGKILL 10 s after SIGTERM. A refresh in flight may take all the time before that: what it brings cannot be
/// had again from a server that rotates refresh tokens.
const LAST_CALL: Duration = Duration::from_secs(8);

/// A gateway that has bound its ports.
pub struct App {
    config: Config,
    main: (TcpListener, Vec<Seat>),
    callback: Option<(TcpListener, Site)>,
    /// They have to outlive everything that runs on them.
    workers: Workers,
    keeper: Keeper,
    authorizer: Authorizer,
    overview: Overview,
}

/// Why a gateway does not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// Tokens could not be kept here.
    #[error("-tokensFile: {0}; create the folder and make it writable for the user of the gateway")]
    TokensFolder(#[source] StoreError),
    /// Webex could not be trusted.
    #[error(transparent)]
    Authorities(#[from] tls::NoAuthorities),
    /// Names could not be resolved.
    #[error("cannot read the DNS configuration in /etc/resolv.conf: {0}")]
    Resolver(#[from] hickory_resolver::net::NetError),
    /// The client for OAuth calls could not be built.
    #[error("cannot build the HTTP client: {0}")]
    Client(#[from] reqwest::Error),
    /// The gateway would call itself for ever.
    #[error("-webexURL is the address of this gateway itself; set it to https://webexapis.com")]
    Loop,
    /// A port is taken or not allowed.
    #[error("cannot listen on {address}: {source}; choose another with {flag}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// The flag that sets it.
        flag: &'static str,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl StartError {
    /// 2 for what the configuration got wrong, 1 for what the machine does not give.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::TokensFolder(_) | Self::Authorities(_) | Self::Loop => 2,
            Self::Resolver(_) | Self::Client(_) | Self::Bind { .. } => 1,
        }
    }
}

impl App {
    /// Checks the tokens folder, loads the tokens, and binds. Requests will be answered on `workers`.
    pub async fn build(
        config: Config,
        clock: Arc<dyn Clock>,
        dice: Dice,
        workers: Workers,
    ) -> Result<Self, StartError> {
        let resolver = Resolver::from_system()?;
        if own_address::leads_back(&config.webex, config.listen, Some(&resolver)).await {
            return Err(StartError::Loop);
        }
        let file = TokenFile::new(&config.tokens_file);
        file.sweep();
        check_folder(&file)?;
        let tls = match config.webex.scheme == http::uri::Scheme::HTTP && config.token_url.scheme() == "http"
        {
            true => tls::client_config().unwrap_or_else(|_| tls::without_authorities()),
            false => tls::client_config()?,
        };
        let client = oauth_client::build(tls.clone(), resolver.clone(), config.proxies.clone())?;
        let upstream = || {
            let (scheme, authority) = (config.webex.scheme.clone(), config.webex.authority.clone());
            Upstream::new(scheme, authority, tls.clone(), resolver.clone(), &config.proxies)
        };
        let endpoint: Arc<dyn TokenEndpoint> = Arc::new(WebexTokenEndpoint {
            url: config.token_url.clone(),
            client_id: config.client_id.clone(),
            client_secret: config.client_secret.clone(),
            redirect_uri: config.redirect_uri.clone(),
            http: client.clone(),
        });
        let webex = Arc::new(WebexResourceServer {
            root: config.webex.url("/"),
            http: client.clone(),
            tracking_prefix: config.tracking_prefix.clone(),
        });
        let keeper = Keeper::open(file, Arc::clone(&endpoint), webex, clock, dice, config.org_id).await;
        let identity = Identity {
            http: client,
            people_me: config.webex.url("/v1/people/me"),
        };
        let authorizer = Authorizer::new(integration(&config), keeper.clone(), endpoint, identity);
        let forwarder = Forwarder {
            keeper: keeper.clone(),
            sight: keeper.sight(),
            upstream: upstream(),
            traffic: keeper.metrics().traffic(),
            timeout: config.timeout,
            idle: IDLE_LIMIT,
            tracking_prefix: config.tracking_prefix.clone(),
        };
        let overview = Overview::new(Facts::of(&config, keeper.now()), keeper.clone());
        let services = Services {
            health: HealthCheck::new(forwarder.clone(), config.login_url()),
            forwarder,
            authorizer: authorizer.clone(),
            overview: overview.clone(),
            gateway_key: config.gateway_key.clone(),
            in_flight: InFlight::default(),
        };
        let callback = match config.callback_listen {
            Some(address) => Some((bind(address, "-callbackPort").await?, callback_site(&services))),
            None => None,
        };
        let main = bind(config.listen, "-port").await?;
        let seats = workers.runtimes().iter().map(|runtime| {
            // On the way of a request, nothing is shared that one processor would have to take from another.
            let mut services = services.clone();
            services.forwarder.upstream = upstream();
            services.forwarder.traffic = keeper.metrics().traffic();
            services.forwarder.sight = keeper.sight();
            services.in_flight = services.in_flight.beside();
            Seat::new(runtime.clone(), main_site(services, callback.is_none()))
        });
        let seats = seats.collect();
        Ok(Self {
            main: (main, seats),
            callback,
            workers,
            keeper,
            authorizer,
            overview,
            config,
        })
    }

    /// The address of the main listener, with its real port where 0 was asked for.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.main.0.local_addr().unwrap_or(self.config.listen)
    }

    /// What `/status` and `/metrics` show, without a request.
    #[must_use]
    pub fn overview(&self) -> Overview {
        self.overview.clone()
    }

    /// The address of the callback listener, where it is a separate one.
    #[must_use]
    pub fn callback_address(&self) -> Option<SocketAddr> {
        self.callback
            .as_ref()
            .and_then(|(listener, _)| listener.local_addr().ok())
    }

    /// Serves until `stop`; then ends running requests, and a refresh in flight with its write.
    pub async fn run(self, stop: CancellationToken) {
        self.greet();
        let learning = self.authorizer.clone();
        let learning = tokio::spawn(async move { learning.keep_learning().await });
        let drained = CancellationToken::new();
        let keeping = tokio::spawn(self.keeper.clone().run(drained.clone()));
        let stopping = stop.clone();
        let last_call = tokio::spawn(async move {
            stopping.cancelled().await;
            Instant::now() + LAST_CALL
        });
        let (listener, seats) = self.main;
        let connections = descriptors::connections(self.callback.is_some());
        let main = serve(
            listener,
            seats,
            stop.clone(),
            Limits::new(connections.main, DRAIN),
        );
        match self.callback {
            None => main.await,
            Some((listener, site)) => {
                let limits = Limits::new(connections.callback, DRAIN);
                tokio::join!(main, serve(listener, Seat::here(site), stop, limits));
            }
        }
        // Only now: a request that ended last may have started a refresh.
        drained.cancel();
        learning.abort();
        let last_call = last_call.await.unwrap_or_else(|_| Instant::now());
        match timeout_at(last_call, keeping).await {
            Ok(Ok(())) => {}
            Ok(Err(crash)) => warn!("a part of the gateway crashed: {crash}"),
            Err(_) => warn!("a refresh that is still in flight is given up; the next start tries it again"),
        }
        drop(self.workers);
        info!("stopped");
    }

    fn greet(&self) {
        info!(
            "webex_gw {} listens on {}, calls {}",
            env!("CARGO_PKG_VERSION"),
            self.address(),
            self.config.webex
        );
        let path = url::Url::parse(&self.config.redirect_uri).map(|url| url.path().to_owned());
        if path.is_ok_and(|path| path != CODE_PATH) {
            warn!(
                "the path of redirect_uri is not {CODE_PATH}: unless a proxy on the way rewrites it, no authorisation will arrive"
            );
        }
        if self.keeper.snapshot().grant.is_none() {
            warn!(
                action = "reauthorise",
                "not authorised yet: log in as a Partner Full Admin at {}",
                self.config.login_url()
            );
        }
    }
}

fn integration(config: &Config) -> Integration {
    Integration {
        client_id: config.client_id.clone(),
        redirect_uri: config.redirect_uri.clone(),
        authorize_url: config.authorize_url.clone(),
        org_id: config.org_id,
        require_state: config.require_state,
    }
}

/// An unwritable folder is found now, not after an administrator has logged in. With tokens that can be read it is no reason
/// to stop serving.
fn check_folder(file: &TokenFile) -> Result<(), StartError> {
    match (file.probe(), file.load()) {
        (Ok(()), _) => Ok(()),
        (Err(problem), Loaded::Tokens(_)) => {
            warn!("{problem}; the gateway serves, but new tokens will be in memory only");
            Ok(())
        }
        (Err(problem), _) => Err(StartError::TokensFolder(problem)),
    }
}

async fn bind(address: SocketAddr, flag: &'static str) -> Result<TcpListener, StartError> {
    TcpListener::bind(address)
        .await
        .map_err(|source| StartError::Bind {
            address,
            flag,
            source,
        })
}
