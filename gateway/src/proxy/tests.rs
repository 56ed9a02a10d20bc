//! HTTP/2 to Webex: what a stream that ends badly means for its request.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use h2::Reason;
use h2::server::{Connection, SendResponse};
use http::HeaderMap;
use http_body_util::BodyExt as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::*;
use crate::clock::{Clock as _, ManualClock, Timestamp};
use crate::config::environment::Variables;
use crate::metrics::exposition::Scene;
use crate::net::forward_proxy::ForwardProxies;
use crate::net::resolver::Resolver;
use crate::secret::{AuthorizationCode, CodeVerifier, RefreshToken};
use crate::token::endpoint::{TokenCall, TokenEndpoint};
use crate::token::failure::TokenError;
use crate::token::file::{Seen, TokenFile};
use crate::token::samples::{Webex, tokens};

type Server = Connection<TlsStream<TcpStream>, Bytes>;

/// Short enough to wait for in a test.
const SHORT: Duration = Duration::from_millis(300);

/// What Webex does with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Answer,
    AnswerWithTrailers,
    /// `RST_STREAM` before any answer.
    Reset(Reason),
    /// An orderly GOAWAY that names no processed stream.
    GoAwayUnprocessed,
    /// A GOAWAY with an error.
    GoAwayBroken,
    /// An answer that is reset in the middle of its body.
    Cut,
    /// An answer that stops in the middle of its body.
    Stall,
    /// Nothing of the body is read and nothing is said.
    Silence,
}

/// The fields of each request that came on a connection of [`serve`].
type Heads = Arc<Mutex<Vec<HeaderMap>>>;

#[derive(Debug)]
struct NoEndpoint;

impl TokenEndpoint for NoEndpoint {
    fn exchange<'a>(&'a self, _: &'a AuthorizationCode, _: Option<&'a CodeVerifier>) -> TokenCall<'a> {
        Box::pin(async { Err(TokenError::transient("there is no endpoint")) })
    }

    fn refresh<'a>(&'a self, _: &'a RefreshToken) -> TokenCall<'a> {
        Box::pin(async { Err(TokenError::transient("there is no endpoint")) })
    }
}

/// A forwarder in front of a Webex that speaks HTTP/2 and does one act after the other.
struct Bench {
    forwarder: Forwarder,
    requests: Arc<AtomicUsize>,
    heads: Heads,
    _dir: tempfile::TempDir,
}

impl Bench {
    async fn start(acts: &'static [Act]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let certificate = certified.cert.der().clone();
        let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
        let acceptor = acceptor(certificate.clone(), key);
        let requests = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&requests);
        let heads = Heads::default();
        let seen = Arc::clone(&heads);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, counted) = (acceptor.clone(), Arc::clone(&counted));
                let seen = Arc::clone(&seen);
                tokio::spawn(async move {
                    let stream = acceptor.accept(stream).await.unwrap();
                    match acts[counted.load(Ordering::SeqCst).min(acts.len() - 1)] {
                        Act::GoAwayUnprocessed => turn_away(stream, &counted).await,
                        _ => serve(stream, acts, &counted, &seen).await,
                    }
                });
            }
        });
        let dir = tempfile::tempdir().unwrap();
        let file = TokenFile::new(dir.path().join(".tokens"));
        let clock = ManualClock::at(Timestamp::from_unix_seconds(1_769_606_789));
        file.store(&tokens("1", clock.now()), clock.now().wall, &mut Seen::default())
            .unwrap();
        let keeper = Keeper::open(
            file,
            Arc::new(NoEndpoint),
            Arc::<Webex>::default(),
            Arc::new(clock),
            Box::new(|| 0.5),
            None,
        )
        .await;
        let upstream = Upstream::new(
            http::uri::Scheme::HTTPS,
            format!("localhost:{port}").parse().unwrap(),
            trusting(certificate),
            Resolver::from_system().unwrap(),
            &ForwardProxies::from_environment(&Variables::default()).unwrap(),
        );
        let forwarder = Forwarder {
            sight: keeper.sight(),
            traffic: keeper.metrics().traffic(),
            keeper,
            upstream,
            timeout: Duration::from_secs(9),
            idle: SHORT,
            tracking_prefix: "WW".to_owned(),
        };
        Self {
            forwarder,
            requests,
            heads,
            _dir: dir,
        }
    }

    async fn post(&self) -> Result<Response<Body>, GatewayError> {
        self.post_body(Body::from("hello")).await
    }

    async fn post_body(&self, body: Body) -> Result<Response<Body>, GatewayError> {
        let request = Request::post("/v1/people")
            .header("host", "gw")
            .header("te", "trailers")
            .header("authorization", "Bearer dummy")
            .header("cookie", "a=b")
            .header("x-other", "1")
            .header("connection", "trackingid, authorization");
        let mut request = request.body(body).unwrap();
        let served_at = ServedAt("127.0.0.1:9001".parse().unwrap());
        let answer = self
            .forwarder
            .forward(&mut request, &served_at, &TrackingId::new("WW"))
            .await;
        answer.map(|answer| answer.map(Body::new))
    }

    /// A line of the page for Prometheus.
    fn metric(&self, series: &str) -> String {
        let page = self.forwarder.keeper.metrics().page(Scene {
            snapshot: &self.forwarder.keeper.snapshot(),
            started: Timestamp::from_unix_seconds(0),
            now: ManualClock::at(Timestamp::from_unix_seconds(0)).now(),
        });
        let line = page.lines().find(|line| line.starts_with(series));
        line.unwrap_or_default().to_owned()
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

fn acceptor(certificate: CertificateDer<'static>, key: PrivateKeyDer<'static>) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let mut config = config
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    TlsAcceptor::from(Arc::new(config))
}

