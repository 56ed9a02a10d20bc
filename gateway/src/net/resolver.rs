//! Names to addresses without the C library, whose resolver cannot load its modules in a static binary.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hickory_resolver::TokioResolver;
use hickory_resolver::config::LookupIpStrategy;
use hickory_resolver::net::NetError;
use hyper_util::client::legacy::connect::dns::Name;
use thiserror::Error;
use tower_service::Service;

/// Resolves names by `/etc/hosts` and the servers of `/etc/resolv.conf`. Clones share one cache.
#[derive(Clone, Debug)]
pub struct Resolver(Arc<TokioResolver>);

/// The addresses of a name, IPv4 and IPv6 as they came.
pub type Addresses = std::vec::IntoIter<SocketAddr>;

/// Why a name leads nowhere.
#[derive(Debug, Error)]
pub enum LookupError {
    /// The servers answer that there is nothing. The library's own text shows its inner query.
    #[error("the name {0} does not exist, or has no address")]
    NoAddress(String),
    /// They did not answer.
    #[error(transparent)]
    Failed(NetError),
}

type Resolving = Pin<Box<dyn Future<Output = Result<Addresses, LookupError>> + Send>>;

impl Resolver {
    /// A resolver with the system's configuration.
    pub fn from_system() -> Result<Self, NetError> {
        let mut builder = TokioResolver::builder_tokio()?;
        builder.options_mut().ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
        Ok(Self(Arc::new(builder.build()?)))
    }

    /// The addresses of `name`; port 0 stands for the port of the URL.
    pub async fn lookup(&self, name: &str) -> Result<Addresses, LookupError> {
        // RFC 6761 section 6.3: localhost is always the loopback, whatever a name server says.
        if name.eq_ignore_ascii_case("localhost") {
            return Ok(vec![SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0)].into_iter());
        }
        let found = self.0.lookup_ip(name).await;
        let found = found.map_err(
            |error| match error.is_no_records_found() || error.is_nx_domain() {
                true => LookupError::NoAddress(name.to_owned()),
                false => LookupError::Failed(error),
            },
        )?;
        Ok(found
            .iter()
            .map(|address| SocketAddr::new(address, 0))
            .collect::<Vec<_>>()
            .into_iter())
    }
}

impl Service<Name> for Resolver {
    type Response = Addresses;
    type Error = LookupError;
    type Future = Resolving;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), LookupError>> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_name_without_an_address_is_told_by_the_name() {
        // RFC 6761 section 6.4: no server is asked for it.
        let missing = Resolver::from_system().unwrap().lookup("webex.invalid").await;
        assert_eq!(
            missing.unwrap_err().to_string(),
            "the name webex.invalid does not exist, or has no address"
        );
    }
}
