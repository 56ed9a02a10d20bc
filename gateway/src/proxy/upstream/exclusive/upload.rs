//! A request on its way to Webex.

use std::io::Write as _;
use std::task::{Context, Poll};

use http_body::Body as _;
use tokio::io::AsyncWrite;

use super::head::{self, Way};
use crate::http1::sending::{Coding, Halt, Sending};
use crate::proxy::body::Attempt;
use crate::proxy::headers::passing::Passing;
use crate::proxy::upstream::broken::Broken;
use crate::proxy::upstream::question::Question;

/// What is to be written of a request. One serves all requests of a connection.
#[derive(Default)]
pub(super) struct Upload(Sending<Attempt>);

impl Upload {
    /// Prepares a request; nothing is written yet.
    pub(super) fn begin(&mut self, question: Question<'_>, way: Way<'_>, body: Attempt) {
        let coding = coding(question.passing, &body);
        let lines = self.0.begin();
        head::write(lines, question, way);
        match &coding {
            Some(Coding::Length(length)) => {
                let _ = write!(lines, "content-length: {length}\r\n");
            }
            Some(Coding::Chunked(_)) if !question.passing.is_coded() => {
                lines.extend_from_slice(b"transfer-encoding: chunked\r\n");
            }
            _ => {}
        }
        lines.extend_from_slice(b"\r\n");
        self.0.put(Some(body), coding);
    }

    /// Whether a byte of the request has been written.
    pub(super) fn has_begun(&self) -> bool {
        self.0.has_begun()
    }

    /// The body of a request that has not begun, where all of it is there.
    pub(super) fn take_unsent(&mut self) -> Option<Attempt> {
        self.0.take_unsent()
    }

    /// Gives up what has not been written.
    pub(super) fn give_up(&mut self) {
        self.0.give_up();
    }

