//! Measures the gateway beside its peers: nginx, HAProxy and Go's reverse proxy, which do the same job on the same machine.
//!
//! - [`cli`] is what can be asked for; [`site`] is what a run stands on: the [`origin`], and each [`peer`] as a [`process`]
//!   that ends with the run.
//! - [`mod@measure`] gives everybody a turn in each round with the [`load`]; [`resident`], [`start`] and [`simulator`] measure the
//!   rest; all of it is a [`report`].
//! - [`markdown`], [`table`] and [`chart`] show it; [`bar`] judges it.

mod bar;
mod certificates;
mod chart;
mod cli;
mod http;
mod load;
mod machine;
mod markdown;
mod measure;
mod origin;
mod output;
mod peer;
mod proc;
mod process;
mod progress;
mod ready;
mod report;
mod resident;
mod scenario;
mod simulator;
mod site;
mod start;
mod statistics;
mod table;
mod words;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;
use tokio::signal::unix::{SignalKind, signal};

use bar::{Bar, Verdict};
use cli::{Cli, Command, Options, Run};
use machine::Machine;
use measure::Plan;
use peer::Peer;
use progress::say;
use report::Report;
use site::Site;

/// As shells have it for programs that were interrupted.
const INTERRUPTED: u8 = 130;
/// The machine is too noisy to tell.
const NOISY: u8 = 2;
/// How often a bar is measured until it is called too noisy.
const ATTEMPTS: u32 = 3;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    // What is dropped here ends all that it has started.
    tokio::select! {
        outcome = act(cli.command) => outcome.unwrap_or_else(|error| {
            say(&format!("{error:#}"));
            ExitCode::FAILURE
        }),
        () = interrupted() => {
            say("interrupted: ending what was started");
            ExitCode::from(INTERRUPTED)
        }
    }
}

async fn act(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Run(options) => run(&options).await,
        Command::Bar { bar, options } => measure_bar(bar, &options).await,
        Command::Write => output::write_documents(&output::stored()?).map(|()| ExitCode::SUCCESS),
    }
}

async fn run(options: &Run) -> anyhow::Result<ExitCode> {
    let plan = options.plan()?;
    let gateway = output::binary(options.options.gateway.as_deref(), "webex_gw")?;
    let machine = Machine::here(&gateway).await;
    let site = Site::open(&gateway, options.peers()).await?;
    let mut report = measure(&plan, &site, machine).await?;
    if !options.load_only {
        for peer in site
            .peers()
            .iter()
            .filter(|peer| !matches!(peer, Peer::Direct | Peer::Twin))
        {
            say(&format!("memory and starts of {}", peer.name()));
            report.resident.push(resident::resident(&site, *peer).await?);
            report.starts.push(start::start(&site, *peer).await?);
        }
        report.simulator = measure_simulator(options.options.simulator.as_deref(), &plan).await?;
        report.image_bytes = output::image_bytes().await;
    }
    output::store(&report, &options.report)?;
    output::print(&format!(
        "{}\n{}",
        markdown::circumstances(&report),
        markdown::tables(&report)
    ));
    expect_answers(&report)?;
    if options.write {
        output::write_documents(&report)?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn measure(plan: &Plan, site: &Site, machine: Machine) -> anyhow::Result<Report> {
    Ok(Report {
        date: jiff::Timestamp::now().strftime("%Y-%m-%d").to_string(),
        machine,
        method: plan.method,
        cells: plan.carry_out(site).await?,
        resident: Vec::new(),
        starts: Vec::new(),
        simulator: None,
        image_bytes: None,
        missing: site.missing().to_vec(),
    })
}

/// `None` where it has not been built.
async fn measure_simulator(given: Option<&Path>, plan: &Plan) -> anyhow::Result<Option<report::Simulator>> {
    let binary = output::binary(given, "webex-sim")?;
    if !binary.exists() {
        say("the simulator is left out: `just bench` builds it");
        return Ok(None);
    }
    say("the simulator");
    simulator::simulator(&binary, plan.method).await.map(Some)
}

async fn measure_bar(bar: Bar, options: &Options) -> anyhow::Result<ExitCode> {
    let gateway = output::binary(options.gateway.as_deref(), "webex_gw")?;
    let site = Site::open(&gateway, bar.peers()).await?;
    for attempt in 1..=ATTEMPTS {
        let machine = Machine::here(site.gateway()).await;
        let mut report = measure(&options.bar_plan(bar), &site, machine).await?;
        if bar.weighs() {
            report
                .resident
                .push(resident::resident(&site, Peer::Gateway).await?);
        }
        output::store(&report, &output::report_of_bar(bar))?;
        expect_answers(&report)?;
        output::print(&markdown::tables(&report));
        match bar.judge(&report) {
            Verdict::Found(findings) => {
                for finding in &findings {
                    let mark = if finding.is_met { "met  " } else { "SHORT" };
                    output::print(&format!("{mark} {}\n", finding.text));
                }
                let is_met = findings.iter().all(|finding| finding.is_met);
                return Ok(if is_met {
                    ExitCode::SUCCESS
                } else {
                    ExitCode::FAILURE
                });
            }
            Verdict::Noisy(noise) => say(&format!(
                "two identical nginx differ by {} (attempt {attempt} of {ATTEMPTS})",
                words::percent(noise)
            )),
            Verdict::Incomplete => {
                let packages: Vec<&str> = site
                    .missing()
                    .iter()
                    .map(|missing| missing.package.as_str())
                    .collect();
                anyhow::bail!(
                    "this bar needs all of its peers: apt-get install {}",
                    packages.join(" ")
                );
            }
        }
    }
    output::print("too noisy: nothing can be said on this machine now\n");
    Ok(ExitCode::from(NOISY))
}

/// Figures with failed requests mean nothing.
fn expect_answers(report: &Report) -> anyhow::Result<()> {
    let Some(cell) = report.failed().next() else {
        return Ok(());
    };
    let (scenario, peer, errors) = (cell.scenario, cell.peer.name(), cell.figures.errors);
    let failure = cell.figures.failure().unwrap_or_default();
    anyhow::bail!(
        "{scenario} {peer}: {failure} ({errors:?}); give it more --seconds, or see with --only {scenario} what is wrong"
    )
}

/// Ctrl-C, the end of a session, or of the machine.
async fn interrupted() {
    let hear = |kind| {
        signal(kind)
            .context("listening to signals")
            .expect("the runtime hears signals")
    };
    let (mut interrupt, mut terminate, mut hangup) = (
        hear(SignalKind::interrupt()),
        hear(SignalKind::terminate()),
        hear(SignalKind::hangup()),
    );
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
}
