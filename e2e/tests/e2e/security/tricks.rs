//! Requests by which somebody outside tries to reach what is inside. Every one ends its connection, so that all answers
//! to it are read.

/// One trick.
pub(super) struct Trick {
    /// What it is called.
    pub(super) name: String,
    /// What is sent, with a place for what it aims at.
    request: String,
}

/// Where a trick has the path that it aims at, with its slash, and without.
const AIM: &str = "{/aim}";
const BARE: &str = "{aim}";

/// Targets of a GET.
const TARGETS: [(&str, &str); 56] = [
    ("itself", "{/aim}"),
    ("below the prefix", "/api/v01/webex{/aim}"),
    ("below the callback", "/api/v01/webex/auth/code{/aim}"),
    ("below the login", "/api/v01/webex/auth/login{/aim}"),
    ("prefix run together", "/api/v01/webex{aim}"),
    ("prefix without its slash", "/api/v01/webex?{/aim}"),
    ("another version of the prefix", "/api/v02/webex{/aim}"),
    // Dot segments.
    ("dot segments", "/api/v01/webex/../../..{/aim}"),
    ("one dot segment", "/api/v01/webex/..{/aim}"),
    (
        "dot segments at the callback",
        "/api/v01/webex/auth/code/../../../../..{/aim}",
    ),
    ("dot segments above the root", "/../../../..{/aim}"),
    (
        "dot segments and back",
        "/api/v01/webex/../../..{/aim}/../../api/v01/webex/",
    ),
    ("single dots", "/api/v01/webex/././.{/aim}"),
    ("three dots", "/api/v01/webex/.../...{/aim}"),
    ("dot segments at the end", "/api/v01/webex{/aim}/.."),
    ("dots encoded", "/api/v01/webex/%2e%2e/%2e%2e/%2e%2e{/aim}"),
    (
        "dots encoded in upper case",
        "/api/v01/webex/%2E%2E/%2E%2E/%2E%2E{/aim}",
    ),
    ("dots half encoded", "/api/v01/webex/.%2e/%2e./.%2e{/aim}"),
    (
        "dots encoded twice",
        "/api/v01/webex/%252e%252e/%252e%252e/%252e%252e{/aim}",
    ),
    (
        "dots encoded three times",
        "/api/v01/webex/%25252e%25252e/%25252e%25252e{/aim}",
    ),
    (
        "dots in too many bytes",
        "/api/v01/webex/%c0%ae%c0%ae/%c0%ae%c0%ae/%c0%ae%c0%ae{/aim}",
    ),
    (
        "dots as other characters",
        "/api/v01/webex/%ef%bc%8e%ef%bc%8e/%ef%bc%8e%ef%bc%8e{/aim}",
    ),
    (
        "dots as Microsoft writes them",
        "/api/v01/webex/%u002e%u002e/%u002e%u002e{/aim}",
    ),
    // Slashes.
    ("slashes encoded", "/api/v01/webex/..%2f..%2f..%2f{aim}"),
    (
        "slashes encoded in upper case",
        "/api/v01/webex/..%2F..%2F..%2F{aim}",
    ),
    (
        "slashes encoded twice",
        "/api/v01/webex/..%252f..%252f..%252f{aim}",
    ),
    (
        "slashes in too many bytes",
        "/api/v01/webex/..%c0%af..%c0%af..%c0%af{aim}",
    ),
    (
        "everything encoded",
        "/api/v01/webex/%2e%2e%2f%2e%2e%2f%2e%2e%2f{aim}",
    ),
    (
        "everything encoded twice",
        "/api/v01/webex/%252e%252e%252f%252e%252e%252f%252e%252e%252f{aim}",
    ),
    ("two slashes", "/{/aim}"),
    ("two slashes below the prefix", "/api/v01/webex/{/aim}"),
    ("two slashes everywhere", "//api//v01//webex//..//..//..//{/aim}"),
    ("a slash encoded below the prefix", "/api/v01/webex/%2f{aim}"),
    ("backslashes", "/api/v01/webex/..\\..\\..\\{aim}"),
    ("backslashes encoded", "/api/v01/webex/..%5c..%5c..%5c{aim}"),
    ("a backslash and a slash", "/api/v01/webex\\../../..{/aim}"),
    // Parameters, queries, fragments, ends.
    ("parameters of dot segments", "/api/v01/webex/..;/..;/..;{/aim}"),
    (
        "parameters with values",
        "/api/v01/webex/..;x=1/..;x=1/..;x=1{/aim}",
    ),
    ("empty parameters", "/api/v01/webex/;/../;/../;/..{/aim}"),
    ("a parameter encoded", "/api/v01/webex/..%3b/..%3b/..%3b{/aim}"),
    ("a query", "/api/v01/webex/?/../../..{/aim}"),
    ("a query encoded", "/api/v01/webex/%3f/../../../..{/aim}"),
    ("a fragment", "/api/v01/webex/#/../../..{/aim}"),
    ("a fragment encoded", "/api/v01/webex/%23/../../../..{/aim}"),
    ("no byte at all", "/api/v01/webex/..%00/..%00/..%00{/aim}"),
    ("a byte that ends it", "/api/v01/webex/%00/../../../..{/aim}"),
    (
        "a line end",
        "/api/v01/webex/%0d%0aHost:%20webexapis.com%0d%0a/../../../../..{/aim}",
    ),
    (
        "a second request in it",
        "/api/v01/webex/%20HTTP/1.1%0d%0a%0d%0aGET%20{/aim}",
    ),
    ("a tab", "/api/v01/webex/%09..%09/..{/aim}"),
    ("dots at its end", "/api/v01/webex.{/aim}"),
    ("dots at the end of the aim", "/api/v01/webex/../../..{/aim}."),
    ("upper case", "/API/V01/WEBEX/../../..{/aim}"),
    ("upper case below the prefix", "/api/v01/webex/AUTH/CODE/..{/aim}"),
    (
        "another host below the prefix",
        "/api/v01/webex/@webexapis.com{/aim}",
    ),
    ("another port below the prefix", "/api/v01/webex/:9001{/aim}"),
    (
        "a URL below the prefix",
        "/api/v01/webex/http://webex_gw:9001{/aim}",
    ),
];

