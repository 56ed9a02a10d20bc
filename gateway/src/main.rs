//! `webex_gw`: reads the command line, then serves or asks.

use std::fs::File;
use std::io::{self, IsTerminal as _, Write as _};
use std::net::SocketAddr;
use std::os::fd::AsFd as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use mimalloc::MiMalloc;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use webex_gateway::app::App;
use webex_gateway::authorization::Integration;
use webex_gateway::cli::{Cli, Command, Flags, Question};
use webex_gateway::clock::{SystemClock, wall_clock};
use webex_gateway::config::Config;
use webex_gateway::config::environment::ProcessEnvironment;
use webex_gateway::printable::{printable, printable_json};
use webex_gateway::telemetry::sink::{Flush, Sink};
use webex_gateway::workers::Workers;
use webex_gateway::{authorize_url_command, check, descriptors, health_command, telemetry, tokens_command};

/// Where memory comes from.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

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
        Some(Command::Health { question }) => match Config::read_health(&cli.flags, &ProcessEnvironment) {
            Ok((listen, timeout)) => run(ask(listen, question, timeout)),
            Err(problems) => fail(EXIT_USAGE, &problems.to_string()),
        },
        Some(Command::Tokens { json }) => match Config::read_tokens_file(&cli.flags, &ProcessEnvironment) {
            Ok(path) => show_tokens(&path, json),
            Err(problems) => fail(EXIT_USAGE, &problems.to_string()),
        },
        Some(Command::AuthorizeUrl { portal }) => {
            match Config::read_integration(&cli.flags, &ProcessEnvironment) {
                Ok(integration) => print_address(&integration, portal),
                Err(problems) => fail(EXIT_USAGE, &problems.to_string()),
            }
        }
        Some(Command::Check) => check_everything(&cli.flags),
        None => match Config::read(&cli.flags, &ProcessEnvironment) {
            Ok(config) => start(config),
            Err(problems) => fail(EXIT_USAGE, &problems.to_string()),
        },
    }
}

fn start(config: Config) -> ExitCode {
    // Before there is a second thread; the log has one.
    let handover = config.run_as.map(|user| user.take_over(&config.tokens_file));
    let (output, _flush) = match log_output() {
        Ok(started) => started,
        Err(problem) => return fail(1, &format!("cannot start the log: {problem}")),
    };
    // A second subscriber would be a bug of this function; the first one stays in that case.
    let _ = tracing::subscriber::set_global_default(telemetry::subscriber(config.log, move |line| {
        output.put(line);
    }));
    telemetry::log_panics();
    if let Some(handover) = handover {
        handover.log();
    }
    descriptors::raise_limit();
    run(serve(config))
}

/// Standard output without a buffer of the library, which would hide what could not be written.
fn log_output() -> io::Result<(Sink, Flush)> {
    let output = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    Sink::start(output, |lost| {
        tracing::warn!("{lost} lines of this log are lost: nobody read it, or its disk was full");
    })
}

fn run(work: impl Future<Output = ExitCode>) -> ExitCode {
    match tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
    {
        Ok(runtime) => {
            let code = runtime.block_on(work);
            // A thread that a hanging file system holds must not hold the process.
            runtime.shutdown_background();
            code
        }
        Err(problem) => fail(1, &format!("cannot start threads: {problem}")),
    }
}

async fn ask(listen: SocketAddr, question: Question, timeout: Duration) -> ExitCode {
    match health_command::ask(listen, question, timeout).await {
        Ok(report) => {
            let _ = writeln!(io::stdout(), "{}", printable_json(&report));
            ExitCode::SUCCESS
        }
        Err(report) => fail(1, &report),
    }
}

fn show_tokens(path: &Path, json: bool) -> ExitCode {
    match tokens_command::read(path, wall_clock()) {
        Ok(held) if json => print(&printable_json(&format!("{:#}\n", held.json()))),
        Ok(held) => print(&held.text()),
        Err(flaw) => fail(1, &format!("{}; {}", flaw.problem, flaw.fix)),
    }
}

fn print_address(integration: &Integration, portal: bool) -> ExitCode {
    match authorize_url_command::address(integration, portal) {
        Ok(printed) => {
            let _ = writeln!(io::stderr(), "{}", printed.explanation);
            print(&format!("{}\n", printed.address))
        }
        Err(problem) => fail(EXIT_USAGE, problem),
    }
}

/// As the user of the gateway, who may see other things than root.
fn check_everything(flags: &Flags) -> ExitCode {
    let partial = Config::read_anyway(flags, &ProcessEnvironment);
    let run_as = partial.config.run_as;
    let folder = run_as.is_some_and(|user| user.would_hand_over(&partial.config.tokens_file));
    let root = run_as.is_some() && nix::unistd::geteuid().is_root();
    let file = match root {
        true => check::local::read_for_the_gateway(&partial.config, wall_clock()),
        false => None,
    };
    let handover = check::Handover { folder, file };
    if let Some(problem) = run_as.and_then(|user| user.become_user().err()) {
        let _ = writeln!(
            io::stderr(),
            "webex_gw: looks as root, because it may not become the user of the gateway: {problem}"
        );
    }
    let shown = io::stderr().is_terminal();
    let progress: check::Progress = Arc::new(move |what: &str| {
        if shown {
            let _ = writeln!(io::stderr(), "checking {what} …");
        }
    });
    run(async move {
        let clock = Arc::new(SystemClock::new());
        let report = check::run(partial, &ProcessEnvironment, handover, clock, progress).await;
        print(&format!("{report}\n"));
        match report.passed() {
            true => ExitCode::SUCCESS,
            false => ExitCode::FAILURE,
        }
    })
}

fn print(text: &str) -> ExitCode {
    match write!(io::stdout(), "{text}") {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
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
    let workers = match Workers::start() {
        Ok(workers) => workers,
        Err(problem) => return fail(1, &format!("cannot start threads: {problem}")),
    };
    let app = match App::build(
        config,
        Arc::new(SystemClock::new()),
        Box::new(rand::random),
        workers,
    )
    .await
    {
        Ok(app) => app,
        Err(problem) => return fail(problem.exit_code(), &problem.to_string()),
    };
    let mut running = tokio::spawn(app.run(stop.clone()));
    let signal = tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
        _ = &mut running => return fail(1, "the gateway crashed; its log says where"),
    };
    // First: nobody may read the log any more.
    stop.cancel();
    tracing::info!("{signal}: no new requests, running ones end first");
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
        let _ = writeln!(io::stderr(), "webex_gw: {}", printable(line));
    }
    ExitCode::from(code)
}
