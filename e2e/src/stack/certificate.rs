//! TLS for a stack's nginx: the certificate, and the listener that shows it. The rest of the configuration stays as it
//! is documented.

use anyhow::Context;
use rcgen::{CertifiedKey, generate_simple_self_signed};

use super::PUBLIC_HOST;

/// File names beside nginx.conf.
pub(super) const CHAIN: &str = "chain.pem";
/// See [`CHAIN`].
pub(super) const KEY: &str = "key.pem";

/// The line of deploy/nginx/nginx.conf that opens the listener.
const LISTEN: &str = "listen 8088;";

/// A certificate that is its own authority.
pub(super) struct Certificate {
    pub(super) pem: String,
    pub(super) key: String,
}

impl Certificate {
    /// A new one for the public host name.
    pub(super) fn new() -> anyhow::Result<Self> {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed([PUBLIC_HOST.to_owned()])?;
        Ok(Self {
            pem: cert.pem(),
            key: signing_key.serialize_pem(),
        })
    }
}

/// nginx's configuration with TLS at its listener.
pub(super) fn with_tls(configuration: Vec<u8>) -> anyhow::Result<Vec<u8>> {
    let configuration = String::from_utf8(configuration)?;
    let (before, after) = configuration
        .split_once(LISTEN)
        .with_context(|| format!("nginx.conf has no {LISTEN:?}"))?;
    let tls = format!(
        "listen 8088 ssl;\n        ssl_certificate /etc/nginx/{CHAIN};\n        ssl_certificate_key /etc/nginx/{KEY};"
    );
    Ok(format!("{before}{tls}{after}").into_bytes())
}