/// Targets in other forms, and other first lines: the whole of it, without its end.
const FIRST_LINES: [(&str, &str); 17] = [
    ("absolute form", "GET http://apio.example.com{/aim} HTTP/1.1"),
    (
        "absolute form of Webex",
        "GET http://webexapis.com{/aim} HTTP/1.1",
    ),
    (
        "absolute form of Webex with TLS",
        "GET https://webexapis.com{/aim} HTTP/1.1",
    ),
    (
        "absolute form of the gateway",
        "GET http://webex_gw:9001{/aim} HTTP/1.1",
    ),
    (
        "absolute form of this machine",
        "GET http://127.0.0.1:9001{/aim} HTTP/1.1",
    ),
    (
        "absolute form with dot segments",
        "GET http://apio.example.com/api/v01/webex/../../..{/aim} HTTP/1.1",
    ),
    (
        "absolute form with a user",
        "GET http://apio.example.com@webexapis.com{/aim} HTTP/1.1",
    ),
    ("absolute form of another scheme", "GET file://{/aim} HTTP/1.1"),
    ("no slash", "GET {aim} HTTP/1.1"),
    ("a host for a path", "GET @webexapis.com{/aim} HTTP/1.1"),
    ("TRACE", "TRACE /api/v01/webex{/aim} HTTP/1.1"),
    ("OPTIONS", "OPTIONS /api/v01/webex/../../..{/aim} HTTP/1.1"),
    ("HEAD", "HEAD /api/v01/webex/..%2f..%2f..{/aim} HTTP/1.1"),
    ("a method of its own", "WEBEX /api/v01/webex{/aim} HTTP/1.1"),
    ("two targets", "GET /api/v01/webex/ {/aim} HTTP/1.1"),
    ("a version that is none", "GET {/aim} HTTP/9.9"),
    ("HTTP/1.0", "GET /api/v01/webex/../../..{/aim} HTTP/1.0"),
];

/// Fields by which some proxies are told another target, with `GET /api/v01/webex/`.
const FIELDS: [(&str, &str); 14] = [
    ("X-Original-URL", "X-Original-URL: {/aim}"),
    ("X-Rewrite-URL", "X-Rewrite-URL: {/aim}"),
    ("X-Accel-Redirect", "X-Accel-Redirect: {/aim}"),
    ("X-Forwarded-Path", "X-Forwarded-Path: {/aim}"),
    ("X-Forwarded-Prefix", "X-Forwarded-Prefix: {/aim}"),
    (
        "X-HTTP-Method-Override",
        "X-HTTP-Method-Override: CONNECT\r\nX-Original-URL: {/aim}",
    ),
    (
        "X-Forwarded-Host",
        "X-Forwarded-Host: webexapis.com\r\nX-Forwarded-Server: webexapis.com{/aim}",
    ),
    (
        "Forwarded",
        "Forwarded: host=webexapis.com;for=127.0.0.1;path={/aim}",
    ),
    ("Referer", "Referer: http://webex_gw:9001{/aim}"),
    ("Destination", "Destination: http://webex_gw:9001{/aim}"),
    (
        "an upgrade to a WebSocket",
        "Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nX: {/aim}",
    ),
    (
        "an upgrade to HTTP/2",
        "Connection: upgrade, http2-settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nX: {/aim}",
    ),
    (
        "fields nominated away",
        "Connection: close, host, x-real-ip, x-forwarded-for\r\nX-Original-URL: {/aim}",
    ),
    (
        "fields with underscores",
        "X_Original_URL: {/aim}\r\nX_Gateway_Key: x",
    ),
];

