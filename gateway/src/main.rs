//! `webex_gw`: reads the command line, then serves or asks.

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use webex_gateway::app::App;
use webex_gateway::cli::{Cli, Command};
use webex_gateway::clock::SystemClock;
use webex_gateway::config::Config;
use webex_gateway::config::environment::ProcessEnvironment;
use webex_gateway::{health_command, telemetry};

/// The configuration is wrong; nothing was opened.
const EXIT_USAGE: u8 = 2;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = match Cli::parse_go_style(std::env::args_os()) {
        Ok(cli) => cli,
        Err(message) => {
            let _ = message.print();
            return if message.use_stderr() {
                ExitCode::from(EXIT_USAGE)
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    match cli.command {
        Some(Command::Health { question }) => match Config::read_listen(&cli.flags, &ProcessEnvironment) {
            Err(problems) => fail(EXIT_USAGE, &problems.to_string()),
            Ok(listen) => match health_command::ask(listen, question).await {
                Ok(report) => {
                    let _ = writeln!(std::io::stdout(), "{report}");
                    ExitCode::SUCCESS
                }
                Err(report) => fail(1, &report),
            },
        },
        None => serve(&cli).await,
    }
}

async fn serve(cli: &Cli) -> ExitCode {
    let config = match Config::read(&cli.flags, &ProcessEnvironment) {
        Ok(config) => config,
        Err(problems) => return fail(EXIT_USAGE, &problems.to_string()),
    };
    // A second subscriber would be a bug of this function; the first one stays in that case.
    let _ = tracing::subscriber::set_global_default(telemetry::subscriber(config.log, std::io::stdout));
    telemetry::log_panics();
    let stop = CancellationToken::new();
    // As PID 1 of a container a process without a handler ignores SIGTERM.
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return fail(1, "cannot handle SIGTERM and SIGINT");
    };
    let app = match App::build(config, Arc::new(SystemClock::new()), Box::new(rand::random)).await {
        Ok(app) => app,
        Err(problem) => return fail(problem.exit_code(), &problem.to_string()),
    };
    let running = tokio::spawn(app.run(stop.clone()));
    tokio::select! {
        _ = terminate.recv() => tracing::info!("SIGTERM: no new requests, running ones end first"),
        _ = interrupt.recv() => tracing::info!("SIGINT: no new requests, running ones end first"),
    }
    stop.cancel();
    match running.await {
        Ok(()) => ExitCode::SUCCESS,
        Err(crash) => fail(1, &format!("the gateway crashed: {crash}")),
    }
}

fn fail(code: u8, message: &str) -> ExitCode {
    for line in message.lines() {
        let _ = writeln!(std::io::stderr(), "webex_gw: {line}");
    }
    ExitCode::from(code)
}
