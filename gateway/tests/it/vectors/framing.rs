//! `Content-Length` and `Transfer-Encoding`: one framing comes in, one that the gateway makes goes out.

use super::Vector;

/// Framings that cannot be trusted.
const REFUSED: [(&str, &str, &str); 24] = [
    (
        "length-twice-different",
        "RFC 9112 6.3",
        "Content-Length: 5\r\nContent-Length: 6",
    ),
    (
        "length-list-same",
        "RFC 9112 6.3: may be refused",
        "Content-Length: 5, 5",
    ),
    ("length-list-different", "RFC 9112 6.3", "Content-Length: 5, 6"),
    ("length-with-plus", "RFC 9110 8.6", "Content-Length: +5"),
    ("length-with-minus", "RFC 9110 8.6", "Content-Length: -5"),
    ("length-in-hex", "RFC 9110 8.6", "Content-Length: 0x5"),
    ("length-with-fraction", "RFC 9110 8.6", "Content-Length: 5.0"),
    ("length-empty", "RFC 9110 8.6", "Content-Length:"),
    ("length-of-letters", "RFC 9110 8.6", "Content-Length: five"),
    ("length-with-space-inside", "RFC 9110 8.6", "Content-Length: 5 5"),
    (
        "length-too-large",
        "RFC 9112 6.3; 2^64",
        "Content-Length: 18446744073709551616",
    ),
    (
        "length-with-space-before-colon",
        "RFC 9112 5.1",
        "Content-Length : 5",
    ),
    ("coding-identity", "RFC 9112 7", "Transfer-Encoding: identity"),
    ("coding-unknown", "RFC 9112 6.1", "Transfer-Encoding: xchunked"),
    (
        "coding-chunked-not-last",
        "RFC 9112 6.3",
        "Transfer-Encoding: chunked, gzip",
    ),
    (
        "coding-with-parameter",
        "RFC 9112 7.1",
        "Transfer-Encoding: chunked;q=1",
    ),
    ("coding-quoted", "RFC 9112 6.1", "Transfer-Encoding: \"chunked\""),
    ("coding-empty", "RFC 9112 6.1", "Transfer-Encoding:"),
    (
        "coding-with-vertical-tab",
        "RFC 9110 5.6.3; smuggling",
        "Transfer-Encoding: \u{b}chunked",
    ),
    (
        "coding-with-space-before-colon",
        "RFC 9112 5.1; smuggling",
        "Transfer-Encoding : chunked",
    ),
    (
        "coding-folded",
        "RFC 9112 5.2; smuggling",
        "Transfer-Encoding:\r\n chunked",
    ),
    (
        "coding-twice-last-not-chunked",
        "RFC 9112 6.3",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    ),
    (
        "coding-of-another-name",
        "RFC 9110 5.1; smuggling",
        "Transfer-Encoding\u{a0}: chunked",
    ),
    (
        "coding-with-length-and-no-chunked",
        "RFC 9112 6.3",
        "Content-Length: 5\r\nTransfer-Encoding: gzip",
    ),
];

/// Codings that would be lost on the way.
const LOST: [(&str, &str, &str); 4] = [
    (
        "coding-gzip-chunked",
        "RFC 9112 6.1",
        "Transfer-Encoding: gzip, chunked",
    ),
    (
        "coding-chunked-twice",
        "RFC 9112 6.1",
        "Transfer-Encoding: chunked, chunked",
    ),
    (
        "coding-chunked-in-two-fields",
        "RFC 9112 6.1",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    ),
    (
        "coding-identity-then-chunked",
        "RFC 9112 6.1; smuggling",
        "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
    ),
];

