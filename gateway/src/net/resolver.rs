//! Names to addresses without the C library, whose resolver cannot load its modules in a static binary.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hickory_resolver::TokioResolver;
use hickory_resolver::config::LookupIpStrategy;
use hickory_resolver::net::NetError;
use hyper_util::client::legacy::connect::dns::Name;
use tower_service::Service;

/// Resolves names by `/etc/hosts` and the servers of `/etc/resolv.conf`. Clones share one cache.
#[derive(Clone, Debug)]
pub struct Resolver(Arc<TokioResolver>);

/// The addresses of a name, IPv4 and IPv6 as they came.
pub type Addresses = std::vec::IntoIter<SocketAddr>;

type Resolving = Pin<Box<dyn Future<Output = Result<Addresses, NetError>> + Send>>;

impl Resolver {
    /// A resolver with the system's configuration.
    pub fn from_system() -> Result<Self, NetError> {
        let mut builder = TokioResolver::builder_tokio()?;
        builder.options_mut().ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
        Ok(Self(Arc::new(builder.build()?)))
    }

    /// The addresses of `name`; port 0 stands for the port of the URL.
    pub async fn lookup(&self, name: &str) -> Result<Addresses, NetError> {
        // RFC 6761 section 6.3: localhost is always the loopback, whatever a name server says.
        if name.eq_ignore_ascii_case("localhost") {
            return Ok(vec![SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0)].into_iter());
        }
        let found = self.0.lookup_ip(name).await?;
        Ok(found
            .iter()
            .map(|address| SocketAddr::new(address, 0))
            .collect::<Vec<_>>()
            .into_iter())
    }
}

impl Service<Name> for Resolver {
    type Response = Addresses;
    type Error = NetError;
    type Future = Resolving;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), NetError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move { resolver.lookup(name.as_str()).await })
    }
}

impl reqwest::dns::Resolve for Resolver {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let addresses: reqwest::dns::Addrs = Box::new(resolver.lookup(name.as_str()).await?);
            Ok(addresses)
        })
    }
}
