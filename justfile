# Everything repeatable. `just` lists the recipes; CI calls these and nothing else.

[private]
default:
    @just --list --unsorted

# Where `shipped` puts programs
SHIPPED := "${CARGO_TARGET_DIR:-target}/" + `rustc --print host-tuple` + "/release"

# The programs as their images have them: static, each with its own features
[private]
shipped PACKAGE PROGRAM:
    RUSTFLAGS="-C target-feature=+crt-static" cargo build --quiet --release --target host-tuple -p {{ PACKAGE }} --bin {{ PROGRAM }}

# Simulator and gateway together: no Docker, no credentials
dev:
    cargo dev

# All tests, end to end included (needs a Docker engine)
test:
    cargo test --workspace

# The gateway's tests alone: seconds, no Docker
test-gateway *ARGS:
    cargo test -p webex-gateway {{ ARGS }}

# The simulator's tests alone: seconds, no Docker
test-sim *ARGS:
    cargo test -p webex-sim {{ ARGS }}

# Format all code
fmt:
    cargo fmt --all

# Fail where code is not formatted
check-fmt:
    cargo fmt --all --check

# Fail on any warning of rustc or clippy
lint:
    cargo clippy --workspace --all-targets -- -D warnings
    cargo clippy -p webex-sim --no-default-features --features client -- -D warnings
    cargo clippy -p webex-gateway --all-targets --features explore -- -D warnings

# Fail on any warning of rustdoc
doc:
    RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links" cargo doc --workspace --no-deps --document-private-items

# Fail where a fuzz target does not compile (stable compiler; `fuzz` runs them). Nothing is linked: libFuzzer is not built
check-fuzz:
    CUSTOM_LIBFUZZER_PATH=unused/libfuzzer.a RUSTFLAGS="--cfg fuzzing" cargo check --quiet --manifest-path gateway/fuzz/Cargo.toml

# Bar: 1,000 requests in flight when the access token expires: 1 token request, 0 failed requests
bar-expiry:
    cargo bench --quiet --profile dev -p webex-gateway --bench expiry

# Bar: of 10,000 requests across an expiry, 99 in 100 of those that meet it take the token call and 10 ms at most
bar-refresh-storm:
    cargo bench --quiet -p webex-gateway --bench storm

# Bar: an hour without the token endpoint: no failed request, fewer than 30 calls, recovery within one backoff step
bar-outage:
    cargo bench --quiet --profile dev -p webex-gateway --bench outage

# Explore the schedules of requests that meet an old token: every order of their steps, as far as that can be tried
explore:
    cargo test --quiet -p webex-gateway --features explore --lib explore

# Bar: 100 staggered and 10,000 simultaneous 401s on one token: 1 token request each, 0 failed requests
bar-401:
    cargo bench --quiet --profile dev -p webex-gateway --bench rejected

# Bar: kill -9 at a random moment of a refresh: the tokens file is always whole, and the next start serves without a human
bar-kill KILLS="1000" SEED="":
    cargo bench --quiet --profile dev -p webex-gateway --bench kill -- {{ KILLS }} {{ SEED }}

# Bar: below 40 MB of resident memory while 1 GiB goes up and 1 GiB comes down
bar-memory:
    cargo bench --quiet -p webex-gateway --bench memory

# Bar: the whole test command, images cached, in at most 10 minutes
bar-test-time:
    #!/usr/bin/env bash
    set -euo pipefail
    cargo test --workspace --no-run
    cargo build --package webex-sim --package webex-gateway # what `cargo dev` runs
    start=$(date +%s)
    cargo test --workspace
    took=$(( $(date +%s) - start ))
    echo "cargo test --workspace took ${took} s (bar: 600 s)"
    [ "$took" -le 600 ]

# The gateway beside nginx, HAProxy and Go doing the same job: tables, and target/bench/report.json (`--quick` for a fast look, `--write` for docs/benchmarks.md)
bench *ARGS: (shipped "webex-gateway" "webex_gw") (shipped "webex-sim" "webex-sim")
    cargo run --quiet -p bench -- run --gateway "{{ SHIPPED }}/webex_gw" --simulator "{{ SHIPPED }}/webex-sim" {{ ARGS }}

# Bar: small GET over 64 connections, plain and TLS: at least the better of nginx and HAProxy, p99 at most theirs, 3 times Go
bar-throughput *ARGS: (shipped "webex-gateway" "webex_gw")
    cargo run --quiet -p bench -- bar throughput --gateway "{{ SHIPPED }}/webex_gw" {{ ARGS }}

# Bar: latency added to one connection, and CPU for a request: at most nginx's
bar-latency *ARGS: (shipped "webex-gateway" "webex_gw")
    cargo run --quiet -p bench -- bar latency --gateway "{{ SHIPPED }}/webex_gw" {{ ARGS }}

# Bar: 512 connections within 10 % of 64; at most 10 MB idle and 40 MB with 2,000 connections
bar-connections *ARGS: (shipped "webex-gateway" "webex_gw")
    cargo run --quiet -p bench -- bar connections --gateway "{{ SHIPPED }}/webex_gw" {{ ARGS }}

# What single steps of a forwarded request cost
bench-steps *ARGS:
    cargo bench --quiet -p webex-gateway --bench micro {{ ARGS }}

# Build both images; base images that can neither be found nor pulled are made from Debian packages
images:
    cargo run --quiet -p e2e -- images

# The end-to-end tests alone (need a Docker engine)
e2e *ARGS:
    cargo test -p e2e {{ ARGS }}

