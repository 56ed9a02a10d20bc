//! The chunked coding.

use super::Vector;

/// Bodies that break off where they break the coding; what came before may have been seen.
const BROKEN: [(&str, &str, &[u8]); 17] = [
    ("chunk-size-missing", "RFC 9112 7.1", b"\r\nhello\r\n0\r\n\r\n"),
    (
        "chunk-size-of-letters",
        "RFC 9112 7.1",
        b"g\r\nhello\r\n0\r\n\r\n",
    ),
    (
        "chunk-size-with-minus",
        "RFC 9112 7.1",
        b"-5\r\nhello\r\n0\r\n\r\n",
    ),
    (
        "chunk-size-with-plus",
        "RFC 9112 7.1",
        b"+5\r\nhello\r\n0\r\n\r\n",
    ),
    ("chunk-size-with-0x", "RFC 9112 7.1", b"0x5\r\nhello\r\n0\r\n\r\n"),
    (
        "chunk-size-with-underscore",
        "RFC 9112 7.1",
        b"0_5\r\nhello\r\n0\r\n\r\n",
    ),
    (
        "chunk-size-with-space-before",
        "RFC 9112 7.1",
        b" 5\r\nhello\r\n0\r\n\r\n",
    ),
    (
        "chunk-size-too-large",
        "RFC 9112 7.1; 2^64",
        b"10000000000000000\r\nhello\r\n0\r\n\r\n",
    ),
    (
        "chunk-size-with-wrapped-digits",
        "RFC 9112 7.1; 2^64+5",
        b"10000000000000005\r\nhello\r\n0\r\n\r\n",
    ),
    (
        "chunk-size-ends-without-cr",
        "RFC 9112 7.1; smuggling",
        b"5\nhello\r\n0\r\n\r\n",
    ),
    (
        "chunk-size-ends-with-cr-alone",
        "RFC 9112 7.1; smuggling",
        b"5\rhello\r\n0\r\n\r\n",
    ),
    (
        "chunk-extension-with-line-end",
        "RFC 9112 7.1.1; smuggling",
        b"5;a\nhello\r\n0\r\n\r\n",
    ),
    ("chunk-data-too-long", "RFC 9112 7.1", b"4\r\nhello\r\n0\r\n\r\n"),
    ("chunk-data-too-short", "RFC 9112 7.1", b"6\r\nhello\r\n0\r\n\r\n"),
    (
        "chunk-data-ends-without-cr",
        "RFC 9112 7.1; smuggling",
        b"5\r\nhello\n0\r\n\r\n",
    ),
    (
        "chunk-last-ends-without-cr",
        "RFC 9112 7.1",
        b"5\r\nhello\r\n0\n\n",
    ),
    (
        "chunk-data-ends-with-other-bytes",
        "RFC 9112 7.1; smuggling",
        b"5\r\nhelloXX0\r\n\r\n",
    ),
];

/// Whole bodies.
const WHOLE: [(&str, &str, &[u8]); 9] = [
    ("chunked", "RFC 9112 7.1", b"5\r\nhello\r\n0\r\n\r\n"),
    (
        "chunks-of-one",
        "RFC 9112 7.1",
        b"1\r\nh\r\n1\r\ne\r\n3\r\nllo\r\n0\r\n\r\n",
    ),
    (
        "chunk-size-with-zeros",
        "RFC 9112 7.1",
        b"0000000005\r\nhello\r\n000\r\n\r\n",
    ),
    (
        "chunk-extension",
        "RFC 9112 7.1.1: dropped",
        b"5;a=b\r\nhello\r\n0;c\r\n\r\n",
    ),
    (
        "chunk-extension-quoted",
        "RFC 9112 7.1.1",
        b"5;a=\"b;c\"\r\nhello\r\n0\r\n\r\n",
    ),
    (
        "chunk-extension-after-space",
        "RFC 9112 7.1.1",
        b"5 ;a\r\nhello\r\n0\r\n\r\n",
    ),
    (
        "chunk-size-with-space-after",
        "RFC 9112 7.1.1: bad white space",
        b"5 \r\nhello\r\n0\r\n\r\n",
    ),
    (
        "chunked-trailer",
        "RFC 9110 6.5",
        b"5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n",
    ),
    (
        "chunked-trailer-empty-value",
        "RFC 9110 6.5",
        b"5\r\nhello\r\n0\r\nX-Sum:\r\n\r\n",
    ),
];

pub(super) fn vectors() -> Vec<Vector> {
    let head = b"POST /x HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: chunked\r\n\r\n";
    let broken = BROKEN.iter().map(|(name, rule, body)| {
        let seen = match *name {
            "chunk-data-too-long" => "hell",
            "chunk-data-too-short" => "hello\r",
            "chunk-data-ends-without-cr"
            | "chunk-last-ends-without-cr"
            | "chunk-data-ends-with-other-bytes" => "hello",
            _ => "",
        };
        Vector::cut(name, rule, body, seen)
    });
    let whole = WHOLE
        .iter()
        .map(|(name, rule, body)| Vector::new(name, rule, [head, *body].concat()).webex(&["POST /x hello"]));
    let long_extension = [b"5;", "a".repeat(17 * 1024).as_bytes(), b"\r\nhello\r\n0\r\n\r\n"].concat();
    let long_trailer = [
        b"5\r\nhello\r\n0\r\nX-A: ",
        "a".repeat(200_000).as_bytes(),
        b"\r\n\r\n",
    ]
    .concat();
    let others = [
        Vector::new("chunked-empty", "RFC 9112 7.1", [&head[..], b"0\r\n\r\n"].concat()).webex(&["POST /x"]),
        Vector::new("chunked-upper-case", "RFC 9112 7", b"POST /x HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: CHUNKED\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n")
            .webex(&["POST /x 0123456789"]),
        Vector::cut("chunked-cut", "RFC 9112 8", b"5\r\nhello\r\n", "hello").half_closing(),
        Vector::cut("chunk-cut", "RFC 9112 8", b"9\r\nhello", "hello").half_closing(),
        Vector::cut("chunk-extension-without-end", "CVE-2023-39326 class", &long_extension, ""),
        Vector::cut("chunked-trailers-without-end", "RFC 9110 6.5; limits", &long_trailer, "hello"),
        Vector::new(
            "chunked-trailer-announced",
            "RFC 9110 6.6.2",
            b"POST /x HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum, Cookie\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\nCookie: a\r\n\r\n",
        )
        .webex(&["POST /x hello"])
        .details(&["trailer: x-sum\r\n", "x-sum: 1", "!cookie"]),
        Vector::new(
            "chunked-trailers-that-lie",
            "RFC 9110 6.5.1",
            [&head[..], b"5\r\nhello\r\n0\r\nAuthorization: Bearer evil\r\nHost: evil\r\nContent-Length: 9\r\nTransfer-Encoding: x\r\nCookie: a\r\nX-Forwarded-For: a\r\nTransfer_Encoding: x\r\n\r\n"].concat(),
        )
        .webex(&["POST /x hello"])
        .details(&["!evil", "!cookie", "!content-length", "!forwarded", "!transfer_encoding"]),
        Vector::new("chunked-then-a-request", "RFC 9112 9.3.2", [&head[..], b"5\r\nhello\r\n0\r\n\r\nGET /y HTTP/1.1\r\nHost: gw\r\n\r\n"].concat())
            .answers(&[(200, ""), (200, "")])
            .webex(&["POST /x hello", "GET /y"]),
    ];
    broken.chain(whole).chain(others).collect()
}
