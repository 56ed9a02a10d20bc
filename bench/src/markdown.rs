//! The report as tables, for the terminal and for docs/benchmarks.md.

mod document;

use std::fmt::Write as _;

use crate::peer::Peer;
use crate::report::{Figures, Report};
use crate::scenario::{Scenario, Shape, Upstream};
use crate::table::Table;
use crate::words;

pub(crate) use document::replace;

/// A title and its table.
type Section = (String, Table);

/// All of it, with titles.
pub(crate) fn tables(report: &Report) -> String {
    let mut text = String::new();
    for (title, table) in sections(report) {
        if !table.is_empty() {
            write!(text, "### {title}\n\n{}\n", table.render()).expect("a string takes everything");
        }
    }
    for missing in &report.missing {
        let (peer, package) = (missing.peer.name(), &missing.package);
        write!(
            text,
            "{peer} is left out: it was not installed (Debian: {package}).\n\n"
        )
        .expect("a string takes everything");
    }
    text
}

/// When, on what and how it was measured.
pub(crate) fn circumstances(report: &Report) -> String {
    let (machine, method) = (&report.machine, report.method);
    let programs: Vec<String> = machine
        .programs
        .iter()
        .map(|program| format!("{} {}", program.name, program.version))
        .collect();
    let warm_up = match method.warm_up {
        true => ", after a second that does not count",
        false => "",
    };
    format!(
        "Measured on {}: {}, {} cores, {} GiB, Linux {}, load average before {:.1}; {}. {} rounds of {} s each{warm_up}.\n",
        report.date,
        machine.processor,
        machine.cores,
        machine.memory_gib,
        machine.kernel,
        machine.load_average,
        programs.join(", "),
        method.rounds,
        method.seconds,
    )
}

fn sections(report: &Report) -> Vec<Section> {
    vec![
        (
            "Requests per second (× nginx, spread of the rounds)".to_owned(),
            of_cells(report, requests),
        ),
        (
            "Latency: median / 99th percentile".to_owned(),
            of_cells(report, latency),
        ),
        (
            "Latency added to one connection (median)".to_owned(),
            added(report),
        ),
        (
            "CPU seconds for 100,000 requests".to_owned(),
            of_cells(report, cpu),
        ),
        ("Resident memory".to_owned(), resident(report)),
        ("Start to first answer (median)".to_owned(), starts(report)),
        ("The simulator, and the image".to_owned(), others(report)),
    ]
}

/// A row for each scenario, a column for each peer.
fn of_cells(report: &Report, cell: fn(&Figures) -> String) -> Table {
    let peers = report.peers();
    let mut table = Table::new(
        ["upstream: request"]
            .into_iter()
            .chain(peers.iter().map(|peer| peer.name())),
    );
    for scenario in report.scenarios() {
        let mut row = vec![format!("{}: {}", scenario.upstream.title(), scenario.title())];
        row.extend(peers.iter().map(|peer| match report.figures(scenario, *peer) {
            Some(figures) => cell(figures),
            None => words::NONE.to_owned(),
        }));
        table.row(row);
    }
    table
}

/// A failed request makes all else of the cell worthless.
fn requests(figures: &Figures) -> String {
    if let Some(failure) = figures.failure() {
        return format!("**{failure}**");
    }
    let rate = figures.requests_per_second;
    let ratio = figures.ratio_to_nginx.map(|ratio| format!("{ratio:.2} ×, "));
    format!(
        "{} ({}{})",
        words::count(rate.median),
        ratio.unwrap_or_default(),
        words::percent(rate.spread)
    )
}

fn latency(figures: &Figures) -> String {
    let (p50, p99) = (figures.p50_us.median, figures.p99_us.median);
    format!("{} / {}", words::duration(p50), words::duration(p99))
}

fn cpu(figures: &Figures) -> String {
    let seconds = figures.cpu_seconds_per_100k;
    seconds.map_or_else(
        || words::NONE.to_owned(),
        |seconds| format!("{:.2}", seconds.median),
    )
}

fn added(report: &Report) -> Table {
    let peers: Vec<Peer> = report
        .peers()
        .into_iter()
        .filter(|peer| *peer != Peer::Direct)
        .collect();
    let mut table = Table::new(
        ["upstream"]
            .into_iter()
            .chain(peers.iter().map(|peer| peer.name())),
    );
    for upstream in Upstream::ALL {
        let scenario = Scenario::new(upstream, Shape::Get, 1);
        let cells: Vec<_> = peers
            .iter()
            .map(|peer| report.added_p50_us(scenario, *peer))
            .collect();
        if cells.iter().any(Option::is_some) {
            let mut row = vec![upstream.title().to_owned()];
            row.extend(
                cells
                    .into_iter()
                    .map(|added| added.map_or_else(|| words::NONE.to_owned(), words::duration)),
            );
            table.row(row);
        }
    }
    table
}

fn resident(report: &Report) -> Table {
    let mut table = Table::new([
        "",
        "idle",
        "2,000 open connections",
        "peak while 1 GiB streams down",
    ]);
    for resident in &report.resident {
        let bytes = |bytes| words::megabytes(crate::load::as_figure(bytes));
        table.row(vec![
            resident.peer.name().to_owned(),
            bytes(resident.idle_bytes),
            bytes(resident.connected_bytes),
            bytes(resident.streaming_bytes),
        ]);
    }
    table
}

fn starts(report: &Report) -> Table {
    let mut table = Table::new(["", "start"]);
    for start in &report.starts {
        table.row(vec![
            start.peer.name().to_owned(),
            words::duration(start.took_us.median),
        ]);
    }
    table
}

fn others(report: &Report) -> Table {
    let mut table = Table::new(["", "figure"]);
    if let Some(simulator) = report.simulator {
        let rate = simulator.requests_per_second;
        table.row(vec![
            "simulator: `GET /v1/people/me` over 64 connections".to_owned(),
            format!(
                "{} requests/s ({})",
                words::count(rate.median),
                words::percent(rate.spread)
            ),
        ]);
        table.row(vec![
            "simulator: start to first answer".to_owned(),
            words::duration(simulator.start_us.median),
        ]);
    }
    if let Some(bytes) = report.image_bytes {
        table.row(vec![
            "gateway: image".to_owned(),
            words::megabytes(crate::load::as_figure(bytes)),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_report_reads_as_tables() {
        let report = sample::report();
        insta::assert_snapshot!("tables", circumstances(&report) + "\n" + &tables(&report));
    }

    #[test]
    fn failed_requests_stand_in_the_place_of_the_figure() {
        let mut report = sample::report();
        report.cells[1].figures.errors.status = 1200;
        assert!(tables(&report).contains("**1,200 failed**"));
        report.cells[2].figures.requests_per_second.median = 0.0;
        assert!(tables(&report).contains("**no answers**"));
        assert_eq!(report.failed().count(), 2);
    }
}