# The end-to-end tests so many times in a row: which fail now and then, how long they take, what stays at the engine
e2e-soak RUNS="20" *NAMES="":
    WEBEX_E2E_REQUIRE_COMPOSE=1 WEBEX_E2E_REQUIRE_PYTHON=1 WEBEX_E2E_REQUIRE_BROWSER=1 \
    cargo run --quiet -p e2e -- soak {{ RUNS }} {{ NAMES }}

# Bar: the end-to-end tests alone, images cached, in at most 10 minutes
bar-e2e-time:
    #!/usr/bin/env bash
    set -euo pipefail
    cargo test --package e2e --no-run
    cargo build --package webex-sim --package webex-gateway # what `cargo dev` runs
    cargo run --quiet -p e2e -- images > /dev/null
    start=$(date +%s)
    outcome=0
    export WEBEX_E2E_REQUIRE_COMPOSE=1 WEBEX_E2E_REQUIRE_PYTHON=1 WEBEX_E2E_REQUIRE_BROWSER=1 # a test that is left out proves nothing
    cargo test --package e2e || outcome=$?
    took=$(( $(date +%s) - start ))
    echo "cargo test --package e2e took ${took} s (bar: 600 s)"
    [ "$outcome" -eq 0 ] && [ "$took" -le 600 ]

# Remove everything that the end-to-end tests have made: containers, networks, volumes, images, layers
e2e-clean:
    cargo run --quiet -p e2e -- clean

# Bar: the gateway's image has at most 12 MB
bar-image-size:
    cargo run --quiet -p e2e -- size

# Bar: the gateway answers within 20 ms of its start (median)
bar-start: (shipped "webex-gateway" "webex_gw")
    cargo run --quiet -p e2e -- start gateway "{{ SHIPPED }}/webex_gw"

# Bar: the simulator answers within 10 ms of its start (median)
bar-sim-start: (shipped "webex-sim" "webex-sim")
    cargo run --quiet -p e2e -- start simulator "{{ SHIPPED }}/webex-sim"

# Bar: the simulator answers 20,000 requests a second over 64 connections, and has at most 15 MB with an empty world
bar-sim-throughput:
    cargo bench --quiet -p webex-sim --bench throughput

# Bar: a world of the simulator is made within 1 ms (median), and a hundred under load keep to themselves
bar-sim-worlds:
    cargo bench --quiet --profile dev -p webex-sim --bench worlds

# Bar: the simulator's tests exercise at least 95 % of the documented pairs of operation and status
bar-sim-coverage:
    #!/usr/bin/env bash
    set -euo pipefail
    answers=$(mktemp)
    trap 'rm -f "$answers"' EXIT
    WEBEX_SIM_COVERAGE="$answers" cargo test --quiet -p webex-sim --test it
    cargo bench --quiet --profile dev -p webex-sim --bench coverage -- "$answers"

# Bar: every request vector comes out as docs/http.md says
bar-vectors:
    #!/usr/bin/env bash
    set -uo pipefail
    output=$(cargo test --quiet -p webex-gateway --test it vectors:: -- --nocapture 2>&1)
    outcome=$?
    [ "$outcome" -eq 0 ] || echo "$output"
    echo "$output" | grep -o 'vectors: [0-9]*, failures: [0-9]*' || { echo "the vectors did not run"; exit 1; }
    [ "$outcome" -eq 0 ] || exit 1

# Bar: the PyPI package webexpythonsdk walks the simulator and the gateway without deviation (needs python3 and PyPI; wxc_sdk as well)
bar-python-sdk:
    #!/usr/bin/env bash
    set -uo pipefail
    output=$(WEBEX_E2E_REQUIRE_PYTHON=1 cargo test --quiet -p webex-gateway --test python_sdk 2>&1)
    outcome=$?
    [ "$outcome" -eq 0 ] || echo "$output"
    for package in wxc_sdk webexpythonsdk; do
        echo "$output" | grep -o "$package [0-9.]*: [0-9]* steps directly, [0-9]* through the gateway, 0 deviations" \
            || { echo "$package has not come through"; outcome=1; }
    done
    [ "$outcome" -eq 0 ] || exit 1

# Bar: tests run at least 90 % of the gateway's lines (needs cargo-tarpaulin)
bar-coverage:
    cargo tarpaulin --engine llvm --packages webex-gateway --lib --test it --follow-exec --skip-clean --target-dir target/coverage \
        --include-files 'gateway/src/*' --exclude-files '*/tests.rs' '*/tests/*' --out Lcov --output-dir target/coverage --fail-under 90 \
        -- --skip root_looks_with_the_eyes --skip started_as_root # who has given up root cannot write what it has run

# Bar: tests notice at least 90 % of the mutants of tokens, storage, headers, targets and retries (needs cargo-mutants; hours)
bar-mutants *ARGS:
    #!/usr/bin/env bash
    set -euo pipefail
    cargo mutants --package webex-gateway --output target/mutants {{ ARGS }} -- --lib --test it || [ $? -eq 2 ] || [ $? -eq 3 ]
    cd target/mutants/mutants.out
    caught=$(cat caught.txt timeout.txt | wc -l)
    viable=$(( caught + $(wc -l < missed.txt) ))
    cat missed.txt
    echo "caught ${caught} of ${viable} viable mutants: $(( 100 * caught / viable )) % (bar: 90 %)"
    [ $(( 100 * caught )) -ge $(( 90 * viable )) ]

# Fuzz each parser for so many seconds (needs a nightly toolchain and cargo-fuzz)
fuzz SECONDS="600":
    #!/usr/bin/env bash
    set -euo pipefail
    seconds="{{ SECONDS }}"
    cd gateway/fuzz
    for target in $(cargo +nightly fuzz list); do
        mkdir -p "corpus/$target"
        cargo +nightly fuzz run "$target" "corpus/$target" "seeds/$target" -- -max_total_time="${seconds#SECONDS=}" -print_final_stats=1
    done
