//! A certificate authority of one run, and the origin's certificate.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

/// Files that configurations name.
pub(crate) struct Certificates {
    /// Whom every peer trusts.
    pub(crate) authority: PathBuf,
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

impl Certificates {
    /// Makes them, for `localhost` and 127.0.0.1.
    pub(crate) fn make(folder: &Path) -> anyhow::Result<Self> {
        let made = Self {
            authority: folder.join("authority.pem"),
            certificate: folder.join("origin.pem"),
            key: folder.join("origin.key"),
        };
        let mut authority = CertificateParams::new(Vec::new())?;
        // Of its own, or the certificate would look as if it had signed itself.
        authority
            .distinguished_name
            .push(DnType::CommonName, "authority of a benchmark");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority_key = KeyPair::generate()?;
        let signed = authority.self_signed(&authority_key)?;
        let issuer = Issuer::new(authority, authority_key);

        let key = KeyPair::generate()?;
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let certificate = CertificateParams::new(names)?.signed_by(&key, &issuer)?;
        fs::write(&made.authority, signed.pem())?;
        fs::write(&made.certificate, certificate.pem())?;
        fs::write(&made.key, key.serialize_pem())?;
        Ok(made)
    }
}
