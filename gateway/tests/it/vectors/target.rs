//! Request targets: what leads to Webex goes out as it came, and nothing leads elsewhere.

use super::Vector;

/// Refused for what they are.
const REFUSED: [(&str, &str, &str); 40] = [
    ("target-asterisk", "RFC 9112 3.2.4", "GET *"),
    ("target-asterisk-options", "RFC 9112 3.2.4", "OPTIONS *"),
    ("target-name", "trap: webexapis.comevil", "GET evil"),
    (
        "target-dot-name",
        "trap: webexapis.com.evil.example",
        "GET .evil.example",
    ),
    ("target-at", "trap: userinfo", "GET @{evil}"),
    ("target-userinfo", "trap: userinfo", "GET u@{evil}"),
    ("target-authority", "RFC 9112 3.2.3", "GET {evil}"),
    ("target-port", "RFC 9112 3.2", "GET :8443"),
    (
        "target-absolute-elsewhere",
        "RFC 9112 3.2.2",
        "GET http://{evil}/x",
    ),
    ("target-absolute-https", "RFC 9112 3.2.2", "GET https://{own}/x"),
    ("target-absolute-ftp", "RFC 9112 3.2.2", "GET ftp://{own}/x"),
    (
        "target-absolute-other-port",
        "RFC 9112 3.2.2",
        "GET http://127.0.0.1/x",
    ),
    (
        "target-absolute-userinfo",
        "RFC 9110 4.2.4",
        "GET http://u@{own}/x",
    ),
    (
        "target-absolute-own-as-userinfo",
        "RFC 9110 4.2.4",
        "GET http://{own}@{evil}/x",
    ),
    (
        "target-absolute-name-ends-differently",
        "trap: a server that decodes",
        "GET http://{own}.evil.example/x",
    ),
    ("target-connect", "RFC 9110 9.3.6", "CONNECT {evil}"),
    ("target-connect-path", "RFC 9110 9.3.6", "CONNECT /x"),
    ("target-trace", "RFC 9110 9.3.8", "TRACE /x"),
    ("target-dots", "RFC 3986 5.2.4", "GET /.."),
    ("target-dots-first", "RFC 3986 5.2.4", "GET /../x"),
    ("target-dots-last", "RFC 3986 5.2.4", "GET /v1/.."),
    ("target-dot", "RFC 3986 5.2.4", "GET /v1/./x"),
    ("target-dots-encoded", "RFC 3986 6.2.2.3", "GET /v1/%2e%2e/admin"),
    (
        "target-dots-half-encoded",
        "RFC 3986 6.2.2.3",
        "GET /v1/.%2E/admin",
    ),
    ("target-dot-encoded", "RFC 3986 6.2.2.3", "GET /v1/%2e"),
    (
        "target-dots-then-slash-encoded",
        "trap: a server that decodes",
        "GET /v1/..%2fadmin",
    ),
    (
        "target-dots-after-slash-encoded",
        "trap: a server that decodes",
        "GET /v1/x%2f..%2fy",
    ),
    (
        "target-dots-then-backslash-encoded",
        "trap: a server that decodes",
        "GET /v1/..%5cadmin",
    ),
    ("target-dots-with-parameter", "own rule", "GET /..;/x"),
    ("target-dots-with-named-parameter", "own rule", "GET /v1/..;a=b/x"),
    (
        "target-dots-with-parameter-encoded",
        "own rule",
        "GET /v1/%2e%2e%3b/x",
    ),
    (
        "target-dots-in-absolute-form",
        "RFC 3986 5.2.4",
        "GET http://{own}/v1/../x",
    ),
    ("target-backslash", "RFC 3986 2", "GET /v1\\x"),
    (
        "target-backslash-dots",
        "trap: a server that decodes",
        "GET /v1\\..\\x",
    ),
    ("target-pipe", "RFC 3986 2", "GET /v1|x"),
    ("target-braces", "RFC 3986 2", "GET /v1/{id}"),
    ("target-quote", "RFC 3986 2", "GET /v1/\"x\""),
    ("target-caret", "RFC 3986 2", "GET /v1/^x"),
    ("target-raw-utf-8", "RFC 3986 2", "GET /v1/\u{e4}"),
    ("target-raw-utf-8-in-query", "RFC 3986 2", "GET /v1?x=\u{e4}"),
];

