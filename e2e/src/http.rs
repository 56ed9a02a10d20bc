//! The settings that every HTTP client of the suite shares.

use std::net::SocketAddr;
use std::sync::Once;
use std::time::Duration;

use reqwest::Certificate;

/// For whatever has no limit of its own: a container that is paused keeps connections open for ever.
const PATIENCE: Duration = Duration::from_secs(30);

/// A client that talks to the containers directly, whatever proxy the machine has, and follows no redirect.
pub(crate) fn client() -> reqwest::ClientBuilder {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // Fails only where a provider is installed already, and then there is one.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    reqwest::Client::builder()
        .no_proxy()
        .timeout(PATIENCE)
        .redirect(reqwest::redirect::Policy::none())
        .tls_certs_only([])
}

/// A client that finds hosts by the names they have in the field, and trusts the authorities given, in PEM.
pub(crate) fn outside(hosts: &[(&str, SocketAddr)], authorities: &str) -> anyhow::Result<reqwest::Client> {
    let http = client().tls_certs_only(Certificate::from_pem_bundle(authorities.as_bytes())?);
    Ok(hosts
        .iter()
        .fold(http, |http, (host, address)| http.resolve(host, *address))
        .build()?)
}
