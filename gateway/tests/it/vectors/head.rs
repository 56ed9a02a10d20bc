//! Request lines, line ends, versions and fields.

use super::Vector;

/// Heads that are no heads.
const UNREADABLE: [(&str, &str, &[u8]); 31] = [
    ("method-empty", "RFC 9112 3", b" /x HTTP/1.1\r\nHost: gw\r\n\r\n"),
    (
        "method-not-a-token",
        "RFC 9110 9.1",
        b"G@T(x) /x HTTP/1.1\r\nHost: gw\r\n\r\n",
    ),
    ("method-alone", "RFC 9112 3", b"GET\r\nHost: gw\r\n\r\n"),
    (
        "line-with-two-spaces",
        "RFC 9112 3",
        b"GET  /x HTTP/1.1\r\nHost: gw\r\n\r\n",
    ),
    (
        "line-with-tabs",
        "RFC 9112 3",
        b"GET\t/x\tHTTP/1.1\r\nHost: gw\r\n\r\n",
    ),
    (
        "line-with-space-at-the-end",
        "RFC 9112 3",
        b"GET /x HTTP/1.1 \r\nHost: gw\r\n\r\n",
    ),
    (
        "line-with-space-at-the-start",
        "RFC 9112 2.2",
        b" GET /x HTTP/1.1\r\nHost: gw\r\n\r\n",
    ),
    (
        "line-with-cr",
        "RFC 9112 2.2",
        b"GET /x\r HTTP/1.1\r\nHost: gw\r\n\r\n",
    ),
    ("version-0.9", "RFC 9112 2.3", b"GET /x\r\n\r\n"),
    (
        "version-0.9-named",
        "RFC 9112 2.3",
        b"GET /x HTTP/0.9\r\nHost: gw\r\n\r\n",
    ),
    (
        "version-1.2",
        "RFC 9110 2.5; Http11Probe",
        b"GET /x HTTP/1.2\r\nHost: gw\r\n\r\n",
    ),
    (
        "version-1.10",
        "RFC 9112 2.3",
        b"GET /x HTTP/1.10\r\nHost: gw\r\n\r\n",
    ),
    (
        "version-2.0",
        "RFC 9112 2.3",
        b"GET /x HTTP/2.0\r\nHost: gw\r\n\r\n",
    ),
    (
        "version-lower-case",
        "RFC 9112 2.3",
        b"GET /x http/1.1\r\nHost: gw\r\n\r\n",
    ),
    (
        "version-of-another-protocol",
        "RFC 9112 2.3",
        b"GET /x HTTPS/1.1\r\nHost: gw\r\n\r\n",
    ),
    (
        "version-with-letters",
        "RFC 9112 2.3",
        b"GET /x HTTP/a.b\r\nHost: gw\r\n\r\n",
    ),
    (
        "version-with-comma",
        "RFC 9112 2.3",
        b"GET /x HTTP/1,1\r\nHost: gw\r\n\r\n",
    ),
    (
        "field-folded",
        "RFC 9112 5.2",
        b"GET /x HTTP/1.1\r\nHost: gw\r\nX-A: 1\r\n 2\r\n\r\n",
    ),
    (
        "field-folded-by-a-tab",
        "RFC 9112 5.2",
        b"GET /x HTTP/1.1\r\nHost: gw\r\nX-A: 1\r\n\t2\r\n\r\n",
    ),
    (
        "field-space-before-colon",
        "RFC 9112 5.1",
        b"GET /x HTTP/1.1\r\nHost: gw\r\nX-A : 1\r\n\r\n",
    ),
    (
        "field-tab-before-colon",
        "RFC 9112 5.1",
        b"GET /x HTTP/1.1\r\nHost: gw\r\nX-A\t: 1\r\n\r\n",
    ),
    (
        "field-space-before-the-first",
        "RFC 9112 2.2",
        b"GET /x HTTP/1.1\r\n X-A: 1\r\nHost: gw\r\n\r\n",
    ),
    (
        "field-without-colon",
        "RFC 9112 5",
        b"GET /x HTTP/1.1\r\nHost: gw\r\nX-A\r\n\r\n",
    ),
    (
        "field-without-name",
        "RFC 9110 5.1",
        b"GET /x HTTP/1.1\r\nHost: gw\r\n: 1\r\n\r\n",
    ),
    (
        "field-name-with-space",
        "RFC 9110 5.1",
        b"GET /x HTTP/1.1\r\nHost: gw\r\nX A: 1\r\n\r\n",
    ),
    (
        "field-name-not-a-token",
        "RFC 9110 5.1",
        b"GET /x HTTP/1.1\r\nHost: gw\r\nX(A): 1\r\n\r\n",
    ),
    (
        "field-name-not-ascii",
        "RFC 9110 5.1",
        b"GET /x HTTP/1.1\r\nHost: gw\r\nX-\xe4: 1\r\n\r\n",
    ),
    (
        "field-name-with-nul",
        "RFC 9110 5.1",
        b"GET /x HTTP/1.1\r\nHost: gw\r\nX-\0: 1\r\n\r\n",
    ),
    (
        "field-value-with-nul",
        "RFC 9110 5.5",
        b"GET /x HTTP/1.1\r\nHost: gw\r\nX-A: 1\0\r\n\r\n",
    ),
    (
        "field-value-with-cr",
        "RFC 9110 5.5",
        b"GET /x HTTP/1.1\r\nHost: gw\r\nX-A: 1\r2\r\n\r\n",
    ),
    (
        "field-value-with-control",
        "RFC 9110 5.5",
        b"GET /x HTTP/1.1\r\nHost: gw\r\nX-A: \x01\r\n\r\n",
    ),
];

