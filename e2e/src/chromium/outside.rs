//! What a browser outside of a stack knows of it: where the names of the field lead, and whom to believe.

use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use sha2::{Digest, Sha256};

/// For a handshake over the loopback, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where things are, and the keys that are believed.
#[derive(Debug)]
pub(crate) struct Outside {
    places: Vec<Place>,
    /// Hashes of public keys, as Chromium's command line has them.
    keys: Vec<String>,
}

/// A name and a port of the field, and the address that answers for it here.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) host: &'static str,
    pub(crate) port: u16,
    pub(crate) address: SocketAddr,
    /// Has to prove who it is.
    pub(crate) is_secure: bool,
}

impl Outside {
    /// Learns the keys of the places that have TLS, whose certificates the authorities given have to have signed.
    pub(crate) async fn of(places: Vec<Place>, authorities: &str) -> anyhow::Result<Self> {
        let mut keys = Vec::new();
        for place in places.iter().filter(|place| place.is_secure).copied() {
            let authorities = authorities.to_owned();
            let key = tokio::task::spawn_blocking(move || key(place, &authorities)).await?;
            keys.push(key.with_context(|| format!("asking for the key of {}", place.host))?);
        }
        Ok(Self { places, keys })
    }

    /// Nobody is believed but those whom everybody believes.
    pub(super) fn without_trust(self) -> Self {
        Self {
            keys: Vec::new(),
            ..self
        }
    }

    /// The command line of a browser that lives there.
    pub(super) fn arguments(&self) -> Vec<String> {
        let known = self.places.iter().map(Place::rule);
        let rules: Vec<String> = known.chain(["MAP * ~NOTFOUND".to_owned()]).collect();
        let mut arguments = vec![format!("--host-resolver-rules={}", rules.join(","))];
        if !self.keys.is_empty() {
            let keys = self.keys.join(",");
            arguments.push(format!("--ignore-certificate-errors-spki-list={keys}"));
        }
        arguments
    }
}

impl Place {
    fn rule(&self) -> String {
        format!("MAP {}:{} {}", self.host, self.port, self.address)
    }
}

/// The SHA-256 of the public key that a server has proved to hold, in base64.
fn key(place: Place, authorities: &str) -> anyhow::Result<String> {
    let mut roots = RootCertStore::empty();
    for authority in CertificateDer::pem_slice_iter(authorities.as_bytes()) {
        roots.add(authority?)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut socket = TcpStream::connect_timeout(&place.address, PATIENCE)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    let mut connection = ClientConnection::new(Arc::new(config), ServerName::try_from(place.host)?)?;
    while connection.is_handshaking() {
        connection.complete_io(&mut socket)?;
    }
    let certificates = connection.peer_certificates().unwrap_or_default();
    let own = certificates.first().context("there is no certificate")?;
    let key = ParsedCertificate::try_from(own)?.subject_public_key_info();
    Ok(STANDARD.encode(Sha256::digest(&key)))
}
