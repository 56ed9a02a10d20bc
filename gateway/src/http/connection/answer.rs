//! The head of an answer as it is written (RFC 9112 sections 4 to 6).

use std::io::Write as _;

use http::response::Parts;
use http::{HeaderMap, HeaderName, Method, StatusCode, Version, header};
use http_body::Body;

use crate::clock::wall_clock;
use crate::http1::fields;
use crate::http1::sending::Coding;
use crate::proxy::headers;

/// IMF-fixdate (RFC 9110 section 5.6.7).
const HTTP_DATE: &str = "%a, %d %b %Y %H:%M:%S GMT";

/// Whom an answer is for.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) method: Method,
    pub(super) version: Version,
    /// The connection takes another request after this one, as far as the client is concerned.
    pub(super) persists: bool,
}

impl Asked {
    /// How the end of the answer's body is told; `None` where it has no body.
    pub(super) fn coding(&self, parts: &Parts, body: &impl Body) -> Option<Coding> {
        if self.method == Method::HEAD || has_no_body(parts.status) {
            return None;
        }
        match (body.size_hint().exact(), self.version) {
            (Some(0), _) => None,
            (Some(length), _) => Some(Coding::Length(length)),
            (None, Version::HTTP_10) => Some(Coding::UntilClose),
            (None, _) => Some(Coding::Chunked(announced(&parts.headers))),
        }
    }

    /// Whether the connection takes another request after this answer.
    pub(super) fn persists_after(&self, parts: &Parts, coding: Option<&Coding>) -> bool {
        let closes = || headers::nominates(&parts.headers, &HeaderName::from_static("close"));
        self.persists && !matches!(coding, Some(Coding::UntilClose)) && !closes()
    }

    /// Adds the head of an answer to `lines`. `length` is that of its body, where that is known.
    pub(super) fn write(
        &self,
        lines: &mut Vec<u8>,
        parts: &Parts,
        coding: Option<&Coding>,
        length: Option<u64>,
        persists: bool,
    ) {
        write_status(lines, self.version, parts.status);
        let is_head = self.method == Method::HEAD;
        let mut dated = false;
        let mut measured = has_no_body(parts.status);
        for (name, value) in &parts.headers {
            if *name == header::CONNECTION || *name == header::TRANSFER_ENCODING {
                continue;
            }
            if *name == header::CONTENT_LENGTH {
                // What a body would have is told where there is none.
                if !is_head || measured {
                    continue;
                }
                measured = true;
            }
            dated |= *name == header::DATE;
            fields::write(lines, name, value.as_bytes());
        }
        match (persists, self.version) {
            (false, Version::HTTP_10) | (true, Version::HTTP_11) => {}
            (false, _) => lines.extend_from_slice(b"connection: close\r\n"),
            (true, _) => lines.extend_from_slice(b"connection: keep-alive\r\n"),
        }
        match (coding, length) {
            (Some(Coding::Chunked(_)), _) => lines.extend_from_slice(b"transfer-encoding: chunked\r\n"),
            (Some(Coding::UntilClose), _) => {}
            (_, Some(0)) if is_head => {}
            (_, Some(length)) if !measured => {
                let _ = write!(lines, "content-length: {length}\r\n");
            }
            _ => {}
        }
        if !dated {
            write_date(lines);
        }
        lines.extend_from_slice(b"\r\n");
    }
}

/// Adds the whole answer to what is no request.
pub(super) fn write_refusal(lines: &mut Vec<u8>, status: StatusCode) {
    write_status(lines, Version::HTTP_11, status);
    lines.extend_from_slice(b"connection: close\r\ncontent-length: 0\r\n");
    write_date(lines);
    lines.extend_from_slice(b"\r\n");
}

fn write_status(lines: &mut Vec<u8>, version: Version, status: StatusCode) {
    lines.extend_from_slice(match version {
        Version::HTTP_10 => b"HTTP/1.0 ",
        _ => b"HTTP/1.1 ",
    });
    lines.extend_from_slice(status.as_str().as_bytes());
    lines.push(b' ');
    lines.extend_from_slice(status.canonical_reason().unwrap_or_default().as_bytes());
    lines.extend_from_slice(b"\r\n");
}

/// An answer without a date gets one (RFC 9110 section 6.6.1).
fn write_date(lines: &mut Vec<u8>) {
    let _ = write!(lines, "date: {}\r\n", wall_clock().format(HTTP_DATE));
}

/// RFC 9110 section 6.4.1.
fn has_no_body(status: StatusCode) -> bool {
    status.is_informational() || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}