fn trusting(certificate: CertificateDer<'static>) -> rustls::ClientConfig {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    config
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

async fn serve(
    stream: TlsStream<TcpStream>,
    acts: &[Act],
    counted: &AtomicUsize,
    seen: &Mutex<Vec<HeaderMap>>,
) {
    let mut server: Server = h2::server::handshake(stream).await.unwrap();
    while let Some(Ok((request, respond))) = server.accept().await {
        seen.lock().unwrap().push(request.headers().clone());
        let act = acts[counted.fetch_add(1, Ordering::SeqCst).min(acts.len() - 1)];
        match act {
            Act::GoAwayBroken => server.abrupt_shutdown(Reason::PROTOCOL_ERROR),
            _ => {
                tokio::spawn(answer(request, respond, act));
            }
        }
    }
}

#[tokio::test]
async fn each_sending_has_the_token_one_tracking_id_and_nothing_of_the_clients_connection() {
    let bench = Bench::start(&[Act::Reset(Reason::REFUSED_STREAM), Act::Answer]).await;
    bench.post().await.unwrap();
    let heads = bench.heads.lock().unwrap();
    let [first, second] = &heads[..] else {
        panic!("{heads:?}");
    };
    assert_eq!(first, second);
    let mut names: Vec<_> = first.keys().map(http::HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        ["authorization", "content-length", "te", "trackingid", "x-other"]
    );
    let now = bench.forwarder.keeper.now();
    let bearer = bench.forwarder.sight.access(now).unwrap().bearer;
    assert_eq!(
        first.get_all("authorization").iter().collect::<Vec<_>>(),
        [&bearer]
    );
    assert_eq!(first.get_all("trackingid").iter().count(), 1);
}

/// Reads a request and says that it will not look at it. By hand, because `h2` names every stream that it has seen as processed.
async fn turn_away(mut stream: TlsStream<TcpStream>, counted: &AtomicUsize) {
    const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    const GOAWAY: [u8; 17] = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    const HEADERS: u8 = 1;
    stream.write_all(&SETTINGS).await.unwrap();
    stream.read_exact(&mut [0; 24]).await.unwrap();
    let mut head = [0; 9];
    while stream.read_exact(&mut head).await.is_ok() {
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        stream.read_exact(&mut vec![0; length as usize]).await.unwrap();
        if head[3] == HEADERS {
            counted.fetch_add(1, Ordering::SeqCst);
            stream.write_all(&GOAWAY).await.unwrap();
            stream.flush().await.unwrap();
        }
    }
}

async fn answer(request: Request<h2::RecvStream>, mut respond: SendResponse<Bytes>, act: Act) {
    if let Act::Reset(reason) = act {
        return respond.send_reset(reason);
    }
    if act == Act::Silence {
        return std::future::pending().await;
    }
    let mut body = request.into_body();
    while let Some(Ok(part)) = body.data().await {
        let _ = body.flow_control().release_capacity(part.len());
    }
    let mut stream = respond.send_response(Response::new(()), false).unwrap();
    stream
        .send_data(Bytes::from("hello"), act == Act::Answer)
        .unwrap();
    match act {
        Act::Cut => {
            // The data goes out first; a reset at once would take it back.
            tokio::time::sleep(Duration::from_millis(50)).await;
            stream.send_reset(Reason::INTERNAL_ERROR);
        }
        Act::Stall => std::future::pending().await,
        Act::AnswerWithTrailers => {
            let mut trailers = HeaderMap::new();
            trailers.insert("x-sum", "1".parse().unwrap());
            trailers.insert("set-cookie", "a=b".parse().unwrap());
            stream.send_trailers(trailers).unwrap();
        }
        _ => {}
    }
}

#[tokio::test]
async fn a_request_that_webex_turned_away_unread_is_sent_once_more() {
    for acts in [
        &[Act::Reset(Reason::REFUSED_STREAM), Act::Answer][..],
        &[Act::GoAwayUnprocessed, Act::Answer],
    ] {
        let bench = Bench::start(acts).await;
        let answer = bench.post().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "hello");
        assert_eq!(bench.requests(), 2, "{acts:?}");
        assert_eq!(bench.metric("webex_gw_resends_total"), "webex_gw_resends_total 1");
    }
}

