//! What is measured: which request, over how many connections, to which kind of upstream.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How the origin is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Upstream {
    Plain,
    /// TLS, and HTTP/1.1 is all that the origin offers.
    TlsH1,
    /// TLS with HTTP/2.
    TlsH2,
}

/// The request, and what comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Shape {
    /// Nothing up, a small JSON document down.
    Get,
    /// A small body up, and a small document down.
    Post,
    /// 100 KiB down.
    Download,
    /// 100 KiB up.
    Upload,
}

/// One row of the comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Scenario {
    pub(crate) upstream: Upstream,
    pub(crate) shape: Shape,
    pub(crate) connections: u32,
}

/// Of `Download` and `Upload`.
pub(crate) const LARGE: usize = 100 * 1024;
/// Of `Post`: about what an update of a person has.
const SMALL: usize = 250;

/// Each with its connections; the same for every kind of upstream.
const SHAPES: [(Shape, u32); 6] = [
    (Shape::Get, 1),
    (Shape::Get, 64),
    (Shape::Get, 512),
    (Shape::Post, 64),
    (Shape::Download, 64),
    (Shape::Upload, 64),
];

impl Upstream {
    pub(crate) const ALL: [Self; 3] = [Self::Plain, Self::TlsH1, Self::TlsH2];

    /// As identifiers have it.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::TlsH1 => "tls-h1",
            Self::TlsH2 => "tls-h2",
        }
    }

    /// As tables have it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::TlsH1 => "TLS, HTTP/1.1",
            Self::TlsH2 => "TLS, HTTP/2",
        }
    }

    pub(crate) fn is_tls(self) -> bool {
        self != Self::Plain
    }
}

impl Shape {
    fn id(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Post => "post",
            Self::Download => "download",
            Self::Upload => "upload",
        }
    }

    pub(crate) fn method(self) -> &'static str {
        match self {
            Self::Get | Self::Download => "GET",
            Self::Post | Self::Upload => "POST",
        }
    }

    /// At the origin.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Get => "/small",
            Self::Post | Self::Upload => "/upload",
            Self::Download => "/large",
        }
    }

    /// Bytes of the request's body.
    pub(crate) fn body(self) -> usize {
        match self {
            Self::Get | Self::Download => 0,
            Self::Post => SMALL,
            Self::Upload => LARGE,
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Get => "small GET",
            Self::Post => "small POST",
            Self::Download => "100 KiB down",
            Self::Upload => "100 KiB up",
        }
    }
}

impl Scenario {
    /// Every row, grouped by upstream.
    pub(crate) fn all() -> Vec<Self> {
        let of = |upstream| {
            SHAPES
                .into_iter()
                .map(move |(shape, connections)| Self::new(upstream, shape, connections))
        };
        Upstream::ALL.into_iter().flat_map(of).collect()
    }

    /// What a fast look has.
    pub(crate) fn few() -> Vec<Self> {
        let is_telling = |scenario: &Self| match scenario.upstream {
            Upstream::Plain => scenario.connections < 512,
            _ => scenario.connections == 64 && scenario.shape == Shape::Get,
        };
        Self::all().into_iter().filter(is_telling).collect()
    }

    pub(crate) const fn new(upstream: Upstream, shape: Shape, connections: u32) -> Self {
        Self {
            upstream,
            shape,
            connections,
        }
    }

    /// As tables have it.
    pub(crate) fn title(self) -> String {
        let plural = if self.connections == 1 { "" } else { "s" };
        format!("{}, {} connection{plural}", self.shape.title(), self.connections)
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}/{}/{}",
            self.upstream.id(),
            self.shape.id(),
            self.connections
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_a_name_of_its_own() {
        let names: Vec<String> = Scenario::all().iter().map(ToString::to_string).collect();
        assert_eq!((names.len(), names[0].as_str()), (18, "plain/get/1"));
        assert!(
            names
                .iter()
                .all(|name| names.iter().filter(|other| *other == name).count() == 1)
        );
    }

    #[test]
    fn a_fast_look_has_each_upstream() {
        let few = Scenario::few();
        assert!(few.len() <= 8);
        assert!(
            Upstream::ALL
                .iter()
                .all(|upstream| few.iter().any(|row| row.upstream == *upstream))
        );
    }
}
