//! Several requests on one connection: answered in order, and never read out of the body of another.

use super::Vector;

pub(super) fn vectors() -> Vec<Vector> {
    vec![
        Vector::new("pipeline", "RFC 9112 9.3.2", b"GET /a HTTP/1.1\r\nHost: gw\r\n\r\nGET /b HTTP/1.1\r\nHost: gw\r\n\r\nGET /c HTTP/1.1\r\nHost: gw\r\n\r\n")
            .answers(&[(200, ""), (200, ""), (200, "")])
            .webex(&["GET /a", "GET /b", "GET /c"]),
        Vector::new("pipeline-after-a-body", "RFC 9112 9.3.2", b"POST /a HTTP/1.1\r\nHost: gw\r\nContent-Length: 5\r\n\r\nhelloGET /b HTTP/1.1\r\nHost: gw\r\n\r\n")
            .answers(&[(200, ""), (200, "")])
            .webex(&["POST /a hello", "GET /b"]),
        Vector::new("pipeline-after-a-refusal", "RFC 9112 9.3.2", b"GET /../a HTTP/1.1\r\nHost: gw\r\n\r\nGET /b HTTP/1.1\r\nHost: gw\r\n\r\n")
            .answers(&[(400, "target_refused"), (200, "")])
            .webex(&["GET /b"]),
        Vector::new("pipeline-after-nonsense", "RFC 9112 9.3.2; desynchronisation", b"GET /a HTTP/1.1\r\nBad Field: x\r\n\r\nGET /b HTTP/1.1\r\nHost: gw\r\n\r\n")
            .unreadable(400),
        Vector::new("pipeline-after-close", "RFC 9112 9.6", b"GET /a HTTP/1.1\r\nHost: gw\r\nConnection: close\r\n\r\nGET /b HTTP/1.1\r\nHost: gw\r\n\r\n")
            .webex(&["GET /a"])
            .closed(),
        Vector::new("pipeline-after-1.0", "RFC 9112 9.3", b"GET /a HTTP/1.0\r\n\r\nGET /b HTTP/1.1\r\nHost: gw\r\n\r\n")
            .webex(&["GET /a"])
            .closed(),
        Vector::cut(
            "pipeline-after-a-broken-chunk",
            "RFC 9112 7.1; desynchronisation",
            b"x\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: gw\r\n\r\n",
            "",
        ),
        Vector::new("refused-body-holds-a-request", "CVE-2025-4366 class", b"POST /../a HTTP/1.1\r\nHost: gw\r\nContent-Length: 38\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: gw\r\n\r\n\r\nGET /b HTTP/1.1\r\nHost: gw\r\n\r\n")
            .answers(&[(400, "target_refused"), (200, "")])
            .webex(&["GET /b"]),
        Vector::new("refused-body-is-large", "CVE-2025-4366 class", large_refused()).refused(400, "target_refused").closed(),
        Vector::new("own-route-with-a-body", "CVE-2025-4366 class", b"GET /readyz HTTP/1.1\r\nHost: gw\r\nContent-Length: 38\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: gw\r\n\r\n\r\nGET /b HTTP/1.1\r\nHost: gw\r\n\r\n")
            .answers(&[(200, ""), (200, "")])
            .webex(&["GET /b"]),
        Vector::new("body-of-a-get-holds-a-request", "CL.0", b"GET /a HTTP/1.1\r\nHost: gw\r\nContent-Length: 38\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: gw\r\n\r\n\r\n")
            .webex(&["GET /a GET /smuggled HTTP/1.1\r\nHost: gw\r\n\r\n\r\n"]),
    ]
}

/// A refused request whose body, of requests, does not fit any buffer.
fn large_refused() -> Vec<u8> {
    let smuggled = "GET /smuggled HTTP/1.1\r\nHost: gw\r\n\r\n".repeat(30_000);
    let head = format!(
        "POST /../a HTTP/1.1\r\nHost: gw\r\nContent-Length: {}\r\n\r\n",
        smuggled.len()
    );
    [head, smuggled].concat().into_bytes()
}
