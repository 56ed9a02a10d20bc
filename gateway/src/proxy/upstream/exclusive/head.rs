//! Heads of HTTP/1.1: requests as they are written, answers as they are read (RFC 9112 sections 2 to 5).

use std::mem::MaybeUninit;

use bytes::{Buf as _, Bytes, BytesMut};
use http::{HeaderName, Method, Response, StatusCode, Version, header};
use httparse::Status;

use crate::http1::{Framing, fields};
use crate::proxy::headers;
use crate::proxy::upstream::Origin;
use crate::proxy::upstream::broken::Broken;
use crate::proxy::upstream::question::Question;

/// More fields than this no answer of Webex has.
const MOST_FIELDS: usize = 100;
/// Larger heads are given up.
const LARGEST: usize = 256 * 1024;

/// Where a request goes, and what is there to take it.
#[derive(Clone, Copy)]
pub(super) struct Way<'a> {
    pub(super) origin: &'a Origin,
    /// A forward proxy, which is told the whole target (RFC 9112 section 3.2.2).
    pub(super) is_proxied: bool,
}

/// Adds the head of a request to `output`, but for the line that says how its body is framed, and for the end.
pub(super) fn write(output: &mut Vec<u8>, question: Question<'_>, way: Way<'_>) {
    output.extend_from_slice(question.method.as_str().as_bytes());
    output.push(b' ');
    if way.is_proxied {
        output.extend_from_slice(way.origin.text.as_bytes());
    }
    output.extend_from_slice(question.target.as_str().as_bytes());
    output.extend_from_slice(b" HTTP/1.1\r\n");
    fields::write(output, &header::HOST, way.origin.host.as_bytes());
    question
        .passing
        .each(|name, value| fields::write(output, name, value.as_bytes()));
    for (name, value) in question.added() {
        fields::write(output, &name, value.as_bytes());
    }
    if let Some(credentials) = &way.origin.proxy_authorization {
        fields::write(output, &header::PROXY_AUTHORIZATION, credentials.as_bytes());
    }
}

/// Takes the head of an answer from `input`, where all of it is there.
pub(super) fn read(input: &mut BytesMut) -> Result<Option<Response<()>>, Broken> {
    let mut room = [const { MaybeUninit::uninit() }; MOST_FIELDS];
    let mut parsed = httparse::Response::new(&mut []);
    let parser = httparse::ParserConfig::default();
    let length = match parser.parse_response_with_uninit_headers(&mut parsed, input, &mut room) {
        Ok(Status::Complete(length)) if length <= LARGEST => length,
        Ok(Status::Partial) if input.len() <= LARGEST => return Ok(None),
        Ok(_) => return Err(Broken::Answer("its head is too large")),
        Err(problem) => return Err(Broken::Answer(in_words(problem))),
    };
    let mut answer = Response::new(());
    *answer.version_mut() = match parsed.version {
        Some(0) => Version::HTTP_10,
        _ => Version::HTTP_11,
    };
    let status = parsed.code.and_then(|code| StatusCode::from_u16(code).ok());
    *answer.status_mut() = status.ok_or(Broken::Answer("its status is no number from 100 to 999"))?;
    // The values share a copy of the head, so that the buffer is free for what follows.
    let head = Bytes::copy_from_slice(&input[..length]);
    let start = input.as_ptr().addr();
    let into = answer.headers_mut();
    into.reserve(parsed.headers.len());
    // Those that end here come last: to take them out of the map does not change the order of the others then.
    let mut of_the_connection = Vec::new();
    for field in parsed.headers.iter() {
        let Some((name, value)) = fields::shared(&head, start, field) else {
            return Err(Broken::Answer("it has a field that is none"));
        };
        match headers::is_hop_by_hop(name.as_str()) {
            true => of_the_connection.push((name, value)),
            false => drop(into.append(name, value)),
        }
    }
    for (name, value) in of_the_connection {
        into.append(name, value);
    }
    input.advance(length);
    Ok(Some(answer))
}

