//! `webex_gw`: reads the command line, then serves or asks.

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use webex_gateway::app::App;
use webex_gateway::cli::{Cli, Command, Question};
use webex_gateway::clock::SystemClock;
use webex_gateway::config::Config;
use webex_gateway::config::environment::ProcessEnvironment;
use webex_gateway::{descriptors, health_command, telemetry};

/// The configuration is wrong; nothing was opened.
const EXIT_USAGE: u8 = 2;

fn main() -> ExitCode {
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
            Ok(listen) => run(ask(listen, question)),
            Err(problems) => fail(EXIT_USAGE, &problems.to_string()),
        },
        None => match Config::read(&cli.flags, &ProcessEnvironment) {
            Ok(config) => start(config),
            Err(problems) => fail(EXIT_USAGE, &problems.to_string()),
        },
    }
}

/// Everything that has to happen before there is a second thread.
fn start(config: Config) -> ExitCode {
    // A second subscriber would be a bug of this function; the first one stays in that case.
    let _ = tracing::subscriber::set_global_default(telemetry::subscriber(config.log, std::io::stdout));
    telemetry::log_panics();
    descriptors::raise_limit();
    if let Some(user) = config.run_as {
        user.take_over(&config.tokens_file);
    }
    run(serve(config))
}

fn run(work: impl Future<Output = ExitCode>) -> ExitCode {
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(work),
        Err(problem) => fail(1, &format!("cannot start threads: {problem}")),
    }
}

async fn ask(listen: SocketAddr, question: Question) -> ExitCode {
    match health_command::ask(listen, question).await {
        Ok(report) => {
            let _ = writeln!(std::io::stdout(), "{report}");
            ExitCode::SUCCESS
        }
        Err(report) => fail(1, &report),
    }
}

async fn serve(config: Config) -> ExitCode {
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
    let mut running = tokio::spawn(app.run(stop.clone()));
    tokio::select! {
        _ = terminate.recv() => tracing::info!("SIGTERM: no new requests, running ones end first"),
        _ = interrupt.recv() => tracing::info!("SIGINT: no new requests, running ones end first"),
        _ = &mut running => return fail(1, "the gateway crashed; its log says where"),
    }
    stop.cancel();
    tokio::select! {
        ended = running => match ended {
            Ok(()) => ExitCode::SUCCESS,
            Err(crash) => fail(1, &format!("the gateway crashed: {crash}")),
        },
        _ = terminate.recv() => fail(1, "a second SIGTERM: what was running is cut off"),
        _ = interrupt.recv() => fail(1, "a second SIGINT: what was running is cut off"),
    }
}

fn fail(code: u8, message: &str) -> ExitCode {
    for line in message.lines() {
        let _ = writeln!(std::io::stderr(), "webex_gw: {line}");
    }
    ExitCode::from(code)
}
