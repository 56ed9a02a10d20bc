//! The `Host` field: exactly one, and never what decides where the token goes.

use super::Vector;

pub(super) fn vectors() -> Vec<Vector> {
    let mut vectors = vec![
        Vector::new("host-missing", "RFC 9112 3.2", b"GET /x HTTP/1.1\r\n\r\n").refused(400, "bad_request"),
        Vector::new(
            "host-twice",
            "RFC 9112 3.2",
            b"GET /x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        )
        .refused(400, "bad_request"),
        Vector::new(
            "host-twice-the-same",
            "RFC 9112 3.2",
            b"GET /x HTTP/1.1\r\nHost: gw\r\nHost: gw\r\n\r\n",
        )
        .refused(400, "bad_request"),
        Vector::new("host-missing-in-1.0", "own rule", b"GET /x HTTP/1.0\r\n\r\n")
            .webex(&["GET /x"])
            .closed(),
        Vector::new(
            "host-twice-in-1.0",
            "RFC 9112 3.2",
            b"GET /x HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n",
        )
        .refused(400, "bad_request"),
        Vector::new(
            "host-of-another",
            "trap: Host chooses the target",
            b"GET /x HTTP/1.1\r\nHost: {evil}\r\n\r\n",
        )
        .webex(&["GET /x"]),
        Vector::new(
            "host-ipv6",
            "RFC 3986 3.2.2",
            b"GET /x HTTP/1.1\r\nHost: [::1]:9001\r\n\r\n",
        )
        .webex(&["GET /x"]),
        Vector::new(
            "host-with-space-before-colon",
            "RFC 9112 5.1",
            b"GET /x HTTP/1.1\r\nHost : gw\r\n\r\n",
        )
        .unreadable(400),
    ];
    for (name, host) in [
        ("host-empty", &b""[..]),
        ("host-with-userinfo", b"u:p@gw"),
        ("host-with-path", b"gw/x"),
        ("host-with-query", b"gw?x"),
        ("host-with-space", b"a b"),
        ("host-list", b"a, b"),
        ("host-with-a-word-for-a-port", b"gw:abc"),
        ("host-with-a-port-too-large", b"gw:99999"),
        ("host-not-ascii", b"g\xc3\xa4w"),
        ("host-with-scheme", b"http://gw"),
    ] {
        let send = [b"GET /x HTTP/1.1\r\nHost: ", host, b"\r\n\r\n"].concat();
        vectors.push(Vector::new(name, "RFC 9110 7.2", send).refused(400, "bad_request"));
    }
    for (name, path) in [
        ("host-missing-for-health", "/health"),
        ("host-missing-for-livez", "/livez"),
        ("host-missing-for-readyz", "/readyz"),
        ("host-missing-for-login", "/api/v01/webex/auth/login"),
        ("host-missing-for-code", "/api/v01/webex/auth/code?code=x"),
        ("host-missing-below-the-prefix", "/api/v01/webex/nothing"),
    ] {
        let send = format!("GET {path} HTTP/1.1\r\n\r\n");
        vectors.push(Vector::new(name, "RFC 9112 3.2", send).refused(400, "bad_request"));
    }
    vectors
}