pub(super) fn vectors() -> Vec<Vector> {
    let unreadable = UNREADABLE
        .iter()
        .map(|(name, rule, send)| Vector::new(name, rule, send).unreadable(400));
    let others = [
        Vector::new("version-2-preface", "RFC 9113 3.4", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").silent(),
        Vector::new("method-lower-case", "RFC 9110 9.1: case-sensitive", b"get /x HTTP/1.1\r\nHost: gw\r\n\r\n")
            .webex(&["get /x"]),
        Vector::new("method-of-its-own", "RFC 9110 9.1", b"FROBNICATE /x HTTP/1.1\r\nHost: gw\r\n\r\n")
            .webex(&["FROBNICATE /x"]),
        Vector::new("method-with-marks", "RFC 9110 5.6.2", b"M-S!#$%&'*+.^_`|~ /x HTTP/1.1\r\nHost: gw\r\n\r\n")
            .webex(&["M-S!#$%&'*+.^_`|~ /x"]),
        Vector::new("line-ends-without-cr", "RFC 9112 2.2: may be taken", b"GET /x HTTP/1.1\nHost: gw\nX-A: 1\n\n")
            .webex(&["GET /x"])
            .details(&["x-a: 1\r\n"]),
        Vector::new("line-ends-mixed", "RFC 9112 2.2: may be taken", b"GET /x HTTP/1.1\r\nHost: gw\nX-A: 1\r\n\n")
            .webex(&["GET /x"]),
        Vector::new("line-empty-before", "RFC 9112 2.2: ignored", b"\r\nGET /x HTTP/1.1\r\nHost: gw\r\n\r\n")
            .webex(&["GET /x"]),
        Vector::new("line-empty-before-twice", "RFC 9112 2.2", b"\r\n\r\nGET /x HTTP/1.1\r\nHost: gw\r\n\r\n")
            .webex(&["GET /x"]),
        Vector::new("head-cut", "RFC 9112 8", b"GET /x HTTP/1.1\r\nHost: gw\r\n").half_closing().silent(),
        Vector::new("head-of-nothing", "RFC 9112 8", b"").half_closing().silent(),
        Vector::new("head-of-another-protocol", "RFC 9112 3", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03").unreadable(400),
        Vector::new("field-obs-text", "RFC 9110 5.5", b"GET /x HTTP/1.1\r\nHost: gw\r\nX-A: \xff\r\n\r\n")
            .webex(&["GET /x"])
            .details(&["x-a: \u{ff}\r\n"]),
        Vector::new("field-empty", "RFC 9110 5.5", b"GET /x HTTP/1.1\r\nHost: gw\r\nX-A:\r\n\r\n")
            .webex(&["GET /x"])
            .details(&["x-a: \r\n"]),
        Vector::new("field-with-spaces-around", "RFC 9112 5", b"GET /x HTTP/1.1\r\nHost: gw\r\nX-A: \t 1 \t\r\n\r\n")
            .webex(&["GET /x"])
            .details(&["x-a: 1\r\n"]),
        Vector::new("field-with-tab-inside", "RFC 9110 5.5", b"GET /x HTTP/1.1\r\nHost: gw\r\nX-A: 1\t2\r\n\r\n")
            .webex(&["GET /x"])
            .details(&["x-a: 1\t2\r\n"]),
        Vector::new("field-twice", "RFC 9110 5.3", b"GET /x HTTP/1.1\r\nHost: gw\r\nX-A: 1\r\nX-B: 2\r\nX-A: 3\r\n\r\n")
            .webex(&["GET /x"])
            .details(&["x-a: 1\r\nx-a: 3\r\n"]),
        Vector::new(
            "field-with-underscores",
            "RFC 3875 4.1.18",
            b"GET /x HTTP/1.1\r\nHost: gw\r\nContent_Length: 5\r\nTransfer_Encoding: chunked\r\nX_Forwarded_For: 10.0.0.1\r\nX_A: 1\r\n\r\n",
        )
        .webex(&["GET /x"])
        .details(&["x_a: 1", "!content_length", "!transfer_encoding", "!10.0.0.1"]),
    ];
    unreadable.chain(others).collect()
}
