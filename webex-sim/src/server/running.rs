//! A simulator at work.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::control::handlers::worlds::created;
use crate::control::types::{Coverage, CreatedWorld, NewWorld, Rejection};
use crate::encode::percent_encoded;
use crate::seed::Seed;
use crate::worlds::Worlds;

/// A running simulator. Dropping it stops it in the background; [`Running::stop`] waits until it has.
#[derive(Debug)]
#[must_use = "dropping it stops the simulator"]
pub struct Running {
    addresses: Addresses,
    ca_pem: String,
    seed: Seed,
    worlds: Worlds,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// Where the listeners are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Addresses {
    pub(crate) api: SocketAddr,
    pub(crate) tls: SocketAddr,
    pub(crate) control: SocketAddr,
}

impl Running {
    pub(crate) fn new(
        addresses: Addresses,
        ca_pem: String,
        seed: Seed,
        worlds: Worlds,
        stop: CancellationToken,
        tasks: TaskTracker,
    ) -> Self {
        Self {
            addresses,
            ca_pem,
            seed,
            worlds,
            stop,
            tasks,
        }
    }

    /// Origin of the API, such as `http://127.0.0.1:41234`.
    #[must_use]
    pub fn url(&self) -> String {
        self.addresses.api_url()
    }

    /// Origin of the API over TLS, such as `https://localhost:41235`; its certificate is signed by [`Running::ca_pem`].
    #[must_use]
    pub fn tls_url(&self) -> String {
        self.addresses.tls_url()
    }

    /// Origin of the control API.
    #[must_use]
    pub fn control_url(&self) -> String {
        self.addresses.control_url()
    }

    /// The certificate authority that clients of [`Running::tls_url`] have to trust, PEM.
    #[must_use]
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// Client id of the integration.
    #[must_use]
    pub fn client_id(&self) -> &str {
        self.seed.client_id()
    }

    /// Client secret of the integration.
    #[must_use]
    pub fn client_secret(&self) -> &str {
        self.seed.client_secret().expose()
    }

    /// The URL that the developer portal would show for the integration: what an administrator opens to authorise it
    /// ("Integrations", OAuth Authorization URL). Order of the parameters and the fixed `state` are the portal's.
    #[must_use]
    pub fn authorize_url(&self, redirect_uri: &str) -> String {
        format!(
            "{}/v1/authorize?client_id={}&response_type=code&redirect_uri={}&scope={}&state=set_state_here",
            self.url(),
            percent_encoded(self.client_id()),
            percent_encoded(redirect_uri),
            percent_encoded(&self.seed.scopes()),
        )
    }

    /// The seed it started with.
    #[must_use]
    pub fn seed(&self) -> &Seed {
        &self.seed
    }

    /// A client of the control API.
    #[cfg(feature = "client")]
    #[must_use]
    pub fn control(&self) -> crate::client::ControlClient {
        crate::client::ControlClient::new(self.control_url())
    }

    /// Makes a world beside the first one, as `POST /__sim/worlds` does; on error there is none.
    pub fn create_world(&self, new: &NewWorld) -> Result<CreatedWorld, Rejection> {
        self.worlds.create(new).map(|world| created(&world))
    }

    /// The same, with a client of the control API for it.
    #[cfg(feature = "client")]
    pub fn world(&self, new: &NewWorld) -> Result<crate::client::World, Rejection> {
        let created = self.create_world(new)?;
        Ok(crate::client::World::new(created, &self.control()))
    }

    /// What has been exercised in all its worlds together, those included that are gone; `GET /__sim/coverage` is one world's.
    #[must_use]
    pub fn coverage(&self) -> Coverage {
        self.worlds.coverage()
    }

    /// Closes listeners and connections and waits until they are closed: the next connection is refused.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.wait().await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

// === impl Addresses ===

impl Addresses {
    pub(crate) fn api_url(self) -> String {
        format!("http://{}", reachable(self.api))
    }

    pub(crate) fn tls_url(self) -> String {
        format!("https://localhost:{}", self.tls.port())
    }

    pub(crate) fn control_url(self) -> String {
        format!("http://{}", reachable(self.control))
    }
}

/// An address a client on this machine can connect to: "all addresses" is none.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_addresses_become_this_machine() {
        assert_eq!(reachable("0.0.0.0:1".parse().unwrap()).to_string(), "127.0.0.1:1");
        assert_eq!(reachable("[::]:1".parse().unwrap()).to_string(), "[::1]:1");
        assert_eq!(reachable("10.0.0.7:1".parse().unwrap()).to_string(), "10.0.0.7:1");
    }
}
