//! Tells the developer what to open and what to call, once the command can be called.

use std::time::Duration;

use tokio::net::TcpStream;
use url::Url;

use super::output;
use crate::Running;

/// How long the developer is left without a word while the command starts (or is compiled first).
const PATIENCE: Duration = Duration::from_secs(3);

/// Between two tries to connect: another process's listener gives no event to wait for.
const RETRY: Duration = Duration::from_millis(100);

/// Says it when the redirect URI's port is open, or after some seconds anyway. Never ends.
pub(super) async fn when_ready(running: &Running, redirect_uri: &str) {
    let gateway = Gateway::of(redirect_uri);
    match &gateway {
        Some(gateway) if tokio::time::timeout(PATIENCE, gateway.accepts()).await.is_err() => {
            let waiting = format!(
                "\nNothing listens on {} yet; it will be said when something does.",
                gateway.authority()
            );
            output::say(&(block(running, redirect_uri, Some(gateway)) + &waiting));
            gateway.accepts().await;
            output::say(&format!("\n{} can be called now.", gateway.origin));
        }
        gateway => output::say(&block(running, redirect_uri, gateway.as_ref())),
    }
    std::future::pending::<()>().await;
}

/// What the redirect URI says about the command's address.
struct Gateway {
    origin: String,
    host: String,
    port: u16,
}

impl Gateway {
    /// Absent for custom schemes, which are not served by a port.
    fn of(redirect_uri: &str) -> Option<Self> {
        let url = Url::parse(redirect_uri).ok()?;
        let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
        Some(Self {
            origin: url.origin().ascii_serialization(),
            host,
            port: url.port_or_known_default()?,
        })
    }

    fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Ready once the port is open.
    async fn accepts(&self) {
        while TcpStream::connect((self.host.as_str(), self.port)).await.is_err() {
            tokio::time::sleep(RETRY).await;
        }
    }
}

fn block(running: &Running, redirect_uri: &str, gateway: Option<&Gateway>) -> String {
    let calls = gateway.map(|gateway| {
        format!(
            "\n  Then try\n\n    curl {0}/v1/people/me\n    curl {0}/health\n",
            gateway.origin
        )
    });
    let administrator = running
        .seed()
        .administrator()
        .map(|(email, password)| format!("\n  Administrator: {email}, password {}\n", password.expose()));
    format!(
        "\n  The simulator is at {}. To authorise the gateway, open\n\n    {}\n{}{}  Control API:   {}/__sim/\n",
        running.url(),
        running.authorize_url(redirect_uri),
        calls.unwrap_or_default(),
        administrator.unwrap_or_default(),
        running.control_url(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gateways_address_is_that_of_the_redirect_uri() {
        let of = |uri| Gateway::of(uri).map(|gateway| (gateway.origin.clone(), gateway.authority()));
        let pair = |a: &str, b: &str| Some((a.to_owned(), b.to_owned()));
        assert_eq!(
            of("http://localhost:9001/code"),
            pair("http://localhost:9001", "localhost:9001")
        );
        assert_eq!(
            of("https://gw.example/code"),
            pair("https://gw.example", "gw.example:443")
        );
        assert_eq!(of("app.example:/code"), None);
    }
}
