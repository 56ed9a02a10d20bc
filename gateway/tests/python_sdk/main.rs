//! Public Python SDKs, as they are on `PyPI`, walk the simulator: directly, and through the gateway.
//!
//! The walks are scripts in `e2e/python/`; here they get a simulator, the real gateway before it, and a virtual
//! environment, which is made once. Without Python or `PyPI` nothing is tested, unless `WEBEX_E2E_REQUIRE_PYTHON` is set.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says where it stopped"
)]

#[path = "../../benches/bars/gateway.rs"]
mod gateway;
mod python;
mod site;

use std::io::Write as _;

use python::Python;
use site::Site;

/// What the last line of a walk says.
#[derive(Debug, PartialEq, Eq)]
struct Outcome<'a> {
    package: &'a str,
    version: &'a str,
    directly: u32,
    through_the_gateway: u32,
}

#[tokio::test(flavor = "multi_thread")]
async fn webexpythonsdk_works_with_the_simulator_and_through_the_gateway() {
    walk("webexpythonsdk", "walk.py").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wxc_sdk_works_with_the_simulator_and_through_the_gateway() {
    walk("wxc_sdk", "wxc_walk.py").await;
}

#[test]
fn the_last_line_of_a_walk_tells_whether_it_went_well() {
    let good = "webexpythonsdk 2.0.6: 25 steps directly, 20 through the gateway, 0 deviations";
    let outcome = Outcome {
        package: "webexpythonsdk",
        version: "2.0.6",
        directly: 25,
        through_the_gateway: 20,
    };
    assert_eq!(Outcome::read(good), Some(outcome));
    for bad in [
        "",
        "webexpythonsdk 2.0.6: deviation: directly: it lists everybody: 2 instead of 3",
        "webexpythonsdk 2.0.6: 25 steps directly, 0 through the gateway, 0 deviations",
        "webexpythonsdk 2.0.6: 0 steps directly, 20 through the gateway, 0 deviations",
        "webexpythonsdk 2.0.6: 25 steps directly, 20 through the gateway, 1 deviations",
        "webexpythonsdk 2.0.6: 25 steps directly, 20 through the gateway, 0 deviations and more",
    ] {
        assert_eq!(Outcome::read(bad), None, "{bad}");
    }
}

/// Walks with one SDK; what is told last goes past the test harness, because it is the figure of a bar.
async fn walk(package: &str, script: &str) {
    let python = match tokio::task::spawn_blocking(Python::with_sdks).await.unwrap() {
        Ok(python) => python,
        Err(problem) => {
            assert!(
                std::env::var_os("WEBEX_E2E_REQUIRE_PYTHON").is_none(),
                "{problem}, and WEBEX_E2E_REQUIRE_PYTHON asks for it"
            );
            say(&format!("{package} is not tested: {problem}"));
            return;
        }
    };
    let site = Site::start().await.unwrap();
    let walked = python.run(script, &site.variables()).await;
    let last = walked.said.lines().last().unwrap_or_default();
    let outcome = Outcome::read(last).filter(|_| walked.success);
    let outcome =
        outcome.unwrap_or_else(|| panic!("{package} went astray\n{}{}", walked.complaints, walked.said));
    assert_eq!(outcome.package, package);
    assert_eq!(Some(outcome.version), python::pinned(package));
    say(last);
}

impl<'a> Outcome<'a> {
    /// Reads a line; nothing but a walk both ways without deviation is an outcome.
    fn read(line: &'a str) -> Option<Self> {
        let (sdk, steps) = line.split_once(": ")?;
        let (package, version) = sdk.split_once(' ')?;
        let (directly, rest) = steps.split_once(" steps directly, ")?;
        let through_the_gateway = rest.strip_suffix(" through the gateway, 0 deviations")?;
        let count = |digits: &str| digits.parse().ok().filter(|count| *count > 0);
        Some(Self {
            package,
            version,
            directly: count(directly)?,
            through_the_gateway: count(through_the_gateway)?,
        })
    }
}

/// Writes one line to the terminal, past the test harness.
fn say(line: &str) {
    // Nobody is served by a test that fails because nobody watches it.
    let _ = writeln!(std::io::stderr(), "{line}");
}
