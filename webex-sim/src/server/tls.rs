//! Certificates: an authority made at the start, or one that is given, and a leaf for the names clients use.

use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;

/// Life of the leaf. Some clients refuse leaves that live longer than 398 days.
const LEAF_LIFE: SignedDuration = SignedDuration::from_hours(397 * 24);

/// Life of the authority: longer than any run.
const AUTHORITY_LIFE: SignedDuration = SignedDuration::from_hours(3_650 * 24);

/// Certificates start to be valid a day early, for clients whose clock is behind.
const EARLY: SignedDuration = SignedDuration::from_hours(24);

/// An authority of the user's.
#[derive(Clone)]
pub struct TlsFiles {
    /// The certificate, PEM.
    pub certificate: String,
    /// Its key, PEM.
    pub key: String,
}

impl std::fmt::Debug for TlsFiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TlsFiles").finish_non_exhaustive()
    }
}

/// No certificate could be made.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The key of the authority cannot be read.
    #[error("the key of the certificate authority is not usable: {0}")]
    Key(#[source] rcgen::Error),
    /// The certificate of the authority cannot be read.
    #[error("the certificate of the certificate authority is not usable: {0}")]
    Authority(#[source] rcgen::Error),
    /// A name is none.
    #[error("no certificate can be made for these names: {0}")]
    Names(#[source] rcgen::Error),
    /// rustls refuses what was made.
    #[error("the certificate is not usable: {0}")]
    Config(#[from] rustls::Error),
}

/// What the TLS listener needs, and what its clients need.
pub(crate) struct Certificates {
    pub(crate) acceptor: TlsAcceptor,
    pub(crate) authority_pem: String,
}

/// Makes the leaf, and the authority if none is given.
pub(crate) fn certificates(
    names: &[String],
    given: Option<&TlsFiles>,
    now: Timestamp,
) -> Result<Certificates, TlsError> {
    let (issuer, authority_pem) = match given {
        Some(files) => {
            let key = KeyPair::from_pem(&files.key).map_err(TlsError::Key)?;
            let issuer = Issuer::from_ca_cert_pem(&files.certificate, key).map_err(TlsError::Authority)?;
            (issuer, files.certificate.clone())
        }
        None => authority(now).map_err(TlsError::Authority)?,
    };
    let key = KeyPair::generate().map_err(TlsError::Key)?;
    let mut params = CertificateParams::new(names).map_err(TlsError::Names)?;
    params.distinguished_name.push(DnType::CommonName, "webex-sim");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    validity(&mut params, now, LEAF_LIFE);
    let leaf = params.signed_by(&key, &issuer).map_err(TlsError::Names)?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Certificates {
        acceptor: TlsAcceptor::from(Arc::new(config)),
        authority_pem,
    })
}

fn authority(now: Timestamp) -> Result<(Issuer<'static, KeyPair>, String), rcgen::Error> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::default();
    params
        .distinguished_name
        .push(DnType::CommonName, "webex-sim test authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    validity(&mut params, now, AUTHORITY_LIFE);
    let pem = params.self_signed(&key)?.pem();
    Ok((Issuer::new(params, key), pem))
}

/// From a day before `now` until so much later. Certificates of this simulator begin and end at midnight.
fn validity(params: &mut CertificateParams, now: Timestamp, life: SignedDuration) {
    let midnight = |later: SignedDuration| {
        let date = now
            .checked_add(later)
            .unwrap_or(now)
            .to_zoned(TimeZone::UTC)
            .date();
        date_time_ymd(
            date.year().into(),
            date.month().unsigned_abs(),
            date.day().unsigned_abs(),
        )
    };
    params.not_before = midnight(-EARLY);
    params.not_after = midnight(life);
}
