//! What honest clients and an honest Webex say to each other, in all the shapes that HTTP has for it.

/// A request and the answer to it.
pub(super) struct Exchange {
    pub(super) name: &'static str,
    /// `{own}` stands for the address that is asked.
    pub(super) request: &'static [u8],
    pub(super) answer: &'static [u8],
}

const GET: &[u8] = b"GET /x HTTP/1.1\r\nhost: gw:9001\r\n\r\n";
const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// Different requests with one answer.
const REQUESTS: [(&str, &[u8]); 52] = [
    ("get", GET),
    ("head", b"HEAD /x HTTP/1.1\r\nhost: gw\r\n\r\n"),
    ("options", b"OPTIONS /x HTTP/1.1\r\nhost: gw\r\n\r\n"),
    ("delete", b"DELETE /v1/people/Y2lzY29 HTTP/1.1\r\nhost: gw\r\n\r\n"),
    ("delete-with-body", b"DELETE /x HTTP/1.1\r\nhost: gw\r\ncontent-length: 5\r\n\r\nhello"),
    ("get-with-body", b"GET /x HTTP/1.1\r\nhost: gw\r\ncontent-length: 5\r\n\r\nhello"),
    ("get-with-chunks", b"GET /x HTTP/1.1\r\nhost: gw\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
    ("propfind", b"PROPFIND /x HTTP/1.1\r\nhost: gw\r\n\r\n"),
    ("method-in-lower-case", b"get /x HTTP/1.1\r\nhost: gw\r\n\r\n"),
    ("post", b"POST /v1/people HTTP/1.1\r\nhost: gw\r\ncontent-type: application/json\r\ncontent-length: 13\r\n\r\n{\"emails\":[]}"),
    ("post-nothing", b"POST /x HTTP/1.1\r\nhost: gw\r\ncontent-length: 0\r\n\r\n"),
    ("post-without-length", b"POST /x HTTP/1.1\r\nhost: gw\r\n\r\n"),
    ("post-chunks", b"POST /x HTTP/1.1\r\nhost: gw\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n"),
    ("post-no-chunks", b"POST /x HTTP/1.1\r\nhost: gw\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
    ("post-trailers", b"POST /x HTTP/1.1\r\nhost: gw\r\ntransfer-encoding: chunked\r\ntrailer: x-sum\r\n\r\n5\r\nhello\r\n0\r\nx-sum: 1\r\n\r\n"),
    ("post-trailers-of-all-kinds", b"POST /x HTTP/1.1\r\nhost: gw\r\ntransfer-encoding: chunked\r\nTrailer: X-Sum, Cookie\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\nCookie: a\r\nX-Other: 2\r\n\r\n"),
    ("post-binary", b"POST /x HTTP/1.1\r\nhost: gw\r\ncontent-length: 6\r\n\r\n\x00\xff\r\n\r\n"),
    ("post-zipped", b"POST /x HTTP/1.1\r\nhost: gw\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\n\x1f\x8b\x08\x00"),
    ("post-expecting", b"POST /x HTTP/1.1\r\nhost: gw\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\nhello"),
    ("put-range", b"PUT /x HTTP/1.1\r\nhost: gw\r\ncontent-range: bytes 0-4/10\r\ncontent-length: 5\r\n\r\nhello"),
    ("patch", b"PATCH /scim/v2/Users/1 HTTP/1.1\r\nhost: gw\r\ncontent-type: application/scim+json\r\nif-match: W/\"1\"\r\ncontent-length: 2\r\n\r\n{}"),
    ("length-twice", b"POST /x HTTP/1.1\r\nhost: gw\r\ncontent-length: 5\r\ncontent-length: 5\r\n\r\nhello"),
    ("length-with-zeros", b"POST /x HTTP/1.1\r\nhost: gw\r\ncontent-length: 005\r\n\r\nhello"),
    ("conditional", b"GET /x HTTP/1.1\r\nhost: gw\r\nif-none-match: \"a\", W/\"b\"\r\nif-modified-since: Tue, 15 Nov 1994 12:45:26 GMT\r\n\r\n"),
    ("range", b"GET /x HTTP/1.1\r\nhost: gw\r\nrange: bytes=0-4,-1\r\nif-range: \"a\"\r\n\r\n"),
    ("negotiated", b"GET /x HTTP/1.1\r\nhost: gw\r\naccept: application/json;q=0.9, */*\r\naccept-encoding: gzip, br;q=0\r\naccept-language: de, en;q=0.5\r\n\r\n"),
    ("cache-control", b"GET /x HTTP/1.1\r\nhost: gw\r\ncache-control: no-cache\r\npragma: no-cache\r\n\r\n"),
    ("max-forwards", b"OPTIONS /x HTTP/1.1\r\nhost: gw\r\nmax-forwards: 3\r\n\r\n"),
    ("user-agent", b"GET /x HTTP/1.1\r\nhost: gw\r\nuser-agent: APIO/1.0 (core; x)\r\nreferer: https://apio.example.com/\r\norigin: null\r\n\r\n"),
    ("names-in-all-cases", b"GET /x HTTP/1.1\r\nHost: gw\r\nACCEPT: a\r\nX-MiXeD: b\r\n\r\n"),
    ("lines-of-one-name", b"GET /x HTTP/1.1\r\nhost: gw\r\nx-a: 1\r\nx-b: 2\r\nx-a: 3\r\nx-a: 1\r\n\r\n"),
    ("values-of-all-kinds", b"GET /x HTTP/1.1\r\nhost: gw\r\nx-empty:\r\nx-latin: \xe4\xff\r\nx-tab: a\tb\r\nx-quoted: \"a, \\\" b\"\r\nx-commas: ,a,,b,\r\n\r\n"),
    ("value-of-8-kib", include_bytes!("large.http")),
    ("clients-token", b"GET /x HTTP/1.1\r\nhost: gw\r\nauthorization: Bearer dummy\r\n\r\n"),
    ("clients-credentials", b"GET /x HTTP/1.1\r\nhost: gw\r\ncookie: a=b\r\nx-gateway-key: k\r\nproxy: x\r\nproxy-authorization: Basic eA==\r\n\r\n"),
    ("behind-nginx", b"GET /x HTTP/1.1\r\nhost: gw\r\nx-forwarded-for: 10.0.0.1\r\nx-forwarded-proto: http\r\nx-real-ip: 10.0.0.1\r\nforwarded: for=10.0.0.1\r\nvia: 1.1 nginx\r\n\r\n"),
    ("underscores", b"GET /x HTTP/1.1\r\nhost: gw\r\nx_own: 1\r\nx_forwarded_for: 10.0.0.1\r\n\r\n"),
    ("tracked", b"GET /x HTTP/1.1\r\nhost: gw\r\ntrackingid: SIMPLE_1\r\n\r\n"),
    ("tracked-twice", b"GET /x HTTP/1.1\r\nhost: gw\r\ntrackingid: a\r\ntrackingid: b\r\n\r\n"),
    ("kept-alive", b"GET /x HTTP/1.1\r\nhost: gw\r\nconnection: keep-alive\r\nkeep-alive: timeout=5\r\nproxy-connection: keep-alive\r\n\r\n"),
    ("nominating", b"GET /x HTTP/1.1\r\nhost: gw\r\nconnection: x-hop\r\nx-hop: 1\r\nx-stays: 2\r\n\r\n"),
    ("java", b"GET /x HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nHost: gw\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\nUpgrade: h2c\r\nUser-Agent: Java-http-client/17\r\n\r\n"),
    ("te", b"GET /x HTTP/1.1\r\nhost: gw\r\nte: gzip, trailers\r\n\r\n"),
    ("te-without-trailers", b"GET /x HTTP/1.1\r\nhost: gw\r\nte: gzip\r\n\r\n"),
    ("escapes", b"GET /v1/%7E%7e%2F%2f%C3%a4%zz%25?x=%20+%2B HTTP/1.1\r\nhost: gw\r\n\r\n"),
    ("slashes", b"GET //v1///people// HTTP/1.1\r\nhost: gw\r\n\r\n"),
    ("parameters", b"GET /v1/a;b=c;d/Y2lz==?e=f;g&h HTTP/1.1\r\nhost: gw\r\n\r\n"),
    ("query-of-brackets", b"GET /v1/people?a[]=1&b[c]=2&max=null&before&x?y=/z:@!$'()* HTTP/1.1\r\nhost: gw\r\n\r\n"),
    ("query-empty", b"GET /v1/people? HTTP/1.1\r\nhost: gw\r\n\r\n"),
    ("scim-filter", b"GET /identity/scim/1/v2/Users?filter=userName%20eq%20%22a%40b%22&startIndex=1 HTTP/1.1\r\nhost: gw\r\n\r\n"),
    ("absolute", b"GET http://{own}/x?y HTTP/1.1\r\nhost: gw\r\n\r\n"),
    ("fragment", b"GET /x#y HTTP/1.1\r\nhost: gw\r\n\r\n"),
];

/// One request with different answers.
const ANSWERS: [(&str, &[u8]); 40] = [
    ("created", b"HTTP/1.1 201 Created\r\nlocation: /v1/people/1\r\ncontent-length: 2\r\n\r\n{}"),
    ("location-at-webex", b"HTTP/1.1 201 Created\r\nlocation: https://webexapis.com/v1/people/1\r\ncontent-length: 2\r\n\r\n{}"),
    ("location-elsewhere", b"HTTP/1.1 302 Found\r\nlocation: https://files.example.com/x?y\r\ncontent-length: 0\r\n\r\n"),
    ("links", b"HTTP/1.1 200 OK\r\nlink: <https://webexapis.com/v1/people?max=1&after=Y2>; rel=\"next\", <https://x.example/>; rel=\"help\"\r\ncontent-length: 2\r\n\r\n{}"),
    ("accepted", b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n"),
    ("no-content", b"HTTP/1.1 204 No Content\r\n\r\n"),
    ("no-content-with-length", b"HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\n"),
    ("reset-content", b"HTTP/1.1 205 Reset Content\r\ncontent-length: 0\r\n\r\n"),
    ("partial", b"HTTP/1.1 206 Partial Content\r\ncontent-range: bytes 0-4/10\r\netag: \"a\"\r\ncontent-length: 5\r\n\r\nhello"),
    ("partial-in-parts", b"HTTP/1.1 206 Partial Content\r\ncontent-type: multipart/byteranges; boundary=b\r\ncontent-length: 5\r\n\r\n--b--"),
    ("moved", b"HTTP/1.1 307 Temporary Redirect\r\nlocation: https://webexapis.com.evil.example/\r\ncontent-length: 0\r\n\r\n"),
    ("not-modified", b"HTTP/1.1 304 Not Modified\r\netag: W/\"a\"\r\ncache-control: max-age=60\r\nvary: accept\r\n\r\n"),
    ("not-modified-with-length", b"HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n"),
    ("bad-request", b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: 26\r\n\r\n{\"message\":\"x\",\"errors\":1}"),
    ("forbidden", b"HTTP/1.1 403 Forbidden\r\nwww-authenticate: Bearer error=\"insufficient_scope\"\r\ncontent-length: 0\r\n\r\n"),
    ("not-found", b"HTTP/1.1 404 Not Found\r\ntrackingid: ROUTER_1\r\ncontent-length: 0\r\n\r\n"),
    ("conflict", b"HTTP/1.1 409 Conflict\r\ncontent-length: 2\r\n\r\n{}"),
    ("locked", b"HTTP/1.1 423 Locked\r\nretry-after: 30\r\ncontent-length: 0\r\n\r\n"),
    ("too-many", b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n"),
    ("legal", b"HTTP/1.1 451 Unavailable For Legal Reasons\r\ncontent-length: 0\r\n\r\n"),
    ("unknown-status", b"HTTP/1.1 299 Own\r\ncontent-length: 0\r\n\r\n"),
    ("server-error", b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 4\r\n\r\noops"),
    ("bad-gateway", b"HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n<html>"),
    ("unavailable", b"HTTP/1.1 503 Service Unavailable\r\nretry-after: Fri, 31 Dec 1999 23:59:59 GMT\r\ncontent-length: 0\r\n\r\n"),
    ("chunks", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n"),
    ("no-chunks", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
    ("to-the-end", b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\nhello"),
    ("trailers", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-sum\r\n\r\n2\r\nok\r\n0\r\nx-sum: 1\r\n\r\n"),
    ("zipped", b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\nvary: accept-encoding, origin\r\netag: \"a-gzip\"\r\ncontent-length: 4\r\n\r\n\x1f\x8b\x08\x00"),
    ("binary", b"HTTP/1.1 200 OK\r\ncontent-type: audio/wav\r\ncontent-disposition: attachment; filename=\"a b.wav\"\r\ncontent-length: 6\r\n\r\n\x00\xff\r\n\r\n"),
    ("cookies", b"HTTP/1.1 200 OK\r\nset-cookie: a=1; Path=/\r\nset-cookie: b=2\r\ncontent-length: 2\r\n\r\nok"),
    ("claims-to-be-the-gateway", b"HTTP/1.1 200 OK\r\nx-webex-gateway-error: internal\r\ncontent-length: 2\r\n\r\nok"),
    ("lines-of-one-name", b"HTTP/1.1 200 OK\r\nx-a: 1\r\nvary: a\r\nx-a: 2\r\nvary: b\r\nx-a: 1\r\ncontent-length: 2\r\n\r\nok"),
    ("values-of-all-kinds", b"HTTP/1.1 200 OK\r\nx-empty:\r\nx-latin: \xe4\xff\r\nx-tab: a\tb\r\nserver: x (y)\r\ncontent-length: 2\r\n\r\nok"),
    ("names-in-all-cases", b"HTTP/1.1 200 OK\r\nTrackingID: a\r\nTrackingID: a\r\nX-MiXeD: b\r\nContent-Length: 2\r\n\r\nok"),
    ("reason", b"HTTP/1.1 200 Very Well\r\nDate: Tue, 15 Nov 1994 08:12:31 GMT\r\ncontent-length: 2\r\n\r\nok"),
    ("old", b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok"),
    ("hop-by-hop", b"HTTP/1.1 200 OK\r\nconnection: close, x-hop\r\nx-hop: 1\r\nkeep-alive: timeout=5\r\nproxy-authenticate: Basic\r\nupgrade: h2c\r\ncontent-length: 2\r\n\r\nok"),
    ("interim", b"HTTP/1.1 103 Early Hints\r\nlink: </x>; rel=preload\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"),
    ("security-headers", b"HTTP/1.1 200 OK\r\nstrict-transport-security: max-age=1\r\naccess-control-allow-origin: *\r\nx-content-type-options: nosniff\r\ncontent-length: 2\r\n\r\nok"),
];

pub(super) fn exchanges() -> Vec<Exchange> {
    let requests = REQUESTS.iter().map(|(name, request)| Exchange {
        name,
        request,
        answer: match request.starts_with(b"HEAD ") {
            true => b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n",
            false => OK,
        },
    });
    let answers = ANSWERS.iter().map(|(name, answer)| Exchange {
        name,
        request: GET,
        answer,
    });
    let both = [
        Exchange {
            name: "trailers-taken",
            request: b"GET /x HTTP/1.1\r\nhost: gw\r\nte: trailers\r\n\r\n",
            answer: b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-sum, set-cookie\r\n\r\n2\r\nok\r\n0\r\nx-sum: 1\r\nset-cookie: a\r\n\r\n",
        },
        Exchange {
            name: "head-of-chunks",
            request: b"HEAD /x HTTP/1.1\r\nhost: gw\r\n\r\n",
            answer: b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\netag: \"a\"\r\n\r\n",
        },
        Exchange {
            name: "head-of-nothing",
            request: b"HEAD /x HTTP/1.1\r\nhost: gw\r\n\r\n",
            answer: b"HTTP/1.1 404 Not Found\r\n\r\n",
        },
        Exchange {
            name: "old-client",
            request: b"GET /x HTTP/1.0\r\nhost: gw\r\n\r\n",
            answer: OK,
        },
    ];
    requests.chain(answers).chain(both).collect()
}
