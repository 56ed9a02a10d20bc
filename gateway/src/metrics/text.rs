//! The text format of Prometheus, version 0.0.4: `HELP` and `TYPE` of a metric, then its samples.

use std::fmt::{self, Write as _};

/// The `Content-Type` of the format.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only rises.
    Counter,
    /// Rises and falls.
    Gauge,
    /// Counts in buckets.
    Histogram,
}

/// A page of metrics that is being written.
#[derive(Debug, Default)]
pub struct Text(String);

/// The samples of one metric that is being written.
#[derive(Debug)]
pub struct Family<'a> {
    text: &'a mut String,
    name: &'static str,
}

impl Text {
    /// Begins a metric. Its help stands even where it has no sample at the moment.
    pub fn family(&mut self, kind: Kind, name: &'static str, help: &str) -> Family<'_> {
        write(
            &mut self.0,
            format_args!("# HELP {name} {help}\n# TYPE {name} {kind}\n"),
        );
        Family {
            text: &mut self.0,
            name,
        }
    }

    /// The page.
    #[must_use]
    pub fn finish(self) -> String {
        self.0
    }
}

impl Family<'_> {
    /// A sample without labels.
    pub fn sample(&mut self, value: impl fmt::Display) {
        self.labelled(&[], value);
    }

    /// A sample, where there is one: a time that has not come yet has none.
    pub fn sample_if(&mut self, value: Option<impl fmt::Display>) {
        if let Some(value) = value {
            self.sample(value);
        }
    }

    /// A sample with labels. Their values are those of this program and need no escapes.
    pub fn labelled(&mut self, labels: &[(&str, &str)], value: impl fmt::Display) {
        self.suffixed("", labels, value);
    }

    /// A sample whose name goes on, as those of a histogram do.
    pub fn suffixed(&mut self, suffix: &str, labels: &[(&str, &str)], value: impl fmt::Display) {
        write(self.text, format_args!("{}{suffix}", self.name));
        for (index, (name, text)) in labels.iter().enumerate() {
            let before = if index == 0 { '{' } else { ',' };
            write(self.text, format_args!("{before}{name}=\"{text}\""));
        }
        let end = if labels.is_empty() { "" } else { "}" };
        write(self.text, format_args!("{end} {value}\n"));
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        })
    }
}

fn write(text: &mut String, what: fmt::Arguments<'_>) {
    text.write_fmt(what).expect("a String takes any text");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_help_type_and_samples() {
        let mut page = Text::default();
        page.family(Kind::Counter, "a_total", "What is counted.")
            .labelled(&[("x", "1"), ("y", "2")], 3);
        page.family(Kind::Gauge, "b", "What has not come.")
            .sample_if(None::<u64>);
        let mut family = page.family(Kind::Histogram, "c_seconds", "How long.");
        family.suffixed("_bucket", &[("le", "+Inf")], 1);
        family.suffixed("_sum", &[], 0.25);
        assert_eq!(
            page.finish(),
            "# HELP a_total What is counted.\n# TYPE a_total counter\na_total{x=\"1\",y=\"2\"} 3\n\
             # HELP b What has not come.\n# TYPE b gauge\n\
             # HELP c_seconds How long.\n# TYPE c_seconds histogram\nc_seconds_bucket{le=\"+Inf\"} 1\nc_seconds_sum 0.25\n"
        );
    }
}