/// How the body of `answer`, which is one to a request with `method`, is framed (RFC 9112 section 6.3).
pub(super) fn framing(method: &Method, answer: &Response<()>) -> Result<Framing, Broken> {
    let status = answer.status();
    let none = *method == Method::HEAD
        || status.is_informational()
        || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    if none {
        return Ok(Framing::Length(0));
    }
    if headers::has(answer.headers(), &header::TRANSFER_ENCODING) {
        return match (answer.version(), headers::last_coding(answer.headers())) {
            (Version::HTTP_10, _) => Err(Broken::Answer("HTTP/1.0 has no transfer codings")),
            (_, Some(last)) if last == "chunked" => Ok(Framing::Chunked),
            _ => Ok(Framing::UntilClose),
        };
    }
    Ok(
        match fields::length(headers::lines(answer.headers(), header::CONTENT_LENGTH))? {
            Some(length) => Framing::Length(length),
            None => Framing::UntilClose,
        },
    )
}

/// Whether the connection takes another request after `answer` (RFC 9112 section 9.3). Whoever frames a body twice may mean either
/// (section 6.3).
pub(super) fn persists(answer: &Response<()>) -> bool {
    let sent = answer.headers();
    let says = |option: &'static str| headers::nominates(sent, &HeaderName::from_static(option));
    let is_framed_twice =
        headers::has(sent, &header::TRANSFER_ENCODING) && headers::has(sent, &header::CONTENT_LENGTH);
    let is_usual = answer.version() != Version::HTTP_10;
    !says("close") && !is_framed_twice && (is_usual || says("keep-alive"))
}

