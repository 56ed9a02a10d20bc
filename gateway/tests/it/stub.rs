//! Servers for what an honest Webex does not do: echoes, gates, and bytes by hand.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A tokens file whose access token was issued an hour ago by the wall clock.
pub(crate) fn tokens_file() -> String {
    let at = webex_gateway::clock::wall_clock().unix_seconds() - 3600;
    serde_json::json!({
        "access_token": "first-access-token",
        "expires_in": 1_209_599,
        "refresh_token": "the-refresh-token",
        "refresh_token_expires_in": 7_775_999,
        "at": at,
        "token_type": "Bearer",
        "scope": "spark:people_read",
        "org_id": "5f2a61c0-7d1e-4b9a-9c35-0e6f4d2b8a11",
    })
    .to_string()
}

/// A Webex made of a handler for API calls; its token endpoint issues `second-access-token`, `third-…` and so on.
pub(crate) struct Stub {
    pub(crate) url: String,
    pub(crate) refreshes: Arc<AtomicUsize>,
}

impl Stub {
    pub(crate) async fn serve<F, R>(api: F) -> Self
    where
        F: Fn(Request) -> R + Clone + Send + Sync + 'static,
        R: Future<Output = Response> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let refreshes = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&refreshes);
        let router = Router::new()
            .route(
                "/v1/access_token",
                axum::routing::post(move || std::future::ready(issue(&counted))),
            )
            .fallback(move |request: Request| api(request));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, refreshes }
    }
}

/// A Webex made of a handler for the token endpoint's forms and one for API calls.
pub(crate) async fn serve_tokens<T, F, R>(token: T, api: F) -> String
where
    T: Fn(String) -> Response + Clone + Send + Sync + 'static,
    F: Fn(Request) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Response> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new()
        .route(
            "/v1/access_token",
            axum::routing::post(move |form: String| std::future::ready(token(form))),
        )
        .fallback(move |request: Request| api(request));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}

fn issue(refreshes: &AtomicUsize) -> Response {
    let name = ["second", "third", "fourth", "fifth"][refreshes.fetch_add(1, Ordering::SeqCst).min(3)];
    let body = serde_json::json!({ "access_token": format!("{name}-access-token"), "expires_in": 1_209_599 });
    Response::new(Body::from(body.to_string()))
}

/// A server that reads a request's head, writes bytes by hand, and closes.
pub(crate) async fn raw_server(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                read_head(&mut stream).await;
                stream.write_all(answer).await.unwrap();
            });
        }
    });
    url
}

/// Sends bytes and reads until the other side closes.
pub(crate) async fn talk(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// Reads up to the empty line.
pub(crate) async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// The address of a server that is not there.
pub(crate) async fn unreachable() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// A server that reads a request's head, writes bytes by hand, and then says nothing more.
pub(crate) async fn stalling_server(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            read_head(&mut stream).await;
            stream.write_all(answer).await.unwrap();
            open.push(stream);
        }
    });
    url
}

/// A server that hands each connection, with its number, to a script.
pub(crate) async fn scripted<F, R>(script: F) -> String
where
    F: Fn(usize, TcpStream) -> R + Send + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        for number in 0.. {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(script(number, stream));
        }
    });
    url
}
