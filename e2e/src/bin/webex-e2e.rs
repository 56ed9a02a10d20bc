//! The suite's own tool, for recipes and for the suite itself.
//!
//! | command | what |
//! |---|---|
//! | `images` | builds the images and names them |
//! | `size` | the size of the gateway's image; fails above the bar |
//! | `start gateway BINARY`, `start simulator BINARY` | the time to the first answer; fails above the bar |
//! | `soak RUNS [NAMES]` | runs the suite, or tests of such names, so many times; fails if any test does, or if anything is left behind |
//! | `clean` | removes all that the suite has made, also of runs that are at work |
//! | `reap RUN` | waits for a run to end and removes what it left; started by the run |
//! | `leash MARK … -- PROGRAM …` | runs a program until the input ends; started by a test |
//! | `scene NAME` | plays a run that is made to end; started by a test |

#![expect(clippy::print_stdout, reason = "what a recipe asks for is printed")]

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use bollard::Docker;
use e2e::images::Base;
use e2e::start_time::{self, Program};
use e2e::{engine, images, leash, run, scene, soak};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match act(&arguments).await {
        Ok(code) => code,
        Err(error) => {
            // One sentence; a backtrace would hide it.
            let _ = writeln!(std::io::stderr(), "{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn act(arguments: &[&str]) -> anyhow::Result<ExitCode> {
    match arguments {
        ["images"] => {
            let docker = engine().await?;
            let images = images::images(&docker).await.map_err(anyhow::Error::msg)?;
            for base in [Base::Squid, Base::Python] {
                images::base(&docker, base).await?;
            }
            println!("{}\n{}", images.gateway, images.simulator);
        }
        ["size"] => return size(&engine().await?).await,
        ["start", "gateway", binary] => return start(Program::Gateway, binary),
        ["start", "simulator", binary] => return start(Program::Simulator, binary),
        ["soak", runs, filters @ ..] => {
            let runs = runs.parse().context("how many runs?")?;
            let summary = soak::soak(&engine().await?, runs, filters, |line| println!("{line}")).await?;
            println!("{summary}");
            return Ok(verdict(summary.is_good()));
        }
        ["clean"] => {
            let docker = engine().await?;
            run::sweep_all(&docker).await?;
            images::remove_all(&docker).await?;
        }
        ["leash", order @ ..] => leash::hold(order)?,
        ["scene", name] => scene::play(name)?,
        ["reap", id] => run::reap(&engine().await?, id).await?,
        _ => anyhow::bail!(
            "usage: webex-e2e images | size | start gateway|simulator BINARY | soak RUNS [NAMES] | clean | reap RUN | leash MARK … -- PROGRAM … | scene NAME"
        ),
    }
    Ok(ExitCode::SUCCESS)
}

async fn engine() -> anyhow::Result<Docker> {
    engine::connect().await.map_err(anyhow::Error::msg)
}

async fn size(docker: &Docker) -> anyhow::Result<ExitCode> {
    let images = images::images(docker).await.map_err(anyhow::Error::msg)?;
    let size = images::facts(docker, &images.gateway).await?.size;
    println!(
        "gateway image: {} (bar: {})",
        megabytes(size),
        megabytes(images::MOST_BYTES)
    );
    Ok(verdict(size <= images::MOST_BYTES))
}

fn start(program: Program, binary: &str) -> anyhow::Result<ExitCode> {
    // The program is started in a folder of its own, where a relative path leads nowhere.
    let binary = Path::new(binary)
        .canonicalize()
        .with_context(|| format!("looking for {binary}"))?;
    let (median, bar) = (start_time::median(program, &binary)?, program.bar());
    println!("start to first answer: {median:.1?} (bar: {bar:.1?})");
    Ok(verdict(median <= bar))
}

/// A recipe shows the figure last, so a miss is told by the exit code alone.
fn verdict(is_met: bool) -> ExitCode {
    if is_met {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn megabytes(bytes: i64) -> String {
    format!("{}.{:02} MB", bytes / 1_000_000, bytes % 1_000_000 / 10_000)
}