fn in_words(problem: httparse::Error) -> &'static str {
    match problem {
        httparse::Error::HeaderName => "it has a field whose name is none",
        httparse::Error::HeaderValue => "it has a field whose value is none",
        httparse::Error::NewLine => "a line of its head does not end as it should",
        httparse::Error::Status => "its status is no number",
        httparse::Error::Token => "its status line is none",
        httparse::Error::TooManyHeaders => "its head has more than 100 fields",
        httparse::Error::Version => "it does not begin as HTTP/1.1 or HTTP/1.0 does",
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn answer(head: &str) -> Result<Option<Response<()>>, String> {
        read(&mut BytesMut::from(head)).map_err(|broken| broken.to_string())
    }

    fn framed(method: &Method, head: &str) -> Result<Framing, String> {
        let answer = answer(&format!("{head}\r\n\r\n")).unwrap().unwrap();
        framing(method, &answer).map_err(|broken| broken.to_string())
    }

    #[test]
    fn a_head_is_taken_when_it_is_whole_and_nothing_behind_it() {
        let whole = "HTTP/1.1 200 Fine\r\nServer: a\r\nX-Empty:\r\nServer:  b \r\n\r\n";
        for end in 0..whole.len() {
            assert!(answer(&whole[..end]).unwrap().is_none(), "{end}");
        }
        let mut input = BytesMut::from(format!("{whole}body").as_str());
        let answer = read(&mut input).unwrap().unwrap();
        assert_eq!(&input[..], b"body");
        assert_eq!(
            (answer.status(), answer.version()),
            (StatusCode::OK, Version::HTTP_11)
        );
        let fields: Vec<_> = answer
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
            .collect();
        assert_eq!(fields, [("server", "a"), ("server", "b"), ("x-empty", "")]);
    }

    #[test]
    fn the_fields_of_the_connection_come_after_the_others_each_in_its_order() {
        let head =
            "HTTP/1.1 200 OK\r\nConnection: a\r\nServer: a\r\nConnection: b\r\nTE: c\r\nDate: d\r\n\r\n";
        let answer = answer(head).unwrap().unwrap();
        let values: Vec<_> = answer.headers().iter().collect();
        let expected = [
            ("server", "a"),
            ("date", "d"),
            ("connection", "a"),
            ("connection", "b"),
            ("te", "c"),
        ];
        assert_eq!(values.len(), expected.len());
        for ((name, value), (expected_name, expected_value)) in values.into_iter().zip(expected) {
            assert_eq!(
                (name.as_str(), value),
                (expected_name, &HeaderValue::from_static(expected_value))
            );
        }
    }

    #[test]
    fn what_is_no_head_of_an_answer_is_told() {
        for (head, problem) in [
            ("SSH-2.0-x\r\n", "it does not begin as HTTP/1.1 or HTTP/1.0 does"),
            (
                "HTTP/2.0 200 OK\r\n\r\n",
                "it does not begin as HTTP/1.1 or HTTP/1.0 does",
            ),
            ("HTTP/1.1 2x0 OK\r\n\r\n", "its status is no number"),
            (
                "HTTP/1.1 099 No\r\n\r\n",
                "its status is no number from 100 to 999",
            ),
            (
                "HTTP/1.1 200 OK\r\nA b: c\r\n\r\n",
                "it has a field whose name is none",
            ),
            (
                "HTTP/1.1 200 OK\r\nA : c\r\n\r\n",
                "it has a field whose name is none",
            ),
            (
                "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
                "it has a field whose name is none",
            ),
            (
                "HTTP/1.1 200 OK\r\nA: b\0\r\n\r\n",
                "it has a field whose value is none",
            ),
        ] {
            assert_eq!(answer(head).unwrap_err(), problem, "{head:?}");
        }
        // Whether it comes at once or not.
        for end in ["", "\r\n\r\n"] {
            let endless = format!("HTTP/1.1 200 OK\r\nA: {}{end}", "b".repeat(LARGEST));
            assert_eq!(answer(&endless).unwrap_err(), "its head is too large");
        }
    }

    #[test]
    fn the_end_of_a_body_is_known_as_rfc_9112_has_it() {
        for (head, expected) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 5", Ok(Framing::Length(5))),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5, 5",
                Ok(Framing::Length(5)),
            ),
            ("HTTP/1.1 200 OK\r\nContent-Length: 005", Ok(Framing::Length(5))),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked",
                Ok(Framing::Chunked),
            ),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: gzip, chunked",
                Ok(Framing::Chunked),
            ),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: gzip",
                Ok(Framing::UntilClose),
            ),
            ("HTTP/1.1 200 OK", Ok(Framing::UntilClose)),
            ("HTTP/1.1 204 No\r\nContent-Length: 5", Ok(Framing::Length(0))),
            (
                "HTTP/1.1 304 No\r\nTransfer-Encoding: chunked",
                Ok(Framing::Length(0)),
            ),
            ("HTTP/1.1 101 Yes\r\nUpgrade: a", Ok(Framing::Length(0))),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6",
                Err("its lengths contradict each other"),
            ),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 5, 6",
                Err("its lengths contradict each other"),
            ),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: +5",
                Err("its length is no number"),
            ),
            (
                "HTTP/1.1 200 OK\r\nContent-Length:",
                Err("its length is no number"),
            ),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 5,",
                Err("its length is no number"),
            ),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999",
                Err("its length is no number"),
            ),
            (
                "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked",
                Err("HTTP/1.0 has no transfer codings"),
            ),
        ] {
            assert_eq!(
                framed(&Method::GET, head),
                expected.map_err(str::to_owned),
                "{head:?}"
            );
        }
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 5";
        assert_eq!(framed(&Method::HEAD, head), Ok(Framing::Length(0)));
    }

    #[test]
    fn a_connection_lasts_as_its_version_and_its_server_say() {
        for (head, lasts) in [
            ("HTTP/1.1 200 OK", true),
            ("HTTP/1.1 200 OK\r\nConnection: a, Close", false),
            ("HTTP/1.0 200 OK", false),
            ("HTTP/1.0 200 OK\r\nConnection: Keep-Alive", true),
            ("HTTP/1.0 200 OK\r\nConnection: close, keep-alive", false),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked",
                false,
            ),
        ] {
            let answer = answer(&format!("{head}\r\n\r\n")).unwrap().unwrap();
            assert_eq!(persists(&answer), lasts, "{head:?}");
        }
    }

    proptest! {
        /// No head is a panic, and what is taken of one that is whole is what stands in it.
        #[test]
        fn any_text_is_a_head_or_none(head in "HTTP/1.[01] [0-9]{3}[ a]{0,2}\r?\n([A-Za-z-]{0,4}:? ?[ -~\u{e9}]{0,6}\r?\n){0,4}\r?\n?") {
            let mut input = BytesMut::from(head.as_str());
            if let Ok(Some(answer)) = read(&mut input) {
                let taken = head.as_bytes().strip_suffix(&input[..]);
                prop_assert!(taken.is_some_and(|taken| taken.ends_with(b"\n")), "{input:?} is left");
                for value in answer.headers().values() {
                    let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
                    prop_assert!(head.contains(&text));
                }
            }
        }
    }
}