#[tokio::test]
async fn a_request_is_never_sent_a_third_time() {
    let bench = Bench::start(&[Act::Reset(Reason::REFUSED_STREAM)]).await;
    let error = bench.post().await.unwrap_err();
    assert!(matches!(error, GatewayError::UpstreamUnreachable(_)), "{error}");
    assert_eq!(bench.requests(), 2);
}

#[tokio::test]
async fn a_request_that_webex_may_have_processed_is_not_sent_again() {
    for acts in [
        &[Act::Reset(Reason::INTERNAL_ERROR), Act::Answer][..],
        &[Act::Reset(Reason::CANCEL), Act::Answer],
        &[Act::GoAwayBroken, Act::Answer],
    ] {
        let bench = Bench::start(acts).await;
        let error = bench.post().await.unwrap_err();
        assert!(matches!(error, GatewayError::UpstreamUnreachable(_)), "{error}");
        assert_eq!(bench.requests(), 1, "{acts:?}");
        assert_eq!(bench.metric("webex_gw_resends_total"), "webex_gw_resends_total 0");
    }
}

#[tokio::test]
async fn an_answer_that_is_reset_is_cut() {
    let bench = Bench::start(&[Act::Cut]).await;
    let mut body = bench.post().await.unwrap().into_body();
    let part = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(part, "hello");
    assert!(
        body.frame().await.unwrap().is_err(),
        "a cut answer looks complete"
    );
}

#[tokio::test]
async fn trailers_of_http_2_pass_filtered() {
    let bench = Bench::start(&[Act::AnswerWithTrailers]).await;
    let body = bench.post().await.unwrap().into_body().collect().await.unwrap();
    let trailers = body.trailers().unwrap();
    assert_eq!(trailers["x-sum"], "1");
    assert!(!trailers.contains_key("set-cookie"));
}

#[tokio::test]
async fn a_client_that_stops_sending_is_told_so() {
    let bench = Bench::start(&[Act::Answer]).await;
    let start = stream::once(async { Ok::<_, std::io::Error>(Bytes::from("hel")) });
    let error = bench
        .post_body(Body::from_stream(start.chain(stream::pending())))
        .await
        .unwrap_err();
    assert_eq!(error, GatewayError::BodyStalled);
}

#[tokio::test]
async fn a_client_that_goes_away_is_not_taken_for_a_fault_of_webex() {
    let bench = Bench::start(&[Act::Answer]).await;
    let parts = stream::iter([Ok(Bytes::from("hel")), Err(std::io::Error::other("gone"))]);
    let error = bench.post_body(Body::from_stream(parts)).await.unwrap_err();
    assert!(matches!(error, GatewayError::BadRequest(_)), "{error}");
}

#[tokio::test]
async fn a_webex_that_does_not_read_the_body_on_is_given_up() {
    let bench = Bench::start(&[Act::Silence]).await;
    let endless = stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(&[b'x'; 4096])));
    let error = bench.post_body(Body::from_stream(endless)).await.unwrap_err();
    assert_eq!(error, GatewayError::UploadStalled(SHORT));
    assert_eq!(error.code(), "upstream_timeout");
    let text = "Webex stopped reading the request's body and did not go on within 300ms";
    assert_eq!(error.to_string(), text);
}

#[tokio::test]
async fn an_answer_that_stops_is_cut() {
    let bench = Bench::start(&[Act::Stall]).await;
    assert!(bench.post().await.unwrap().into_body().collect().await.is_err());
}