pub(super) fn vectors() -> Vec<Vector> {
    let refused = REFUSED.iter().map(|(name, rule, fields)| {
        let send = format!("POST /x HTTP/1.1\r\nHost: gw\r\n{fields}\r\n\r\nhello");
        Vector::new(name, rule, send).unreadable(400)
    });
    let lost = LOST.iter().map(|(name, rule, fields)| {
        let send = format!("POST /x HTTP/1.1\r\nHost: gw\r\n{fields}\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
        Vector::new(name, rule, send).refused(400, "bad_request")
    });
    let others = [
        Vector::new("length", "RFC 9112 6.2", b"POST /x HTTP/1.1\r\nHost: gw\r\nContent-Length: 5\r\n\r\nhello")
            .webex(&["POST /x hello"])
            .details(&["content-length: 5\r\n", "!transfer-encoding"]),
        Vector::new("length-with-zeros", "RFC 9110 8.6", b"POST /x HTTP/1.1\r\nHost: gw\r\nContent-Length: 0005\r\n\r\nhello")
            .webex(&["POST /x hello"])
            .details(&["content-length: 5\r\n"]),
        Vector::new("length-with-spaces-around", "RFC 9112 5", b"POST /x HTTP/1.1\r\nHost: gw\r\nContent-Length:  5 \r\n\r\nhello")
            .webex(&["POST /x hello"]),
        Vector::new(
            "length-twice-the-same",
            "RFC 9112 6.3: may be merged",
            b"POST /x HTTP/1.1\r\nHost: gw\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        )
        .webex(&["POST /x hello"])
        .details(&["content-length: 5\r\n"]),
        Vector::new("length-of-zero", "RFC 9110 8.6", b"POST /x HTTP/1.1\r\nHost: gw\r\nContent-Length: 0\r\n\r\n")
            .webex(&["POST /x"])
            .details(&["content-length: 0\r\n"]),
        Vector::new("length-missing", "RFC 9112 6.3", b"POST /x HTTP/1.1\r\nHost: gw\r\n\r\n").webex(&["POST /x"]),
        Vector::new("length-nominated", "RFC 9110 7.6.1", b"POST /x HTTP/1.1\r\nHost: gw\r\nConnection: Content-Length\r\nContent-Length: 5\r\n\r\nhello")
            .webex(&["POST /x hello"]),
        Vector::new(
            "length-too-long-for-the-body",
            "RFC 9112 8",
            b"POST /broken/length-too-long-for-the-body HTTP/1.1\r\nHost: gw\r\nContent-Length: 9\r\n\r\nhello",
        )
        .half_closing()
        .refused(400, "bad_request")
        .webex(&["POST /broken/length-too-long-for-the-body hello…"])
        .or_nothing(),
        Vector::new("length-too-short-for-the-body", "RFC 9112 6.3", b"POST /x HTTP/1.1\r\nHost: gw\r\nContent-Length: 5\r\n\r\nhello world\r\n\r\n")
            .webex(&["POST /x hello"])
            .answers(&[(200, ""), (400, "")])
            .closed(),
        Vector::new("body-with-get", "RFC 9110 9.3.1", b"GET /x HTTP/1.1\r\nHost: gw\r\nContent-Length: 5\r\n\r\nhello")
            .webex(&["GET /x hello"]),
        Vector::new("body-with-get-chunked", "RFC 9110 9.3.1", b"GET /x HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
            .webex(&["GET /x hello"]),
        Vector::new("body-with-delete", "RFC 9110 9.3.5", b"DELETE /x HTTP/1.1\r\nHost: gw\r\nContent-Length: 5\r\n\r\nhello")
            .webex(&["DELETE /x hello"]),
        Vector::new("body-with-head", "RFC 9110 9.3.2", b"HEAD /x HTTP/1.1\r\nHost: gw\r\nContent-Length: 5\r\n\r\nhello")
            .webex(&["HEAD /x hello"]),
        Vector::new("length-then-coding", "RFC 9112 6.1: the coding counts, then close", b"POST /x HTTP/1.1\r\nHost: gw\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
            .webex(&["POST /x hello"])
            .details(&["!content-length: 3"])
            .closed(),
        Vector::new("coding-then-length", "RFC 9112 6.1: the coding counts, then close", b"POST /x HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
            .webex(&["POST /x hello"])
            .details(&["!content-length: 3"])
            .closed(),
        Vector::new("coding-and-length-hide-a-request", "RFC 9112 11.2; CL.TE", b"POST /x HTTP/1.1\r\nHost: gw\r\nContent-Length: 50\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: gw\r\n\r\n")
            .webex(&["POST /x"])
            .closed(),
        Vector::new("coding-in-1.0", "RFC 9112 6.1", b"POST /x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
            .unreadable(400),
        Vector::new("length-in-1.0", "RFC 9112 6.2", b"POST /x HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello")
            .webex(&["POST /x hello"])
            .closed(),
    ];
    refused.chain(lost).chain(others).collect()
}
