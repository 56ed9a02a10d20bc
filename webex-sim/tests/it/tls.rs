//! The TLS listener: its authority, and both versions of HTTP.

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use reqwest::Version;
use webex_sim::TlsFiles;
use webex_sim::types::{EntryFilter, Version as Seen};

use crate::harness::{Sim, client};

#[tokio::test]
async fn alpn_decides_the_version_of_http() {
    let sim = Sim::start().await;
    for (alpn, version, seen) in [
        (&["h2", "http/1.1"][..], Version::HTTP_2, Seen::Http2),
        (&["http/1.1"], Version::HTTP_11, Seen::Http11),
        (&[], Version::HTTP_11, Seen::Http11),
    ] {
        let http = client(sim.running.ca_pem(), alpn);
        let answer = http
            .get(format!("{}/", sim.running.tls_url()))
            .send()
            .await
            .unwrap();
        assert_eq!((answer.status().as_u16(), answer.version()), (401, version));
        let entry = sim
            .running
            .control()
            .journal(&EntryFilter::default())
            .await
            .unwrap()
            .pop()
            .unwrap();
        assert_eq!((entry.http_version, entry.tls), (seen, true));
        assert_eq!(
            entry.header("host"),
            Some(sim.running.tls_url().trim_start_matches("https://"))
        );
    }
}

#[tokio::test]
async fn without_tls_http2_works_with_prior_knowledge() {
    let sim = Sim::start().await;
    let http = reqwest::Client::builder()
        .http2_prior_knowledge()
        .no_proxy()
        .tls_backend_preconfigured(tls_of_nobody())
        .build()
        .unwrap();
    let answer = http.get(sim.running.url()).send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.version()),
        (401, Version::HTTP_2)
    );
}

#[tokio::test]
async fn the_authority_is_served_and_others_are_not_trusted() {
    let (sim, other) = (Sim::start().await, Sim::start().await);
    assert_eq!(
        sim.running.control().ca_pem().await.unwrap(),
        sim.running.ca_pem()
    );
    let stranger = client(other.running.ca_pem(), &["h2"]);
    assert!(stranger.get(sim.running.tls_url()).send().await.is_err());
}

#[tokio::test]
async fn the_certificate_is_for_the_real_name() {
    let sim = Sim::start().await;
    let port = url::Url::parse(&sim.running.tls_url()).unwrap().port().unwrap();
    for name in ["webexapis.com", "webex-sim"] {
        let stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let connector = tokio_rustls::TlsConnector::from(std::sync::Arc::new(trusting(sim.running.ca_pem())));
        connector.connect(name.try_into().unwrap(), stream).await.unwrap();
    }
}

#[tokio::test]
async fn a_given_authority_is_used() {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certificate = params.self_signed(&key).unwrap().pem();
    let files = TlsFiles {
        certificate: certificate.clone(),
        key: key.serialize_pem(),
    };
    let sim = Sim::with(|builder| builder.tls_files(files)).await;
    assert_eq!(sim.running.ca_pem(), certificate);
    let answer = client(&certificate, &["h2"])
        .get(sim.running.tls_url())
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 401);
}

fn tls_of_nobody() -> rustls::ClientConfig {
    config(rustls::RootCertStore::empty())
}

fn trusting(ca_pem: &str) -> rustls::ClientConfig {
    use rustls::pki_types::{CertificateDer, pem::PemObject as _};
    let mut roots = rustls::RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(ca_pem.as_bytes()).unwrap())
        .unwrap();
    config(roots)
}

fn config(roots: rustls::RootCertStore) -> rustls::ClientConfig {
    rustls::ClientConfig::builder_with_provider(std::sync::Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}
