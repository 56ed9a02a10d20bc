//! A port for chromedriver. Left to choose for itself it takes a free one for IPv6, and gives up where that is taken for IPv4: by any
//! connection that the system has given it to. So it gets one that the system gives to none.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::process;

use anyhow::Context as _;

/// Below those that Linux gives to connections, which begin at 32768.
const FIRST: u16 = 20_000;
/// Enough for all browsers of many runs at once.
const COUNT: u16 = 10_000;

/// A port on which nothing listens, and which no other run takes until this is dropped.
#[derive(Debug)]
pub(super) struct Port {
    pub(super) number: u16,
    /// Its name is the claim: the system gives it to one process, and takes it back when that ends, however it does.
    _claim: UnixListener,
}

impl Port {
    /// Takes one.
    pub(super) fn claim() -> anyhow::Result<Self> {
        // Runs that begin together begin apart.
        let start = process::id().wrapping_mul(97);
        (0..u32::from(COUNT))
            .filter_map(|step| u16::try_from(start.wrapping_add(step) % u32::from(COUNT)).ok())
            .find_map(|place| Self::at(FIRST + place))
            .context("each port from 20000 to 29999 is taken")
    }

    /// That one, unless it is taken.
    fn at(number: u16) -> Option<Self> {
        let name = SocketAddr::from_abstract_name(format!("webex-e2e.port.{number}")).ok()?;
        let claim = UnixListener::bind_addr(&name).ok()?;
        let is_free = |address: IpAddr| {
            let bound = TcpListener::bind((address, number));
            // Without IPv6 nobody listens on it.
            bound.map_or_else(|error| error.kind() != ErrorKind::AddrInUse, |_| true)
        };
        let free = is_free(Ipv4Addr::LOCALHOST.into()) && is_free(Ipv6Addr::LOCALHOST.into());
        free.then_some(Self {
            number,
            _claim: claim,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One that nobody claims but a test: each has its own thousand.
    fn beside(thousand: u16) -> u16 {
        let one = u16::try_from(process::id() % 1000).unwrap();
        FIRST + COUNT + 1000 * thousand + one
    }

    #[test]
    fn a_port_belongs_to_one_until_it_is_given_back() {
        let ports: Vec<_> = (0..20).map(|_| Port::claim().unwrap().number).collect();
        assert!(ports.iter().all(|number| (FIRST..FIRST + COUNT).contains(number)));
        let number = beside(0);
        let port = Port::at(number).unwrap();
        assert!(Port::at(number).is_none());
        drop(port);
        assert!(Port::at(number).is_some());
    }

    #[test]
    fn a_port_on_which_somebody_listens_is_passed_over_for_either_version_of_ip() {
        let number = beside(1);
        for address in [IpAddr::from(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()] {
            let listener = TcpListener::bind((address, number)).unwrap();
            assert!(Port::at(number).is_none(), "{address}");
            drop(listener);
            assert!(Port::at(number).is_some(), "{address}");
        }
    }
}
