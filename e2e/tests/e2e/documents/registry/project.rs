//! What builds, tests and starts the project.

use super::super::proof::Proof::{Ci, Not, Part, Recipe, Story};
use super::Entry;

const INSTALLS: &str = "it installs a program on the machine of the reader";
const NIGHTLY: &str = "it needs a nightly compiler, and fuzzes as long as it is told to";
const COMPARES: &str =
    "it compares programs, for which a machine has to be quiet; bench/tests/smoke.rs tries the harness";
const SPEED: &str = "a figure of speed says something on a quiet machine only";
const FIGURES: &str = "it prints figures, of which none is a bar";
const WHOLE: &str = "it runs the whole suite, of which this test is a part";

pub(super) const ENTRIES: &[Entry] = &[
    ("cargo dev", Story("dev.rs")),
    ("curl localhost:9001/v1/people/me", Story("dev.rs")),
    ("curl localhost:9001/health", Story("dev.rs")),
    ("cargo test --workspace", Ci),
    ("docker compose up --build", Story("compose.rs")),
    ("docker build -t webex-gateway .", Story("image.rs")),
    (
        "just",
        Not("it lists the recipes, and is not installed everywhere"),
    ),
    ("cargo install just", Not(INSTALLS)),
    ("pip install rust-just", Not(INSTALLS)),
    ("cargo install cargo-fuzz", Not(INSTALLS)),
    ("cargo install cargo-tarpaulin", Not(INSTALLS)),
    ("cargo install cargo-mutants", Not(INSTALLS)),
    (
        "cargo test -p bench",
        Not("it is a part of what CI tests, and needs no recipe of its own"),
    ),
    ("just explore", Recipe),
    ("just check-fuzz", Recipe),
    ("just fuzz", Not(NIGHTLY)),
    ("just fuzz SECONDS=600", Not(NIGHTLY)),
    ("just test-gateway --lib", Part("gateway/src/lib.rs")),
    (
        "just test-gateway --lib promises",
        Part("gateway/src/token/lifecycle/tests/promises.rs"),
    ),
    (
        "just test-gateway --lib faults",
        Part("gateway/src/token/file/tests/faults.rs"),
    ),
    (
        "just test-gateway --lib keeper",
        Part("gateway/src/token/keeper/tests/shared.rs"),
    ),
    ("just test-gateway --test it", Part("gateway/tests/it/main.rs")),
    (
        "just test-gateway --test it transparency",
        Part("gateway/tests/it/transparency.rs"),
    ),
    (
        "just test-gateway --test python_sdk",
        Part("gateway/tests/python_sdk/main.rs"),
    ),
    (
        "just test-sim --test it operations",
        Part("webex-sim/tests/it/operations.rs"),
    ),
    (
        "just test-sim control_page",
        Part("webex-sim/tests/it/control_page.rs"),
    ),
    ("just e2e", Part("e2e/tests/e2e/main.rs")),
    ("just e2e field", Part("e2e/tests/e2e/field.rs")),
    ("just e2e documents", Part("e2e/tests/e2e/documents.rs")),
    ("just e2e dev", Part("e2e/tests/e2e/dev.rs")),
    ("just e2e compose", Part("e2e/tests/e2e/compose.rs")),
    ("just e2e browser", Part("e2e/tests/e2e/browser.rs")),
    ("just e2e faults", Part("e2e/tests/e2e/faults.rs")),
    ("just e2e forward_proxy", Part("e2e/tests/e2e/forward_proxy.rs")),
    ("just e2e image", Part("e2e/tests/e2e/image.rs")),
    ("just e2e left_behind", Part("e2e/tests/e2e/left_behind.rs")),
    ("just e2e reauthorise", Part("e2e/tests/e2e/reauthorise.rs")),
    ("just e2e sdk", Part("e2e/tests/e2e/sdk.rs")),
    ("just e2e security", Part("e2e/tests/e2e/security.rs")),
    ("just e2e several", Part("e2e/tests/e2e/several.rs")),
    (
        "just e2e-soak 20",
        Not("it runs the whole suite twenty times; e2e/tests/e2e/left_behind.rs proves what it looks for"),
    ),
    ("just bar-e2e-time", Not(WHOLE)),
    ("just bar-401", Recipe),
    ("just bar-expiry", Recipe),
    ("just bar-kill", Recipe),
    ("just bar-outage", Recipe),
    ("just bar-vectors", Recipe),
    ("just bar-python-sdk", Recipe),
    ("just bar-memory", Recipe),
    ("just bar-refresh-storm", Not(SPEED)),
    ("just bar-start", Not(SPEED)),
    ("just bar-sim-start", Not(SPEED)),
    ("just bar-sim-throughput", Not(SPEED)),
    ("just bar-sim-worlds", Recipe),
    ("just bar-sim-coverage", Recipe),
    ("just bar-image-size", Recipe),
    ("just bench", Not(COMPARES)),
    ("just bench --quick", Not(COMPARES)),
    ("just bench --write", Not(COMPARES)),
    ("just bench --only tls-h2 --peers gateway,haproxy", Not(COMPARES)),
    ("just bench-steps", Not(FIGURES)),
    ("just bar-throughput", Not(COMPARES)),
    ("just bar-latency", Not(COMPARES)),
    ("just bar-connections", Not(COMPARES)),
    ("just bar-test-time", Not(WHOLE)),
    (
        "just bar-coverage",
        Not("it needs cargo-tarpaulin and builds everything anew"),
    ),
    ("just bar-mutants", Not("it needs cargo-mutants and takes hours")),
    (
        "webex-sim exec -- target/tmp/python/bin/python e2e/python/walk.py",
        Not("the walk needs PyPI; gateway/tests/python_sdk runs it the same way"),
    ),
];