/// Go out byte for byte.
const PASSING: [(&str, &str, &str); 24] = [
    ("target-root", "RFC 9112 3.2.1", "GET /"),
    ("target-path", "RFC 9112 3.2.1", "GET /v1/people/me"),
    (
        "target-query",
        "RFC 3986 3.4",
        "GET /v1/people?email=a%40b&max=null&before",
    ),
    (
        "target-query-of-question-marks",
        "RFC 3986 3.4",
        "GET /v1/people?a=?&/?b",
    ),
    (
        "target-query-with-dots",
        "RFC 3986 3.4: no segments in a query",
        "GET /v1/people?x=/../y",
    ),
    ("target-empty-query", "RFC 3986 6.2.3", "GET /v1/people?"),
    ("target-two-slashes", "trap: byte for byte", "GET //v1/people"),
    (
        "target-slashes-and-a-host",
        "RFC 3986 4.2",
        "GET //evil.example/x",
    ),
    (
        "target-empty-segments",
        "trap: byte for byte",
        "GET /v1//people///",
    ),
    ("target-equals", "trap: byte for byte", "GET /v1/people/Y2lzY29="),
    (
        "target-equals-encoded",
        "trap: byte for byte",
        "GET /v1/people/Y2lzY29%3D",
    ),
    (
        "target-slash-encoded",
        "trap: byte for byte",
        "GET /v1/people/a%2Fb",
    ),
    (
        "target-lower-case-escapes",
        "RFC 3986 6.2.2.1",
        "GET /v1/%c3%a4%2a",
    ),
    (
        "target-upper-case-escapes",
        "RFC 3986 6.2.2.1",
        "GET /v1/%C3%A4%2A",
    ),
    ("target-escape-of-a-letter", "RFC 3986 6.2.2.2", "GET /v1/%61"),
    ("target-no-escape", "trap: byte for byte", "GET /v1/%zz"),
    ("target-escape-of-an-escape", "own rule", "GET /v1/%252e%252e/x"),
    ("target-parameters", "trap: byte for byte", "GET /v1/people/a;b=c"),
    ("target-delimiters", "RFC 3986 2.2", "GET /v1/!$&'()*+,;=:@-._~"),
    ("target-brackets", "RFC 3986 3.2.2", "GET /v1/people?a[]=1"),
    ("target-plus", "RFC 3986 2.2", "GET /v1/people?name=a+b"),
    (
        "target-line-break-encoded",
        "trap: byte for byte",
        "GET /v1/%0d%0aX:1",
    ),
    ("target-nul-encoded", "trap: byte for byte", "GET /v1/%00"),
    ("target-three-dots", "RFC 3986 5.2.4", "GET /v1/.../.well-known"),
];

/// Not even targets.
const UNREADABLE: [(&str, &str, &[u8]); 9] = [
    ("target-query-alone", "RFC 9112 3.2.1", b"GET ?x"),
    ("target-with-space", "RFC 9112 3.2", b"GET /a b"),
    ("target-with-tab", "RFC 9112 3.2", b"GET /a\tb"),
    ("target-with-nul", "RFC 9112 3.2", b"GET /a\0b"),
    ("target-with-del", "RFC 3986 2", b"GET /a\x7fb"),
    ("target-latin-1", "RFC 3986 2", b"GET /v1/\xe4"),
    ("target-angle", "RFC 3986 2", b"GET /v1?x=a>b"),
    ("target-backtick", "RFC 3986 2", b"GET /v1/`x"),
    ("target-missing", "RFC 9112 3", b"GET"),
];

pub(super) fn vectors() -> Vec<Vector> {
    let refused = REFUSED.iter().map(|(name, rule, line)| {
        Vector::new(name, rule, format!("{line} HTTP/1.1\r\nHost: gw\r\n\r\n")).refused(400, "target_refused")
    });
    let passing = PASSING.iter().map(|(name, rule, line)| {
        Vector::new(name, rule, format!("{line} HTTP/1.1\r\nHost: gw\r\n\r\n")).webex(&[line])
    });
    let unreadable = UNREADABLE.iter().map(|(name, rule, line)| {
        let send = [*line, b" HTTP/1.1\r\nHost: gw\r\n\r\n"].concat();
        Vector::new(name, rule, send).unreadable(400)
    });
    refused.chain(passing).chain(unreadable).chain(others()).collect()
}

/// Absolute forms, and what the gateway answers itself.
fn others() -> Vec<Vector> {
    vec![
        Vector::new(
            "target-absolute-own",
            "RFC 9112 3.2.2",
            b"GET http://{own}/v1/people?x HTTP/1.1\r\nHost: {own}\r\n\r\n",
        )
        .webex(&["GET /v1/people?x"]),
        Vector::new(
            "target-absolute-own-host-of-another",
            "RFC 9112 3.2.2: Host is ignored",
            b"GET http://{own}/x HTTP/1.1\r\nHost: {evil}\r\n\r\n",
        )
        .webex(&["GET /x"]),
        Vector::new(
            "target-absolute-localhost",
            "own rule",
            b"GET HTTP://LocalHost:{port}/x HTTP/1.1\r\nHost: gw\r\n\r\n",
        )
        .webex(&["GET /x"]),
        Vector::new(
            "target-absolute-without-path",
            "RFC 9112 3.2.1",
            b"GET http://{own} HTTP/1.1\r\nHost: gw\r\n\r\n",
        )
        .webex(&["GET /"]),
        Vector::new(
            "target-absolute-with-query-alone",
            "RFC 9112 3.2.1",
            b"GET http://{own}?x HTTP/1.1\r\nHost: gw\r\n\r\n",
        )
        .webex(&["GET /?x"]),
        Vector::new(
            "target-fragment",
            "RFC 9112 3.2: no part of a target, dropped by the parser",
            b"GET /x#y HTTP/1.1\r\nHost: gw\r\n\r\n",
        )
        .webex(&["GET /x"]),
        Vector::new(
            "own-prefix",
            "own routes",
            b"GET /api/v01/webex/x HTTP/1.1\r\nHost: gw\r\n\r\n",
        )
        .refused(404, ""),
        Vector::new(
            "own-route-with-another-method",
            "RFC 9110 15.5.6",
            b"POST /health HTTP/1.1\r\nHost: gw\r\nContent-Length: 2\r\n\r\n{}",
        )
        .refused(405, "bad_request"),
        Vector::new(
            "own-route-with-another-method-and-no-host",
            "RFC 9112 3.2",
            b"DELETE /status HTTP/1.1\r\n\r\n",
        )
        .refused(400, "bad_request"),
        Vector::new(
            "own-prefix-disguised",
            "own routes",
            b"GET //API/v01/%77ebex/x HTTP/1.1\r\nHost: gw\r\n\r\n",
        )
        .refused(404, ""),
    ]
}
