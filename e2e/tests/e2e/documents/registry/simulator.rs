//! docs/simulator.md, in its order.

use super::super::proof::Place::Guide;
use super::super::proof::Proof::{self, Serves, Story, Typed, TypedAs};
use super::Entry;

/// A variable that later commands use.
const SET: Proof = Typed(Guide, &[]);

/// A token of an administrator with all scopes, as "Authorise" gets one.
const SIGN_IN: &str = r#"
    SCOPES=spark:people_read+spark-admin:people_read+identity:people_rw
    for SCOPE in subscribers_read subscribers_write enterprises_read; do SCOPES=$SCOPES+spark-admin:broadworks_$SCOPE; done
    curl -s $C/consent -d '{"action":"accept","email":"avery.quinn@acme.example.com"}' > consent.json
    CODE=$(curl -s -o /dev/null -w '%{redirect_url}' "http://localhost:8080/v1/authorize?client_id=$ID&response_type=code&scope=$SCOPES&state=x" | sed 's/.*code=//;s/&.*//')
    TOKEN=$(curl -s http://localhost:8080/v1/access_token -d grant_type=authorization_code -d client_id=$ID -d client_secret=$SECRET -d code=$CODE | sed 's/.*"access_token":"//;s/".*//')
    [ -n "$TOKEN" ]"#;

pub(super) const ENTRIES: &[Entry] = &[
    ("cargo run -p webex-sim", Story("documents/guide.rs")),
    (
        "docker build -t webex-sim --target webex-sim . && docker run --rm -p 8080:8080 -p 8443:8443 -p 8081:8081 webex-sim",
        Story("image.rs"),
    ),
    (
        "webex-sim --help",
        Typed(
            Guide,
            &["Usage: webex-sim", "--tls-port", "WEBEX_SIM_TLS_PORT", "--bind"],
        ),
    ),
    (
        "curl -s http://localhost:8081/__sim/ca.pem > /tmp/webex-sim-ca.pem",
        SET,
    ),
    (
        "curl -i --http2 --cacert /tmp/webex-sim-ca.pem https://localhost:8443/",
        // What Webex answers to who has no token.
        TypedAs(
            Guide,
            &["command curl -i --http2 --cacert /tmp/webex-sim-ca.pem https://localhost:8443/"],
            &["HTTP/2 401"],
        ),
    ),
    ("webex-sim health", Typed(Guide, &[])),
    (
        "webex-sim exec -- COMMAND ARGS…",
        TypedAs(
            Guide,
            &["WEBEX_SIM_PORT=0 WEBEX_SIM_TLS_PORT=0 WEBEX_SIM_CONTROL_PORT=0 webex-sim exec -- env"],
            &[
                "client_id=C6f1d0a9",
                "client_secret=",
                "redirect_uri=http://localhost:9001/api/v01/webex/auth/code",
                "WEBEX_GW_WEBEX_URL=http://",
                "WEBEX_SIM_URL=http://",
                "WEBEX_SIM_CONTROL_URL=http://",
                "NO_PROXY=localhost,",
            ],
        ),
    ),
    ("C=http://localhost:8081/__sim", SET),
    (
        "ID=C6f1d0a9b47e25c83f9e6b12d4078a5c3e1f92b60d7c48a35e0b19f6274d83ac5",
        SET,
    ),
    (
        "SECRET=9a4e1c7f20b85d36e1f4a7092c6b3d58f0e7924b1a6c5d83927f40be61d8c35a",
        SET,
    ),
    (
        r#"curl -s $C/consent -d '{"action":"accept","email":"avery.quinn@acme.example.com"}'"#,
        Typed(Guide, &["avery.quinn@acme.example.com"]),
    ),
    (
        r#"CODE=$(curl -s -o /dev/null -w '%{redirect_url}' "http://localhost:8080/v1/authorize?client_id=$ID&response_type=code&scope=spark:people_read&state=x" | sed 's/.*code=//;s/&.*//')"#,
        SET,
    ),
    (
        "curl -s http://localhost:8080/v1/access_token -d grant_type=authorization_code -d client_id=$ID -d client_secret=$SECRET -d code=$CODE",
        Typed(Guide, &[r#""access_token":""#, r#""refresh_token":""#]),
    ),
    // BroadWorks
    ("W=http://localhost:8080/v1/broadworks", SET),
    (
        r#"A="Authorization: Bearer $TOKEN""#,
        TypedAs(Guide, &[SIGN_IN, r#"A="Authorization: Bearer $TOKEN""#], &[]),
    ),
    (r#"J="Content-Type: application/json""#, SET),
    (
        "P=ZjViMzYxODctYzhkZC00NzI3LThiMmYtZjljNDQ3ZjI5MDQ2OjQyODVmNTk0LTViNTEtNDdiZS05Mzk2LTZjMzZlMmFkODNhNQ",
        SET,
    ),
    (
        r#"curl -s -H "$A" -H "$J" $W/subscribers -d '{"provisioningId":"'$P'","userId":"95547321@example.com",
  "spEnterpriseId":"Reseller1+example","firstName":"John","lastName":"Andersen","package":"standard",
  "extension":"1212","email":"john.anderson@example.com"}'"#,
        Typed(Guide, &[r#""status":"provisioning""#]),
    ),
    (
        r#"curl -s -H "$A" "$W/subscribers?status=provisioning,provisioned&max=10""#,
        Typed(Guide, &["95547321@example.com"]),
    ),
    (
        r#"curl -s $C/clock -d '{"advance_seconds":2}'"#,
        Typed(Guide, &["now"]),
    ),
    (
        r#"curl -s -H "$A" $W/enterprises"#,
        Typed(Guide, &[r#""spEnterpriseId":"Reseller1+example""#]),
    ),
    (
        r#"curl -s $C/subscribers/95547321@example.com/status -d '{"status":"error","errors":[{"errorCode":10022,"description":"…"}]}'"#,
        Typed(Guide, &[]),
    ),
    (
        r#"curl -s $C/subscribers/95547321@example.com/status -d '{"status":"provisioned","email":"john.anderson@example.com"}'"#,
        Typed(Guide, &[]),
    ),
    // SCIM
    ("T=…", TypedAs(Guide, &["T=$TOKEN"], &[])),
    (
        "U=http://localhost:8080/identity/scim/5f2a61c0-7d1e-4b9a-9c35-0e6f4d2b8a11/v2",
        SET,
    ),
    (
        r#"curl -s -H "Authorization: Bearer $T" "$U/Users?count=2&sortBy=userName""#,
        Typed(Guide, &["avery.quinn@acme.example.com", r#""itemsPerPage":2"#]),
    ),
    (
        r#"curl -s -H "Authorization: Bearer $T" -G "$U/Users" --data-urlencode 'filter=emails[type eq "work" and value sw "casey"]'"#,
        Typed(Guide, &["casey.lind@acme.example.com", r#""totalResults":1"#]),
    ),
    (
        r#"curl -s -H "Authorization: Bearer $T" -H 'Content-Type: application/scim+json' "$U/Users" -d '{
  "schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"robin.vale@acme.example.com","userType":"user"}'"#,
        Typed(
            Guide,
            &[r#""userName":"robin.vale@acme.example.com""#, r#""id":""#],
        ),
    ),
    // Control API
    ("curl -s $C/tokens", Typed(Guide, &["fingerprint", "avery.quinn"])),
    (
        r#"curl -s $C/tokens/expire -d '{"kind":"access"}'"#,
        Typed(Guide, &[]),
    ),
    (
        r#"curl -s $C/clock -d '{"advance_seconds":86400}'"#,
        Typed(Guide, &["now"]),
    ),
    (
        r#"curl -s -X PATCH $C/settings -d '{"token_endpoint_delay_ms":0,"same_token_within_24h":false}'"#,
        Typed(Guide, &[r#""same_token_within_24h":false"#]),
    ),
    (
        r#"curl -s "$C/journal/wait?path=/v1/access_token&count=1&timeout_ms=1000""#,
        Typed(Guide, &[r#""reached":true"#]),
    ),
    (
        r#"curl -s $C/people/avery.quinn@acme.example.com/password -d '{"password":"another"}'"#,
        Typed(Guide, &[]),
    ),
    ("curl -s -X POST $C/reset", Typed(Guide, &[])),
    (
        r#"curl -s -X PATCH $C/settings -d '{"rotation":{"grace":{"seconds":30}}}'"#,
        Typed(Guide, &[r#""rotation":{"grace":{"seconds":30}}"#]),
    ),
    (
        r#"curl -s $C/tokens/lose-answers -d '{"count":1}'"#,
        // Taken back, so that the tokens that come next are not lost.
        TypedAs(
            Guide,
            &[
                r#"curl -s $C/tokens/lose-answers -d '{"count":1}'"#,
                "webex-sim ctl tokens lose-answers 0",
            ],
            &[],
        ),
    ),
    // From the shell
    (
        "webex-sim ctl",
        TypedAs(
            Guide,
            &["webex-sim ctl --help"],
            &["settings", "snapshots", "--url", "--world"],
        ),
    ),
    (
        "webex-sim ctl login accept avery.quinn@acme.example.com",
        Typed(Guide, &["1 answer"]),
    ),
    (
        "webex-sim ctl tokens",
        TypedAs(
            Guide,
            &["webex-sim ctl login clear", SIGN_IN, "webex-sim ctl tokens"],
            &["access", "refresh"],
        ),
    ),
    ("webex-sim ctl tokens expire --kind refresh", Typed(Guide, &["1"])),
    ("webex-sim ctl clock --advance 1h30m", Typed(Guide, &[])),
    (
        "webex-sim ctl settings set rotation=strict token_endpoint_delay_ms=0",
        Typed(Guide, &["strict"]),
    ),
    (
        "webex-sim ctl faults add --operation getMe --status 503 --retry-after 5 --times 1",
        Typed(Guide, &["fault-1"]),
    ),
    (
        r#"webex-sim ctl faults add '{"match":{"path":"/v1/**"},"action":{"delay":{"fixed":{"ms":200}}}}'"#,
        Typed(Guide, &["fault-2"]),
    ),
    (
        "webex-sim ctl journal --path /v1/access_token",
        Typed(Guide, &["/v1/access_token"]),
    ),
    (
        "webex-sim ctl journal wait --operation getMe --status 200 --timeout 5s",
        // Meets both rules, and obeys the first one.
        TypedAs(
            Guide,
            &[
                r#"command curl -s -o /dev/null -w '%{http_code} ' -H "Authorization: Bearer $TOKEN" http://localhost:8080/v1/people/me"#,
                "webex-sim ctl clock --advance 5s",
                r#"command curl -s -o /dev/null -w '%{http_code} ' -H "Authorization: Bearer $TOKEN" http://localhost:8080/v1/people/me"#,
                "webex-sim ctl journal wait --operation getMe --status 200 --timeout 5s",
            ],
            &["503", "200"],
        ),
    ),
    (
        "webex-sim ctl --world tests settings",
        TypedAs(
            Guide,
            &[
                "webex-sim ctl worlds create tests",
                "webex-sim ctl --world tests settings",
            ],
            &["rotation", "none"],
        ),
    ),
    ("webex-sim ctl faults unused --fail", Typed(Guide, &[])),
    ("webex-sim ctl violations list --fail", Typed(Guide, &[])),
    // Faults
    (
        r#"curl -s $C/faults -d '{"match":{"operation":"getMe"},"action":{"status":503,"retry_after":5},"times":1}'"#,
        Typed(Guide, &[r#""operation":"getMe""#, r#""hits":0"#]),
    ),
    (
        r#"curl -s $C/faults -d '{"id":"slow","match":{"path":"/v1/**"},"action":{"delay":{"fixed":{"ms":200}}}}'"#,
        Typed(Guide, &[r#""id":"slow""#]),
    ),
    (
        r#"curl -s $C/faults -d '{"match":{"operation":"token","when":"after"},"action":{"wire":"reset"},"times":1}'"#,
        Typed(Guide, &[r#""wire":"reset""#]),
    ),
    (
        "curl -s $C/faults",
        Typed(Guide, &[r#""id":"slow""#, r#""wire":"reset""#]),
    ),
    ("curl -s $C/faults/unused", Typed(Guide, &[r#""id":"slow""#])),
    (
        "curl -s -X DELETE $C/faults",
        TypedAs(
            Guide,
            &["curl -s -X DELETE $C/faults", "curl -s $C/faults"],
            &["[]"],
        ),
    ),
    (
        r#"curl -s $C/faults -d '{"match":{"grant_type":"refresh_token","probability":0.5,"seed":7},"action":{"status":500}}'"#,
        Typed(Guide, &[r#""probability":0.5"#]),
    ),
    (
        r#"curl -s $C/faults -d '{"match":{"person":"avery.quinn@acme.example.com","nth":3},"action":{"status":429,"retry_after":"rand(30),add(30)"}}'"#,
        Typed(Guide, &["rand(30),add(30)"]),
    ),
    (
        r#"curl -s $C/faults -d '{"action":{"delay":{"lognormal":{"median_ms":50,"sigma":1.5}}},"expires_in_s":60}'"#,
        Typed(Guide, &["lognormal", "expires_at"]),
    ),
    (
        r#"curl -s $C/faults -d '{"action":{"status":503,"headers":{"content-type":"text/html"},"body":"<h1>Maintenance</h1>"},"times":1}'"#,
        Typed(Guide, &["Maintenance"]),
    ),
    (
        r#"curl -s $C/faults -d '{"match":{"path":"/v1/people/**","every":2},"action":{"wire":{"truncate":{"bytes":20}}}}'"#,
        Typed(Guide, &["truncate"]),
    ),
    // Rate limits, record and replay
    (
        r#"curl -s -X PATCH $C/settings -d '{"rate_limit_requests":300,"rate_limit_window_s":60}'"#,
        Typed(Guide, &[r#""rate_limit_requests":300"#]),
    ),
    (
        r#"curl -s "$C/journal/har?path=/v1/people/me" > /tmp/people-me.har"#,
        SET,
    ),
    (
        "curl -s -X PUT $C/replay --data-binary @/tmp/people-me.har",
        Typed(Guide, &["/v1/people/me"]),
    ),
    ("webex-sim --replay /tmp/people-me.har", Serves("is ready")),
    // Worlds
    (
        r#"curl -s $C/worlds -d '{"name":"checkout-tests"}'"#,
        Typed(
            Guide,
            &[
                r#""name":"checkout-tests""#,
                r#""client_id":"C"#,
                r#""client_secret":""#,
                r#""control_path":"/__sim/worlds/checkout-tests""#,
            ],
        ),
    ),
    ("W=$C/worlds/checkout-tests", SET),
    (
        r#"curl -s $W/consent -d '{"action":"accept","email":"avery.quinn@acme.example.com"}'"#,
        Typed(Guide, &["avery.quinn@acme.example.com"]),
    ),
    ("curl -s $W/tokens", Typed(Guide, &[r#"{"tokens":[]}"#])),
    ("curl -s $C/worlds", Typed(Guide, &["default", "checkout-tests"])),
    (
        "curl -s -X DELETE $W",
        TypedAs(
            Guide,
            &["curl -s -X DELETE $W", "webex-sim ctl worlds"],
            &["default"],
        ),
    ),
    // Snapshots and state
    ("curl -s -X PUT $C/snapshots/before", Typed(Guide, &["before"])),
    (
        "curl -s -X DELETE $C/people/avery.quinn@acme.example.com",
        Typed(Guide, &[]),
    ),
    ("curl -s -X POST $C/snapshots/before/restore", Typed(Guide, &[])),
    ("curl -s $C/snapshots", Typed(Guide, &["before"])),
    (
        "curl -s $C/state > state.json",
        TypedAs(
            Guide,
            &["curl -s $C/state > state.json", "cat state.json"],
            &[r#""format": 1"#, "avery.quinn@acme.example.com"],
        ),
    ),
    (
        "curl -s -X PUT $C/state --data-binary @state.json",
        Typed(Guide, &[]),
    ),
    // Seeds
    (
        "webex-sim init",
        TypedAs(
            Guide,
            &["webex-sim init", "cat webex-sim.yaml"],
            &["webex-sim.yaml", "organizations:"],
        ),
    ),
    (
        "webex-sim validate webex-sim.yaml",
        Typed(
            Guide,
            &["webex-sim.yaml is valid: 2 organisations, 4 people, 10 scopes, 1 redirect URI"],
        ),
    ),
    ("webex-sim --seed webex-sim.yaml", Serves("is ready")),
];
