//! The head of a request as it is read (RFC 9112 sections 2 to 6).

use std::mem::MaybeUninit;

use bytes::{Buf as _, Bytes, BytesMut};
use http::{HeaderMap, Method, Request, StatusCode, Uri, Version, header};
use httparse::Status;

use crate::http1::{Framing, Nonsense, fields};
use crate::proxy::headers;

/// More fields than this are answered 431.
const MOST_FIELDS: usize = 128;
/// A head that is not whole by then is answered 431. Those that are whole and above the limit of 64 KiB are answered with a code, by
/// whoever looks at requests.
const MOST_READ: usize = 80 * 1024;
/// Longer targets are none that could be told apart (RFC 9110 section 4.1 asks for 8,000 at least).
const LONGEST_TARGET: usize = 65_534;
/// How a client of HTTP/2 begins (RFC 9113 section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n";

/// A head that is a request's.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) request: Request<()>,
    pub(super) framing: Framing,
    /// The client takes the connection for one that goes on afterwards.
    pub(super) persists: bool,
    /// The client waits for an interim answer before it sends the body (RFC 9110 section 10.1.1).
    pub(super) expects: bool,
}

/// What came is no request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// What to answer; `None` to one who would not understand it.
    pub(super) status: Option<StatusCode>,
    pub(super) why: &'static str,
}

/// Takes the head of a request from `input`, where all of it is there. Of `input`, `seen` bytes have been looked at before.
pub(super) fn read(input: &mut BytesMut, seen: usize) -> Result<Option<Head>, Refusal> {
    // A head that comes byte by byte is not parsed as often: a refusal of what is none can wait for its end.
    if input.is_empty() || (seen > 0 && !may_end(input, seen) && input.len() < MOST_READ) {
        return Ok(None);
    }
    let mut room = [const { MaybeUninit::uninit() }; MOST_FIELDS];
    let mut parsed = httparse::Request::new(&mut []);
    let parser = httparse::ParserConfig::default();
    let length = match parser.parse_request_with_uninit_headers(&mut parsed, input, &mut room) {
        Ok(Status::Complete(length)) => length,
        Ok(Status::Partial) if input.len() < MOST_READ => return Ok(None),
        Ok(Status::Partial) => return Err(Refusal::too_large("its head is too large")),
        Err(httparse::Error::TooManyHeaders) => return Err(Refusal::too_large("it has too many fields")),
        Err(httparse::Error::Version) if input.starts_with(PREFACE) => {
            return Err(Refusal {
                status: None,
                why: "HTTP/2 is not spoken here",
            });
        }
        Err(problem) => return Err(Refusal::nonsense(in_words(problem))),
    };
    // What is made of the head shares a copy of it, so that the buffer is free for what follows.
    let head = Bytes::copy_from_slice(&input[..length]);
    let start = input.as_ptr().addr();
    let mut request = Request::new(());
    *request.version_mut() = match parsed.version {
        Some(0) => Version::HTTP_10,
        _ => Version::HTTP_11,
    };
    let method = parsed.method.unwrap_or_default().as_bytes();
    *request.method_mut() =
        Method::from_bytes(method).map_err(|_| Refusal::nonsense("its method is none"))?;
    let target = parsed.path.unwrap_or_default();
    if target.len() > LONGEST_TARGET {
        return Err(Refusal {
            status: Some(StatusCode::URI_TOO_LONG),
            why: "its target is too long",
        });
    }
    let from = target.as_ptr().addr().wrapping_sub(start);
    let target = head.slice(from..from + target.len());
    *request.uri_mut() =
        Uri::from_maybe_shared(target).map_err(|_| Refusal::nonsense("its target is none"))?;
    let into = request.headers_mut();
    into.reserve(parsed.headers.len());
    for field in parsed.headers.iter() {
        let Some((name, value)) = fields::shared(&head, start, field) else {
            return Err(Refusal::nonsense("it has a field that is none"));
        };
        into.append(name, value);
    }
    input.advance(length);
    Head::of(request).map(Some)
}

/// Whether a head may end behind what has been seen: with an empty line.
fn may_end(input: &[u8], seen: usize) -> bool {
    // Empty lines before a request are none of its end.
    if input.iter().all(|byte| matches!(byte, b'\r' | b'\n')) {
        return false;
    }
    let new = &input[seen.saturating_sub(3).min(input.len())..];
    new.windows(2).any(|pair| pair == b"\n\n") || new.windows(3).any(|three| three == b"\n\r\n")
}

