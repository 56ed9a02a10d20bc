//! Whom the gateway trusts: the system's certificate authorities, or those of `SSL_CERT_FILE` and `SSL_CERT_DIR`.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use thiserror::Error;

/// No authority could be loaded.
#[derive(Debug, Error)]
#[error(
    "no certificate authority found ({problems}); install ca-certificates or set SSL_CERT_FILE to a PEM file"
)]
pub struct NoAuthorities {
    problems: String,
}

/// TLS 1.2 and 1.3 with the system's authorities.
pub fn client_config() -> Result<ClientConfig, NoAuthorities> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        let problems: Vec<_> = found.errors.iter().map(ToString::to_string).collect();
        return Err(NoAuthorities {
            problems: problems.join(", "),
        });
    }
    Ok(config(roots))
}

/// TLS that trusts nobody, for a Webex that is configured with `http://` on a machine without authorities.
#[must_use]
pub fn without_authorities() -> ClientConfig {
    config(RootCertStore::empty())
}

fn config(roots: RootCertStore) -> ClientConfig {
    ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has the cipher suites of TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth()
}
