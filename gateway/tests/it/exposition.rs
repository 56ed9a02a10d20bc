//! Reads the text format of Prometheus as strictly as its documentation describes it.

use std::collections::{BTreeMap, BTreeSet};

/// What a page of metrics says.
#[derive(Debug, Default)]
pub(crate) struct Page {
    /// Name and type of each metric.
    pub(crate) kinds: BTreeMap<String, String>,
    /// Series as they are written, labels included, with their values.
    series: BTreeMap<String, f64>,
}

impl Page {
    /// Reads `text`, and panics where it breaks the format.
    pub(crate) fn read(text: &str) -> Self {
        let (mut page, mut helped, mut current) = (Self::default(), BTreeSet::new(), String::new());
        assert!(text.ends_with('\n'), "the last line has to end");
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, help) = rest.split_once(' ').expect("a help");
                assert!(helped.insert(name.to_owned()) && help.ends_with('.'), "{line}");
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').expect("a type");
                assert!(helped.contains(name), "{line} comes before its help");
                assert!(is_name(name) && name.starts_with("webex_gw_"), "{line}");
                assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
                assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
                assert!(
                    page.kinds.insert(name.to_owned(), kind.to_owned()).is_none(),
                    "{line} again"
                );
                name.clone_into(&mut current);
            } else {
                page.sample(line, &current);
            }
        }
        assert_eq!(helped.len(), page.kinds.len(), "a help without a type");
        page
    }

    fn sample(&mut self, line: &str, current: &str) {
        let (series, value) = line.rsplit_once(' ').expect("a value");
        let name = series.split('{').next().unwrap();
        let suffix = name.strip_prefix(current).expect("samples follow their type");
        let histogram = self.kinds[current] == "histogram";
        let allowed: &[&str] = if histogram {
            &["_bucket", "_sum", "_count"]
        } else {
            &[""]
        };
        assert!(allowed.contains(&suffix), "{line}");
        for (label, value) in labels(series) {
            assert!(is_name(&label) && !value.contains(['"', '\\', '\n']), "{line}");
        }
        let value: f64 = value.parse().unwrap_or_else(|_| panic!("{line}"));
        assert!(
            self.series.insert(series.to_owned(), value).is_none(),
            "{line} again"
        );
    }

    /// The value of a series, written as on the page.
    pub(crate) fn value(&self, series: &str) -> f64 {
        self.find(series)
            .unwrap_or_else(|| panic!("{series} is not on the page"))
    }

    pub(crate) fn find(&self, series: &str) -> Option<f64> {
        self.series.get(series).copied()
    }

    /// The values that each label of a metric has on the page.
    pub(crate) fn labels_of(&self, metric: &str) -> BTreeMap<String, BTreeSet<String>> {
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let own = |name: &str| {
            name.strip_prefix(metric)
                .is_some_and(|suffix| ["", "_bucket"].contains(&suffix))
        };
        for series in self
            .series
            .keys()
            .filter(|series| own(series.split('{').next().unwrap()))
        {
            for (label, value) in labels(series) {
                found.entry(label).or_default().insert(value);
            }
        }
        found
    }

    /// The series that are not 0, of those whose name begins so.
    pub(crate) fn moved(&self, prefix: &str) -> Vec<String> {
        let of = |series: &str| series.starts_with(prefix);
        let moved = self
            .series
            .iter()
            .filter(|(series, value)| of(series) && **value != 0.0);
        moved.map(|(series, value)| format!("{series} {value}")).collect()
    }
}

fn labels(series: &str) -> Vec<(String, String)> {
    let Some((_, rest)) = series.split_once('{') else {
        return Vec::new();
    };
    let inner = rest.strip_suffix('}').expect("labels end");
    let pairs = inner.split("\",").map(|pair| pair.trim_end_matches('"'));
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once("=\"").expect("a label and its value");
            (name.to_owned(), value.to_owned())
        })
        .collect()
}

fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_ascii_lowercase())
        && chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

#[test]
#[should_panic(expected = "again")]
fn a_series_that_stands_twice_is_noticed() {
    Page::read("# HELP webex_gw_a x.\n# TYPE webex_gw_a gauge\nwebex_gw_a 1\nwebex_gw_a 2\n");
}

#[test]
#[should_panic(expected = "samples follow their type")]
fn a_sample_of_another_metric_is_noticed() {
    Page::read("# HELP webex_gw_a x.\n# TYPE webex_gw_a gauge\nwebex_gw_b 1\n");
}
