//! A picture of the throughput: bars of each peer, grouped by upstream.

use askama::Template;

use crate::peer::Peer;
use crate::report::Report;
use crate::scenario::{Scenario, Shape, Upstream};
use crate::words;

#[derive(Template)]
#[template(path = "chart.svg", escape = "html")]
struct Chart {
    title: &'static str,
    width: u32,
    height: u32,
    bar_height: u32,
    groups: Vec<Group>,
}

struct Group {
    name: &'static str,
    y: u32,
    bars: Vec<Bar>,
}

struct Bar {
    name: &'static str,
    y: u32,
    text_y: u32,
    width: u32,
    value_x: u32,
    value: String,
    colour: &'static str,
}

const TITLE: &str = "Small GET over 64 connections: requests per second";
const WIDTH: u32 = 760;
/// Where bars begin.
const LEFT: u32 = 138;
/// The longest bar, with room for its figure behind it.
const LONGEST: f64 = 520.0;
const BAR: u32 = 16;
/// From one bar to the next.
const STEP: u32 = 22;
/// From the last bar of a group to the name of the next group.
const GAP: u32 = 30;

/// The picture, as SVG.
pub(crate) fn chart(report: &Report) -> anyhow::Result<String> {
    let highest = rates(report).map(|(_, _, rate)| rate).fold(1.0, f64::max);
    let mut y = 54;
    let mut groups = Vec::new();
    for upstream in Upstream::ALL {
        let of_group: Vec<_> = rates(report).filter(|(of, _, _)| *of == upstream).collect();
        if of_group.is_empty() {
            continue;
        }
        let mut group = Group {
            name: upstream.title(),
            y,
            bars: Vec::new(),
        };
        for (_, peer, rate) in of_group {
            y += if group.bars.is_empty() { 10 } else { STEP };
            group.bars.push(bar(peer, rate, highest, y));
        }
        y += BAR + GAP;
        groups.push(group);
    }
    let chart = Chart {
        title: TITLE,
        width: WIDTH,
        height: y,
        bar_height: BAR,
        groups,
    };
    Ok(chart.render()? + "\n")
}

/// Of those who are compared.
fn rates(report: &Report) -> impl Iterator<Item = (Upstream, Peer, f64)> {
    let cells = Upstream::ALL
        .into_iter()
        .flat_map(|upstream| Peer::ALL.map(|peer| (upstream, peer)));
    cells
        .filter(|(_, peer)| !matches!(peer, Peer::Direct | Peer::Twin))
        .filter_map(|(upstream, peer)| {
            let figures = report.figures(Scenario::new(upstream, Shape::Get, 64), peer)?;
            Some((upstream, peer, figures.requests_per_second.median))
        })
}

fn bar(peer: Peer, rate: f64, highest: f64, y: u32) -> Bar {
    let width = length(rate, highest);
    Bar {
        name: peer.name(),
        y,
        text_y: y + 12,
        width,
        value_x: LEFT + width + 6,
        value: words::count(rate),
        colour: match peer {
            Peer::Gateway => "#0a7d5a",
            _ => "#9aa5b1",
        },
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a length in a picture"
)]
fn length(rate: f64, highest: f64) -> u32 {
    (rate / highest * LONGEST).round() as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn bars_are_grouped_by_upstream() {
        insta::assert_snapshot!("chart", chart(&sample::report()).unwrap());
    }
}