/// The trailers that an answer announces.
fn announced(fields: &HeaderMap) -> Vec<HeaderName> {
    let names =
        headers::lines(fields, header::TRAILER).flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    names
        .filter_map(|name| HeaderName::from_bytes(name.trim_ascii()).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::Response;
    use http_body_util::BodyExt as _;
    use http_body_util::combinators::UnsyncBoxBody;
    use http_body_util::{Empty, Full};

    use super::*;
    use crate::clock::Timestamp;

    fn unknown() -> UnsyncBoxBody<Bytes, std::convert::Infallible> {
        let none = futures_util::stream::empty::<Result<http_body::Frame<Bytes>, _>>();
        http_body_util::StreamBody::new(none).boxed_unsync()
    }

    fn known(text: &'static str) -> UnsyncBoxBody<Bytes, std::convert::Infallible> {
        match text {
            "" => Empty::new().boxed_unsync(),
            text => Full::from(text).boxed_unsync(),
        }
    }

    /// The head of an answer, and whether the connection goes on.
    fn written(
        method: &Method,
        version: Version,
        status: u16,
        fields: &[(&str, &str)],
        body: UnsyncBoxBody<Bytes, std::convert::Infallible>,
    ) -> (String, bool) {
        let mut answer = Response::builder().status(status).header("date", "today");
        for (name, value) in fields {
            answer = answer.header(*name, *value);
        }
        let (parts, body) = answer.body(body).unwrap().into_parts();
        let asked = Asked {
            method: method.clone(),
            version,
            persists: true,
        };
        let coding = asked.coding(&parts, &body);
        let persists = asked.persists_after(&parts, coding.as_ref());
        let mut lines = Vec::new();
        asked.write(
            &mut lines,
            &parts,
            coding.as_ref(),
            body.size_hint().exact(),
            persists,
        );
        (
            String::from_utf8(lines)
                .unwrap()
                .replace("\r\n", "|")
                .replace("date: today|", ""),
            persists,
        )
    }

    type Fields = &'static [(&'static str, &'static str)];

    const TOLD: Fields = &[("content-length", "9")];
    const CLOSE: Fields = &[("connection", "Close")];

    #[test]
    fn each_answer_tells_where_its_body_ends() {
        let (new, old) = (Version::HTTP_11, Version::HTTP_10);
        for (version, status, fields, body, expected) in [
            (
                new,
                200,
                &[][..],
                known("hello"),
                "HTTP/1.1 200 OK|content-length: 5||",
            ),
            (
                new,
                200,
                TOLD,
                known("hello"),
                "HTTP/1.1 200 OK|content-length: 5||",
            ),
            (
                new,
                404,
                &[],
                known(""),
                "HTTP/1.1 404 Not Found|content-length: 0||",
            ),
            (
                new,
                299,
                &[],
                unknown(),
                "HTTP/1.1 299 |transfer-encoding: chunked||",
            ),
            (
                new,
                400,
                CLOSE,
                known("no"),
                "HTTP/1.1 400 Bad Request|connection: close|content-length: 2||",
            ),
            (old, 200, &[], unknown(), "HTTP/1.0 200 OK||"),
            (
                old,
                200,
                &[],
                known("hello"),
                "HTTP/1.0 200 OK|connection: keep-alive|content-length: 5||",
            ),
            (
                old,
                400,
                CLOSE,
                known("no"),
                "HTTP/1.0 400 Bad Request|content-length: 2||",
            ),
        ] {
            let (head, persists) = written(&Method::GET, version, status, fields, body);
            assert_eq!(head, expected);
            let closes = head.contains("close") || (version == old && !head.contains("keep-alive"));
            assert_eq!(persists, !closes, "{head}");
        }
    }

    #[test]
    fn an_answer_without_a_body_tells_what_one_would_have_had_at_most() {
        for (method, status, fields, body, expected) in [
            (
                Method::HEAD,
                200,
                TOLD,
                known(""),
                "HTTP/1.1 200 OK|content-length: 9||",
            ),
            (Method::HEAD, 200, &[][..], known(""), "HTTP/1.1 200 OK||"),
            (
                Method::HEAD,
                200,
                &[],
                known("hello"),
                "HTTP/1.1 200 OK|content-length: 5||",
            ),
            (Method::HEAD, 200, &[], unknown(), "HTTP/1.1 200 OK||"),
            (Method::GET, 204, TOLD, known(""), "HTTP/1.1 204 No Content||"),
            (Method::GET, 204, &[], unknown(), "HTTP/1.1 204 No Content||"),
            (Method::GET, 304, TOLD, known(""), "HTTP/1.1 304 Not Modified||"),
        ] {
            let (head, persists) = written(&method, Version::HTTP_11, status, fields, body);
            assert_eq!((head.as_str(), persists), (expected, true), "{method} {fields:?}");
        }
    }

    #[test]
    fn an_answer_without_a_date_gets_one() {
        let parts = Response::new(()).into_parts().0;
        let asked = Asked {
            method: Method::GET,
            version: Version::HTTP_11,
            persists: true,
        };
        let mut lines = Vec::new();
        asked.write(&mut lines, &parts, None, Some(0), true);
        let text = String::from_utf8(lines).unwrap();
        let (_, date) = text.split_once("\r\ndate: ").unwrap();
        let now = wall_clock();
        let second = Timestamp::from_unix_seconds(now.unix_seconds() - 1);
        let dates = [now, second].map(|time| time.format(HTTP_DATE));
        assert!(dates.iter().any(|expected| date.trim_end() == expected), "{date}");
        let known = Timestamp::from_unix_seconds(784_111_777);
        assert_eq!(known.format(HTTP_DATE), "Sun, 06 Nov 1994 08:49:37 GMT");
    }
}