impl Head {
    /// What `request` says of its body and its connection.
    fn of(request: Request<()>) -> Result<Self, Refusal> {
        let version = request.version();
        let sent = request.headers();
        let coded = headers::has(sent, &header::TRANSFER_ENCODING);
        let told = headers::has(sent, &header::CONTENT_LENGTH);
        let length = if told { plain_length(sent)? } else { None };
        let framing = match (coded, version) {
            (false, _) => Framing::Length(length.unwrap_or(0)),
            (true, Version::HTTP_10) => return Err(Refusal::nonsense("HTTP/1.0 has no transfer codings")),
            (true, _) if ends_in_chunked(sent) => Framing::Chunked,
            (true, _) => return Err(Refusal::nonsense("its transfer codings do not end in chunked")),
        };
        let says = |option: &'static str| headers::nominates(sent, &http::HeaderName::from_static(option));
        let is_usual = version != Version::HTTP_10;
        // Whoever frames a body twice may mean either (RFC 9112 section 6.1).
        let is_framed_twice = coded && told;
        let persists = !is_framed_twice && !says("close") && (is_usual || says("keep-alive"));
        let expects = is_usual
            && framing != Framing::Length(0)
            && headers::lines(sent, header::EXPECT)
                .any(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"));
        Ok(Self {
            request,
            framing,
            persists,
            expects,
        })
    }
}

/// What the lines of `Content-Length` say, of which none may be a list: some readers would take its first element, others its last.
fn plain_length(sent: &HeaderMap) -> Result<Option<u64>, Refusal> {
    let lines = || headers::lines(sent, header::CONTENT_LENGTH);
    if lines().any(|line| line.as_bytes().contains(&b',')) {
        return Err(Refusal::nonsense("its length is a list"));
    }
    fields::length(lines()).map_err(|Nonsense(why)| Refusal::nonsense(why))
}

/// Whether the last transfer coding is `chunked`: of anything else no reader could tell the end (RFC 9112 section 6.3).
fn ends_in_chunked(fields: &HeaderMap) -> bool {
    headers::last_coding(fields).is_some_and(|coding| coding == "chunked")
}

impl Refusal {
    fn nonsense(why: &'static str) -> Self {
        Self {
            status: Some(StatusCode::BAD_REQUEST),
            why,
        }
    }