/// Values of `Host`, with the path that is aimed at below the prefix and with dot segments.
const HOSTS: [(&str, &str); 10] = [
    ("Webex", "webexapis.com"),
    ("the gateway", "webex_gw:9001"),
    ("this machine", "127.0.0.1:9001"),
    ("a user and Webex", "apio.example.com@webexapis.com"),
    ("a path", "apio.example.com{/aim}"),
    ("a fragment", "apio.example.com#{/aim}"),
    ("a dot at its end", "apio.example.com."),
    ("none", ""),
    ("two", "apio.example.com\r\nHost: webexapis.com"),
    ("one that is folded", "apio.example.com\r\n webexapis.com"),
];

/// Whole connections: a request within another, or no HTTP/1.1 at all. The last request, where there is one, ends the
/// connection.
const CONNECTIONS: [(&str, &str); 15] = [
    (
        "CONNECT to Webex",
        "CONNECT webexapis.com:443 HTTP/1.1\r\nHost: webexapis.com\r\n\r\nGET {/aim} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    ),
    (
        "CONNECT to the gateway",
        "CONNECT webex_gw:9001 HTTP/1.1\r\nHost: a\r\n\r\nGET {/aim} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    ),
    ("HTTP/0.9", "GET {/aim}\r\n"),
    (
        "HTTP/0.9 below the prefix",
        "GET /api/v01/webex/../../..{/aim}\r\n",
    ),
    (
        "HTTP/2 at once",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0GET {/aim} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    ),
    ("TLS", "\x16\x03\x01\0\x05\x01\0\0\x01\0\r\n\r\n{/aim}"),
    (
        "two requests at once",
        "GET /api/v01/webex/ HTTP/1.1\r\nHost: a\r\n\r\nGET {/aim} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    ),
    (
        "a request for a body",
        "POST /api/v01/webex/auth/code HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789GET {/aim} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    ),
    (
        "a length and chunks",
        "POST /api/v01/webex/auth/code HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET {/aim} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    ),
    (
        "chunks and a length",
        "POST /api/v01/webex/auth/code HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 400\r\n\r\n0\r\n\r\nGET {/aim} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    ),
    (
        "chunks by another name",
        "POST /api/v01/webex/auth/code HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\nGET {/aim} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    ),
    (
        "chunks twice",
        "POST /api/v01/webex/auth/code HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\nGET {/aim} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    ),
    (
        "chunks with a space before the colon",
        "POST /api/v01/webex/auth/code HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\nGET {/aim} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    ),
    (
        "two lengths",
        "POST /api/v01/webex/auth/code HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\nGET {/aim} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    ),
    (
        "a chunk with another request after it",
        "POST /api/v01/webex/auth/code HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\nxx\r\n0\r\n\r\nGET {/aim} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    ),
];

/// Longer than nginx takes, longer than the gateway takes, and as long as both take.
const LENGTHS: [usize; 3] = [70_000, 20_000, 4_000];

impl Trick {
    /// What is sent to reach a path.
    pub(super) fn aimed_at(&self, path: &str) -> String {
        self.request
            .replace(AIM, path)
            .replace(BARE, path.trim_start_matches('/'))
    }
}

/// All of them.
pub(super) fn all() -> impl Iterator<Item = Trick> {
    let targets = TARGETS.map(|(name, target)| (name.to_owned(), get(target, "")));
    let first_lines =
        FIRST_LINES.map(|(name, line)| (name.to_owned(), head(line, "Host: apio.example.com", "")));
    let fields = FIELDS.map(|(name, fields)| (format!("field {name}"), get("/api/v01/webex/", fields)));
    let hosts = HOSTS.into_iter().flat_map(|(name, host)| {
        let host = format!("Host: {host}");
        ["/api/v01/webex{/aim}", "/api/v01/webex/../../..{/aim}", "{/aim}"].map(|target| {
            (
                format!("host {name}, target {target}"),
                head(&format!("GET {target} HTTP/1.1"), &host, ""),
            )
        })
    });
    let connections = CONNECTIONS.map(|(name, bytes)| (name.to_owned(), bytes.to_owned()));
    let lengths = LENGTHS.map(|length| {
        let long = "a/".repeat(length / 2);
        let back = "../".repeat(length / 2 + 3);
        (
            format!("{length} characters"),
            get(&format!("/api/v01/webex/{long}{back}{AIM}"), ""),
        )
    });
    let tricks = targets
        .into_iter()
        .chain(first_lines)
        .chain(fields)
        .chain(hosts)
        .chain(connections)
        .chain(lengths);
    tricks.map(|(name, request)| Trick { name, request })
}

fn get(target: &str, fields: &str) -> String {
    head(
        &format!("GET {target} HTTP/1.1"),
        "Host: apio.example.com",
        fields,
    )
}

/// A head whose connection ends with its answer.
fn head(line: &str, host: &str, fields: &str) -> String {
    let fields = [line, host, fields, "Connection: close"];
    let lines: Vec<_> = fields.into_iter().filter(|line| !line.is_empty()).collect();
    format!("{}\r\n\r\n", lines.join("\r\n"))
}
