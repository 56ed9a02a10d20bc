//! The suite's own tool, for recipes and for the suite itself.
//!
//!     webex-e2e images        builds the images and names them
//!     webex-e2e clean         removes what runs made, also of runs that are at work
//!     webex-e2e reap RUN      waits for a run to end and removes what it left; started by the run

#![expect(clippy::print_stdout, reason = "what a recipe asks for is printed")]

use std::io::Write;
use std::process::ExitCode;

use e2e::{engine, images, run};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match act(&arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // One sentence; a backtrace would hide it.
            let _ = writeln!(std::io::stderr(), "{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn act(arguments: &[&str]) -> anyhow::Result<()> {
    let docker = engine::connect().await.map_err(anyhow::Error::msg)?;
    match arguments {
        ["images"] => {
            let images = images::images(&docker).await.map_err(anyhow::Error::msg)?;
            println!("{}\n{}\n{}", images.gateway, images.simulator, images.nginx);
            Ok(())
        }
        ["clean"] => run::sweep_all(&docker).await,
        ["reap", id] => run::reap(&docker, id).await,
        _ => anyhow::bail!("usage: webex-e2e images | clean | reap RUN"),
    }
}