    fn too_large(why: &'static str) -> Self {
        Self {
            status: Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
            why,
        }
    }
}

fn in_words(problem: httparse::Error) -> &'static str {
    match problem {
        httparse::Error::HeaderName => "it has a field whose name is none",
        httparse::Error::HeaderValue => "it has a field whose value is none",
        httparse::Error::NewLine => "a line of its head does not end as it should",
        httparse::Error::Token => "its first line is none of a request",
        httparse::Error::Version => "it speaks neither HTTP/1.1 nor HTTP/1.0",
        httparse::Error::Status | httparse::Error::TooManyHeaders => "it is no request",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const USUAL: &str =
        "POST /v1/people?a=b HTTP/1.1\r\nHost: gw\r\nX-A:  1 \r\nX-Empty:\r\nContent-Length: 5\r\n\r\n";

    /// What is read of a head that comes at once.
    fn whole(head: &str) -> Result<Option<Head>, Refusal> {
        read(&mut BytesMut::from(head), 0)
    }

    /// What is read of a head that comes in pieces of this size, and what is left.
    fn pieces(text: &[u8], size: usize) -> (Result<Option<Head>, Refusal>, Vec<u8>) {
        let (mut input, mut seen) = (BytesMut::new(), 0);
        for piece in text.chunks(size) {
            input.extend_from_slice(piece);
            match read(&mut input, seen) {
                Ok(None) => seen = input.len(),
                other => return (other, input.to_vec()),
            }
        }
        (Ok(None), input.to_vec())
    }

    fn with(fields: &str) -> Result<Head, Refusal> {
        whole(&format!("POST / HTTP/1.1\r\n{fields}\r\n")).map(|head| head.expect("it is whole"))
    }

    fn shown(head: &Head) -> String {
        let request = &head.request;
        let fields = request.headers().iter();
        let fields: Vec<_> = fields
            .map(|(name, value)| format!("{name}={:?}", value.as_bytes().escape_ascii().to_string()))
            .collect();
        format!(
            "{} {} {:?} {} {:?} {} {}",
            request.method(),
            request.uri(),
            request.version(),
            fields.join(" "),
            head.framing,
            head.persists,
            head.expects
        )
    }

    #[test]
    fn a_head_is_taken_when_it_is_whole_and_nothing_behind_it() {
        for end in 0..USUAL.len() {
            assert!(matches!(whole(&USUAL[..end]), Ok(None)), "{end}");
        }
        let text = format!("{USUAL}hello");
        let expected = "POST /v1/people?a=b HTTP/1.1 host=\"gw\" x-a=\"1\" x-empty=\"\" content-length=\"5\" Length(5) true false";
        for size in 1..text.len() {
            let (head, left) = pieces(text.as_bytes(), size);
            assert_eq!(shown(&head.unwrap().unwrap()), expected, "{size}");
            assert!(text.as_bytes()[USUAL.len()..].starts_with(&left), "{size}");
        }
    }

    #[test]
    fn what_a_head_says_of_its_body_and_of_its_connection() {
        let cases = [
            ("", Framing::Length(0), true, false),
            ("Content-Length: 007\r\n", Framing::Length(7), true, false),
            (
                "Content-Length: 7\r\nContent-Length: 7\r\n",
                Framing::Length(7),
                true,
                false,
            ),
            (
                "Transfer-Encoding: gzip, Chunked\r\n",
                Framing::Chunked,
                true,
                false,
            ),
            (
                "Transfer-Encoding: chunked\r\nContent-Length: 7\r\n",
                Framing::Chunked,
                false,
                false,
            ),
            ("Connection: x, CLOSE\r\n", Framing::Length(0), false, false),
            ("Expect: 100-Continue\r\n", Framing::Length(0), true, false),
            (
                "Expect: 100-Continue\r\nContent-Length: 7\r\n",
                Framing::Length(7),
                true,
                true,
            ),
        ];
        for (fields, framing, persists, expects) in cases {
            let head = with(fields).unwrap();
            assert_eq!(
                (head.framing, head.persists, head.expects),
                (framing, persists, expects),
                "{fields}"
            );
        }
        for (fields, persists) in [
            ("", false),
            ("Connection: Keep-Alive\r\n", true),
            ("Connection: keep-alive, close\r\n", false),
        ] {
            let head = whole(&format!(
                "GET / HTTP/1.0\r\n{fields}Expect: 100-continue\r\nContent-Length: 1\r\n\r\n"
            ));
            let head = head.unwrap().unwrap();
            assert_eq!((head.persists, head.expects), (persists, false), "{fields}");
        }
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        for fields in [
            "Content-Length: 7\r\nContent-Length: 8\r\n",
            "Content-Length: 7, 7\r\n",
            "Content-Length: +7\r\n",
            "Content-Length:\r\n",
            "Content-Length: 18446744073709551616\r\n",
            "Transfer-Encoding: chunked, gzip\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n",
            "Transfer-Encoding:\r\n",
            "Transfer-Encoding: gzip\r\nContent-Length: 7\r\n",
            "Host : gw\r\n",
            "X-A: 1\r\n 2\r\n",
            "X-A: 1\0\r\n",
        ] {
            let refusal = with(fields).expect_err(fields);
            assert_eq!(refusal.status, Some(StatusCode::BAD_REQUEST), "{fields}");
        }
        let old = whole("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n");
        assert_eq!(old.expect_err("old").status, Some(StatusCode::BAD_REQUEST));
    }

    #[test]
    fn nonsense_is_refused_as_soon_as_it_can_be_told() {
        for text in [
            "\x16\x03\x01\x02\0",
            "GET  / HTTP/1.1",
            "G\0T",
            "GET / HTTP/2.0\r\n",
            "GET / http/1.1\r\n",
        ] {
            let refusal = whole(text).expect_err(text);
            assert_eq!(refusal.status, Some(StatusCode::BAD_REQUEST), "{text}");
        }
        let preface = whole("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").expect_err("HTTP/2");
        assert_eq!(preface.status, None);
    }

    #[test]
    fn a_head_that_is_too_large_is_refused_however_it_comes() {
        let fields = |count| format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(count));
        assert!(whole(&fields(MOST_FIELDS)).is_ok());
        let endless = format!("GET / HTTP/1.1\r\nA: {}", "b".repeat(2 * MOST_READ));
        let empty_lines = "\r\n".repeat(MOST_READ);
        for text in [&fields(MOST_FIELDS + 1), &endless, &empty_lines] {
            for size in [1024, text.len()] {
                let (head, _) = pieces(text.as_bytes(), size);
                let status = head.expect_err("it is too large").status;
                assert_eq!(status, Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE));
            }
        }
        let target = whole(&format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(LONGEST_TARGET)));
        assert_eq!(
            target.expect_err("it is too long").status,
            Some(StatusCode::URI_TOO_LONG)
        );
    }

    proptest! {
        /// Whatever comes, in whatever pieces, is taken for the same.
        #[test]
        fn pieces_make_no_difference(text in r"(GET|P\x00T|POST) [/a*]{0,4} HTTP/1.[0-2](\r\n|\n)((Host|Content-Length|X-A|Transfer-Encoding|Expect)[: ]{1,2}(chunked|[0-9]{0,3}|100-continue)(\r\n|\n)){0,5}(\r\n|\n)?[a-z]{0,5}", size in 1_usize..40) {
            let one = pieces(text.as_bytes(), text.len().max(1)).0;
            let many = pieces(text.as_bytes(), size).0;
            match (one, many) {
                (Ok(one), Ok(many)) => prop_assert_eq!(one.as_ref().map(shown), many.as_ref().map(shown)),
                // Of what comes in pieces, a refusal may wait for its end.
                (Err(_), Ok(None)) => {}
                (one, many) => prop_assert_eq!(
                    one.err().map(|refusal| refusal.status),
                    many.err().map(|refusal| refusal.status)
                ),
            }
        }

        /// Nothing that comes is too much for the reader.
        #[test]
        fn any_bytes_are_a_head_or_none(bytes: Vec<u8>, size in 1_usize..40) {
            let _ = pieces(&bytes, size);
        }
    }
}