    /// Sends what can be sent now; ready when all has left.
    pub(super) fn poll<S: AsyncWrite + Unpin>(
        &mut self,
        stream: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Broken>> {
        self.0.poll(stream, cx).map_err(|halt| match halt {
            Halt::Body => Broken::Request,
            Halt::Connection(error) => error.into(),
        })
    }
}

/// How the end of a request's body is told that has these fields, where it has a body.
fn coding(passing: &Passing, body: &Attempt) -> Option<Coding> {
    match (passing.is_coded(), body.size_hint().exact()) {
        (false, Some(0)) => None,
        (false, Some(length)) => Some(Coding::Length(length)),
        (true, _) | (false, None) => Some(Coding::Chunked(passing.trailer_names())),
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::Arc;
    use std::task::Waker;
    use std::time::Duration;

    use axum::body::Body;
    use bytes::Bytes;
    use futures_util::{StreamExt as _, stream};
    use http::HeaderMap;
    use http::uri::{Authority, PathAndQuery, Scheme};
    use http::{HeaderValue, Method, Version};
    use http_body::Frame;
    use http_body_util::StreamBody;

    use super::*;
    use crate::http1::output::streams::{Broken, Narrow};
    use crate::proxy::body::Replay;
    use crate::proxy::upstream::Origin;
    use crate::proxy::upstream::question::samples::question;

    static TARGET: PathAndQuery = PathAndQuery::from_static("/v1/people?a=b");

    fn passing(fields: &[(&'static str, &'static str)]) -> Passing {
        let mut sent = HeaderMap::new();
        for (name, value) in fields {
            sent.append(*name, HeaderValue::from_static(value));
        }
        Passing::of(sent, Version::HTTP_11)
    }

    fn origin(proxy_authorization: Option<&'static str>) -> Origin {
        Origin {
            scheme: Scheme::HTTP,
            authority: Authority::from_static("webex.example:8080"),
            host: HeaderValue::from_static("webex.example:8080"),
            proxy_authorization: proxy_authorization.map(HeaderValue::from_static),
            text: "http://webex.example:8080".to_owned(),
        }
    }

    fn begin(upload: &mut Upload, body: Body) {
        let way = Way {
            origin: &origin(None),
            is_proxied: false,
        };
        upload.begin(
            question(&Method::POST, &TARGET, &Passing::none()),
            way,
            attempt(body),
        );
    }

    fn attempt(body: Body) -> Attempt {
        Replay::new(body, Duration::from_mins(1), &Arc::default())
            .attempt()
            .unwrap()
    }

    fn parts(frames: Vec<Frame<Bytes>>) -> Body {
        Body::new(StreamBody::new(stream::iter(
            frames.into_iter().map(Ok::<_, Infallible>),
        )))
    }

    fn data(text: &'static str) -> Frame<Bytes> {
        Frame::data(Bytes::from_static(text.as_bytes()))
    }

    /// What is written of a request to streams that take much or little at once.
    fn written(passing: &Passing, body: impl Fn() -> Body) -> Result<String, String> {
        let way = Way {
            origin: &origin(None),
            is_proxied: false,
        };
        written_to(way, passing, body)
    }

    fn written_to(way: Way<'_>, passing: &Passing, body: impl Fn() -> Body) -> Result<String, String> {
        let mut all = Vec::new();
        for room in [1, 2, 7, 10_000] {
            let mut narrow = Narrow::with(room);
            let mut upload = Upload::default();
            upload.begin(question(&Method::POST, &TARGET, passing), way, attempt(body()));
            let mut cx = Context::from_waker(Waker::noop());
            let ended = loop {
                if let Poll::Ready(ended) = upload.poll(&mut narrow, &mut cx) {
                    break ended;
                }
            };
            ended.map_err(|broken| broken.to_string())?;
            assert_eq!(narrow.flushed, narrow.taken.len(), "all of it has gone");
            assert!(upload.poll(&mut narrow, &mut cx).is_ready());
            all.push(String::from_utf8(narrow.taken).unwrap());
        }
        all.dedup();
        assert_eq!(all.len(), 1, "how it is taken makes a difference: {all:?}");
        Ok(all.remove(0))
    }

    #[test]
    fn a_request_without_a_body_is_its_head() {
        let passing = passing(&[
            ("host", "gateway"),
            ("x-a", "1"),
            ("trackingid", "a"),
            ("x-a", "2"),
        ]);
        assert_eq!(
            written(&passing, Body::empty).unwrap(),
            "POST /v1/people?a=b HTTP/1.1\r\nhost: webex.example:8080\r\nx-a: 1\r\nx-a: 2\r\n\
             trackingid: WW_1\r\nauthorization: Bearer held\r\n\r\n"
        );
    }

    #[test]
    fn what_is_added_is_there_once_whatever_the_client_says_of_it_in_both_versions_of_http() {
        let passing = passing(&[
            ("connection", "authorization, trackingid, host, x-own"),
            ("host", "gateway"),
            ("authorization", "Bearer dummy"),
            ("trackingid", "mine"),
            ("x-own", "1"),
            ("x-a", "1"),
            ("x-a", "2"),
            ("te", "trailers"),
        ]);
        let written = written(&passing, Body::empty).unwrap();
        let mut lines: Vec<_> = written.trim_end().lines().skip(1).collect();
        let shared = question(&Method::POST, &TARGET, &passing).request(TARGET.clone().into(), ());
        let fields = shared.headers().iter();
        let mut expected: Vec<_> = fields
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .chain(["host: webex.example:8080".to_owned()])
            .collect();
        lines.sort_unstable();
        expected.sort_unstable();
        assert_eq!(lines, expected);
        assert_eq!(
            lines,
            [
                "authorization: Bearer held",
                "host: webex.example:8080",
                "te: trailers",
                "trackingid: WW_1",
                "x-a: 1",
                "x-a: 2"
            ]
        );
    }

    #[test]
    fn a_proxy_is_told_the_whole_target_and_its_credentials() {
        for (authorization, fields) in [
            (None, "Bearer held\r\n\r\n"),
            (
                Some("Basic eA=="),
                "Bearer held\r\nproxy-authorization: Basic eA==\r\n\r\n",
            ),
        ] {
            let way = Way {
                origin: &origin(authorization),
                is_proxied: true,
            };
            let written = written_to(way, &Passing::none(), Body::empty).unwrap();
            assert!(
                written.starts_with("POST http://webex.example:8080/v1/people?a=b HTTP/1.1\r\n"),
                "{written}"
            );
            assert!(written.ends_with(fields), "{written}");
        }
    }

    #[test]
    fn a_body_of_known_length_goes_as_it_is() {
        let written = written(&Passing::none(), || Body::from("hello, world")).unwrap();
        let (head, body) = written.split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with("\r\ncontent-length: 12"), "{head}");
        assert_eq!(body, "hello, world");
    }

    #[test]
    fn a_body_in_chunks_may_have_the_trailers_that_were_announced() {
        let mut trailers = HeaderMap::new();
        trailers.insert("x-sum", HeaderValue::from_static("1"));
        trailers.insert("x-other", HeaderValue::from_static("2"));
        let body = || {
            parts(vec![
                data("hello"),
                data(""),
                data(", a world"),
                Frame::trailers(trailers.clone()),
            ])
        };
        for (announced, end) in [("X-Sum, X-More", "0\r\nx-sum: 1\r\n\r\n"), ("", "0\r\n\r\n")] {
            let passing = passing(&[("transfer-encoding", "chunked"), ("trailer", announced)]);
            let written = written(&passing, body).unwrap();
            let (head, body) = written.split_once("\r\n\r\n").unwrap();
            assert_eq!(head.matches("transfer-encoding").count(), 1, "{head}");
            assert_eq!(body, format!("5\r\nhello\r\n9\r\n, a world\r\n{end}"));
        }
        let written = written(&Passing::none(), || parts(vec![data("hi")])).unwrap();
        assert!(
            written.ends_with("\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"),
            "{written}"
        );
    }

    #[test]
    fn nothing_is_kept_of_a_request_that_is_sent() {
        let kept = Arc::new(());
        let watched = Arc::clone(&kept);
        let frames =
            stream::iter([Ok::<_, Infallible>(data("hi"))]).inspect(move |_| drop(Arc::clone(&watched)));
        let mut upload = Upload::default();
        begin(&mut upload, Body::new(StreamBody::new(frames)));
        let mut narrow = Narrow::with(100);
        let mut cx = Context::from_waker(Waker::noop());
        while upload.poll(&mut narrow, &mut cx).is_pending() {}
        assert_eq!(Arc::strong_count(&kept), 1);
    }

    #[test]
    fn a_request_of_which_nothing_could_be_written_is_given_back() {
        let mut cx = Context::from_waker(Waker::noop());
        let mut upload = Upload::default();
        for (body, comes_back) in [(Body::empty(), true), (Body::from("taken"), false)] {
            begin(&mut upload, body);
            assert!(matches!(upload.poll(&mut Broken, &mut cx), Poll::Ready(Err(_))));
            assert!(!upload.has_begun());
            assert_eq!(upload.take_unsent().is_some(), comes_back);
        }
        let mut narrow = Narrow::with(1);
        begin(&mut upload, Body::empty());
        assert!(upload.poll(&mut narrow, &mut cx).is_pending());
        assert!(upload.has_begun(), "a byte is gone");
    }
}
