//! Whether `-webexURL` leads back to this gateway, which would call itself until its connections are used up.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use tokio::time::timeout;

use super::resolver::Resolver;
use crate::config::Origin;

/// A name that is not resolved by then is not this machine's own, which is known from `/etc/hosts` or the nearest name server.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether a call of `origin` arrives at the listener on `listen`. A name is only looked up where the port is the same.
pub async fn leads_back(origin: &Origin, listen: SocketAddr, resolver: Option<&Resolver>) -> bool {
    if origin.port() != listen.port() {
        return false;
    }
    let host = origin.authority.host().trim_matches(['[', ']']);
    let arrives = |ip| arrives(ip, listen.ip(), is_of_this_machine);
    match (host.parse(), resolver) {
        (Ok(ip), _) => arrives(ip),
        (Err(_), None) => false,
        (Err(_), Some(resolver)) => match timeout(PATIENCE, resolver.lookup(host)).await {
            Ok(Ok(mut addresses)) => addresses.any(|address| arrives(address.ip())),
            Ok(Err(_)) | Err(_) => false,
        },
    }
}

fn arrives(called: IpAddr, listen: IpAddr, is_of_this_machine: impl Fn(IpAddr) -> bool) -> bool {
    let (called, listen) = (reached(called.to_canonical()), listen.to_canonical());
    match listen.is_unspecified() {
        true => called.is_loopback() || is_of_this_machine(called),
        false => called == listen,
    }
}

/// Linux takes a call of the unspecified address for one of the loopback.
fn reached(called: IpAddr) -> IpAddr {
    match called {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    }
}

/// The system gives a socket no other address than one of the machine's own.
fn is_of_this_machine(ip: IpAddr) -> bool {
    UdpSocket::bind(SocketAddr::new(ip, 0)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> Origin {
        let uri: http::Uri = text.parse().unwrap();
        Origin {
            scheme: uri.scheme().unwrap().clone(),
            authority: uri.authority().unwrap().clone(),
        }
    }

    async fn calls_itself(webex: &str, listen: &str) -> bool {
        let resolver = Resolver::from_system().unwrap();
        leads_back(&origin(webex), listen.parse().unwrap(), Some(&resolver)).await
    }

    #[tokio::test]
    async fn every_way_of_writing_the_own_address_is_seen() {
        for (webex, listen) in [
            ("http://127.0.0.1:9001", "0.0.0.0:9001"),
            ("http://127.8.9.1:9001", "0.0.0.0:9001"),
            ("http://0.0.0.0:9001", "0.0.0.0:9001"),
            ("http://0.0.0.0:9001", "127.0.0.1:9001"),
            ("http://localhost:9001", "0.0.0.0:9001"),
            ("http://LocalHost:9001", "127.0.0.1:9001"),
            ("http://[::1]:9001", "[::]:9001"),
            ("http://[::]:9001", "[::1]:9001"),
            ("http://[::ffff:127.0.0.1]:9001", "0.0.0.0:9001"),
            ("http://127.0.0.1:9001", "[::]:9001"),
            ("http://192.0.2.7:9001", "192.0.2.7:9001"),
            ("http://localhost", "0.0.0.0:80"),
            ("https://localhost", "0.0.0.0:443"),
        ] {
            assert!(calls_itself(webex, listen).await, "{webex} at {listen}");
        }
    }

    #[tokio::test]
    async fn another_port_or_machine_is_not_this_gateway() {
        for (webex, listen) in [
            ("http://127.0.0.1:9002", "0.0.0.0:9001"),
            ("http://192.0.2.7:9001", "0.0.0.0:9001"),
            ("http://127.0.0.1:9001", "127.0.0.2:9001"),
            ("http://localhost:9001", "192.0.2.7:9001"),
            ("https://localhost", "0.0.0.0:80"),
            ("https://webexapis.com", "0.0.0.0:9001"),
        ] {
            assert!(!calls_itself(webex, listen).await, "{webex} at {listen}");
        }
    }

    #[test]
    fn an_address_of_the_machine_counts_where_the_gateway_listens_on_all_of_them() {
        let own: IpAddr = [10, 1, 2, 3].into();
        let any = Ipv4Addr::UNSPECIFIED.into();
        assert!(arrives(own, any, |ip| ip == own));
        assert!(!arrives([10, 1, 2, 4].into(), any, |ip| ip == own));
        assert!(!arrives(own, Ipv4Addr::LOCALHOST.into(), |ip| ip == own));
        assert!(is_of_this_machine(Ipv4Addr::LOCALHOST.into()));
        assert!(!is_of_this_machine([192, 0, 2, 7].into()));
    }
}
