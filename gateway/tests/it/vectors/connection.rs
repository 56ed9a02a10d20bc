//! Fields of the connection, expectations, upgrades, and what the gateway keeps to itself.

use super::Vector;

pub(super) fn vectors() -> Vec<Vector> {
    vec![
        Vector::new("connection-close", "RFC 9112 9.6", b"GET /x HTTP/1.1\r\nHost: gw\r\nConnection: close\r\n\r\n")
            .webex(&["GET /x"])
            .details(&["!connection: close"])
            .closed(),
        Vector::new("connection-close-among-others", "RFC 9112 9.6", b"GET /x HTTP/1.1\r\nHost: gw\r\nConnection: x-a, CLOSE\r\nConnection: keep-alive\r\n\r\n")
            .webex(&["GET /x"])
            .closed(),
        Vector::new("connection-of-1.0", "RFC 9112 9.3", b"GET /x HTTP/1.0\r\nHost: gw\r\n\r\n").webex(&["GET /x"]).closed(),
        Vector::new("connection-of-1.0-kept", "RFC 9112 9.3", b"GET /x HTTP/1.0\r\nHost: gw\r\nConnection: keep-alive\r\n\r\n")
            .webex(&["GET /x"]),
        Vector::new("connection-nominates", "RFC 9110 7.6.1", b"GET /x HTTP/1.1\r\nHost: gw\r\nConnection: X-Hop, \tX-Too\r\nX-Hop: 1\r\nX-Too: 2\r\nX-Stays: 3\r\n\r\n")
            .webex(&["GET /x"])
            .details(&["!x-hop", "!x-too", "x-stays: 3"]),
        Vector::new("connection-nominates-the-token", "RFC 9110 7.6.1; go CL 708615", b"GET /x HTTP/1.1\r\nHost: gw\r\nConnection: Authorization, TrackingID, Host\r\nTrackingID: mine\r\n\r\n")
            .webex(&["GET /x"])
            .details(&["!mine"]),
        Vector::new("connection-fields", "RFC 9110 7.6.1", b"GET /x HTTP/1.1\r\nHost: gw\r\nKeep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nProxy-Authorization: Basic eA==\r\nTE: gzip\r\nTrailer: X-A\r\nHTTP2-Settings: AAMAAABk\r\n\r\n")
            .webex(&["GET /x"])
            .details(&["!keep-alive", "!proxy-", "!te:", "!trailer:", "!http2-settings"]),
        Vector::new("connection-te-trailers", "RFC 9110 10.1.4", b"GET /x HTTP/1.1\r\nHost: gw\r\nTE: trailers, gzip\r\nConnection: TE\r\n\r\n")
            .webex(&["GET /x"])
            .details(&["te: trailers\r\n"]),
        Vector::new("credentials-of-the-client", "RFC 9110 11.6.2", b"GET /x HTTP/1.1\r\nHost: gw\r\nAuthorization: Bearer evil\r\nAuthorization: Basic evil\r\nCookie: evil=1\r\nX-Gateway-Key: evil\r\nProxy: evil\r\n\r\n")
            .webex(&["GET /x"])
            .details(&["!evil", "!cookie", "!gateway-key", "!proxy"]),
        Vector::new("inner-network", "own rule", b"GET /x HTTP/1.1\r\nHost: gw\r\nX-Forwarded-For: 10.9.8.7\r\nX-Forwarded-Host: evil\r\nX-Real-IP: 10.9.8.7\r\nForwarded: for=10.9.8.7\r\nVia: 1.1 evil\r\n\r\n")
            .webex(&["GET /x"])
            .details(&["!10.9.8.7", "!evil"]),
        Vector::new("upgrade-websocket", "RFC 9110 7.8; CVE-2026-2833 class", b"GET /x HTTP/1.1\r\nHost: gw\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
            .refused(400, "target_refused"),
        Vector::new("upgrade-list", "RFC 9110 7.8", b"GET /x HTTP/1.1\r\nHost: gw\r\nConnection: Upgrade\r\nUpgrade: h2c, websocket\r\n\r\n")
            .refused(400, "target_refused"),
        Vector::new("upgrade-h2c", "RFC 9110 7.8: may be ignored", b"GET /x HTTP/1.1\r\nHost: gw\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n")
            .webex(&["GET /x"])
            .details(&["!upgrade", "!http2-settings"]),
        Vector::new("upgrade-and-a-smuggled-request", "CVE-2026-2833 class", b"GET /x HTTP/1.1\r\nHost: gw\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nGET /y HTTP/1.1\r\nHost: gw\r\n\r\n")
            .answers(&[(400, "target_refused"), (200, "")])
            .webex(&["GET /y"]),
        Vector::new("expect-continue", "RFC 9110 10.1.1", b"POST /x HTTP/1.1\r\nHost: gw\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello")
            .webex(&["POST /x hello"])
            .details(&["!expect"]),
        Vector::new("expect-continue-upper-case", "RFC 9110 10.1.1", b"POST /x HTTP/1.1\r\nHost: gw\r\nExpect: 100-CONTINUE\r\nContent-Length: 5\r\n\r\nhello")
            .webex(&["POST /x hello"]),
        Vector::new("expect-continue-without-a-body", "RFC 9110 10.1.1", b"GET /x HTTP/1.1\r\nHost: gw\r\nExpect: 100-continue\r\n\r\n")
            .webex(&["GET /x"]),
        Vector::new("expect-in-1.0", "RFC 9110 10.1.1: ignored", b"POST /x HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello")
            .webex(&["POST /x hello"])
            .closed(),
        Vector::new("expect-the-unknown", "RFC 9110 10.1.1", b"GET /x HTTP/1.1\r\nHost: gw\r\nExpect: the-impossible\r\n\r\n")
            .refused(417, "bad_request"),
        Vector::new("expect-twice", "RFC 9110 10.1.1; CVE-2025-32094 class", b"GET /x HTTP/1.1\r\nHost: gw\r\nExpect: 100-continue\r\nExpect: y\r\n\r\n")
            .refused(417, "bad_request"),
        Vector::new("expect-the-unknown-of-livez", "RFC 9110 10.1.1", b"GET /livez HTTP/1.1\r\nHost: gw\r\nExpect: x\r\n\r\n")
            .refused(417, "bad_request"),
        Vector::new("tracking-id-kept", "own rule", b"GET /x HTTP/1.1\r\nHost: gw\r\nTrackingID: mine_1\r\n\r\n")
            .webex(&["GET /x"])
            .details(&["trackingid: mine_1\r\n"]),
        Vector::new("tracking-id-twice", "own rule", b"GET /x HTTP/1.1\r\nHost: gw\r\nTrackingID: evil\r\nTrackingID: evil\r\n\r\n")
            .webex(&["GET /x"])
            .details(&["!evil"]),
    ]
}
