//! What operators look at and do.

use super::super::proof::Place::Operator;
use super::super::proof::Proof::{Not, Story, Typed, TypedAs};
use super::Entry;

const MIGRATION: super::super::proof::Proof = Story("field/migration.rs");
const NAME: &str = "the name of a command, not a whole one";

pub(super) const ENTRIES: &[Entry] = &[
    (
        "docker exec webex_gw /usr/local/go/webex_gw check -tokensFile=/opt/tokens/.tokens",
        Typed(Operator, &["ok       ", "TLS with webexapis.com"]),
    ),
    (
        "docker exec webex_gw /usr/local/go/webex_gw tokens -tokensFile=/opt/tokens/.tokens",
        Typed(Operator, &["access token", "scopes", "organisation"]),
    ),
    (
        "docker exec webex_gw /usr/local/go/webex_gw health",
        Typed(Operator, &[r#""status":"ok""#]),
    ),
    (
        "docker exec webex_gw /usr/local/go/webex_gw authorize-url",
        Typed(Operator, &["http://apio.example.com/api/v01/webex/auth/login"]),
    ),
    (
        "docker exec webex_gw /usr/local/go/webex_gw authorize-url -portal",
        Typed(Operator, &["https://webexapis.com/v1/authorize?"]),
    ),
    (
        "docker exec webex-sim /webex-sim ctl tokens",
        Typed(Operator, &["access", "refresh"]),
    ),
    (
        "docker logs webex_gw",
        Typed(Operator, &["listens on 0.0.0.0:9001"]),
    ),
    (
        "webex_gw health [live|ready|webex]",
        TypedAs(
            Operator,
            &[
                "docker exec webex_gw /usr/local/go/webex_gw health live",
                "docker exec webex_gw /usr/local/go/webex_gw health ready",
                "docker exec webex_gw /usr/local/go/webex_gw health webex",
            ],
            &[r#""webex_status":404"#],
        ),
    ),
    (
        "webex_gw health",
        TypedAs(
            Operator,
            // Inside nobody listens at another port.
            &[
                "docker exec webex_gw /usr/local/go/webex_gw health -port=9 && exit_code=0 || exit_code=$?; [ $exit_code = 1 ]",
            ],
            &["no gateway answers at "],
        ),
    ),
    (
        "webex_gw tokens [-json]",
        TypedAs(
            Operator,
            &["docker exec webex_gw /usr/local/go/webex_gw tokens -json -tokensFile=/opt/tokens/.tokens"],
            &[r#""access_token""#, r#""fingerprint""#],
        ),
    ),
    (
        "webex_gw authorize-url [-portal]",
        TypedAs(
            Operator,
            &["docker exec webex_gw /usr/local/go/webex_gw authorize-url --portal"],
            &["https://webexapis.com/v1/authorize?"],
        ),
    ),
    (
        "webex_gw authorize-url",
        TypedAs(
            Operator,
            &["docker exec webex_gw /usr/local/go/webex_gw authorize-url"],
            &["/api/v01/webex/auth/login"],
        ),
    ),
    (
        "webex_gw check",
        TypedAs(
            Operator,
            &["docker exec webex_gw /usr/local/go/webex_gw check -tokensFile=/opt/tokens/.tokens"],
            &["ok       "],
        ),
    ),
    (
        "cp -p /opt/webex_gw/.tokens /opt/webex_gw.tokens.before",
        MIGRATION,
    ),
    (
        "docker compose run --rm webex_gw /usr/local/go/webex_gw tokens -tokensFile=/opt/tokens/.tokens",
        MIGRATION,
    ),
    (
        "docker compose run --rm webex_gw /usr/local/go/webex_gw check -tokensFile=/opt/tokens/.tokens",
        MIGRATION,
    ),
    (
        "docker compose run --rm webex_gw /usr/local/go/webex_gw check …",
        Not("the same with the flags left out; docs/migrating.md has them"),
    ),
    ("docker compose up -d webex_gw", MIGRATION),
    ("curl http://webex_gw:9001/health", MIGRATION),
    ("docker compose stop webex_gw", MIGRATION),
    ("chown -R <user> /opt/webex_gw", MIGRATION),
    ("chown -R 65532:65532 /opt/webex_gw", MIGRATION),
    ("mkdir -p /opt/webex_gw", MIGRATION),
    ("chown -R 65532:65532 <folder>", MIGRATION),
    ("chmod 700 <folder>", MIGRATION),
    ("chmod 600", MIGRATION),
    (
        "ss -ltnp",
        Not("a look at the reader's own machine, with a program that not every one has"),
    ),
    (
        "fuser -v /opt/webex_gw/.tokens.lock",
        Not("a look at the reader's own machine, with a program that not every one has"),
    ),
    ("docker exec", Not(NAME)),
    ("docker kill", Not("the page says not to use it")),
];
