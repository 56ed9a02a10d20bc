//! The guide to the metrics and the sample alerts name what is there, and all of it.

use std::collections::{BTreeMap, BTreeSet};

use saphyr::{LoadableYamlNode as _, YamlOwned};
use webex_sim::types::TokenKind;

use crate::bench::Bench;
use crate::docs::document;
use crate::exposition::Page;

type Labels = BTreeMap<String, BTreeSet<String>>;

/// Every metric of the guide: type, and its labels with their values.
fn documented() -> BTreeMap<String, (String, Labels)> {
    let guide = document("docs/metrics.md");
    let rows = guide.lines().filter(|line| line.starts_with("| `webex_gw_"));
    rows.map(|row| {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [name, kind, labels, _meaning] = cells.as_slice() else {
            panic!("four cells: {row}");
        };
        let labels = labels.split(';').map(str::trim).filter(|text| !text.is_empty());
        let labels = labels.map(|text| {
            let (label, values) = text.split_once(": ").expect("a label and its values");
            (unquoted(label).remove(0), unquoted(values).into_iter().collect())
        });
        let metric = unquoted(name).remove(0);
        (metric, ((*kind).to_owned(), labels.collect()))
    })
    .collect()
}

/// What stands between backticks.
fn unquoted(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// A page on which every metric has a sample.
async fn full_page() -> Page {
    let bench = Bench::authorised().await;
    bench.control().expire_tokens(TokenKind::Access).await.unwrap();
    assert_eq!(bench.get("/v1/people/me").await.status, 200);
    bench.page()
}

#[tokio::test]
async fn the_guide_has_every_metric_and_every_value_of_its_labels_and_no_other() {
    let page = full_page().await;
    let mut shown: BTreeMap<_, _> = page
        .kinds
        .iter()
        .map(|(name, kind)| (name.clone(), (kind.clone(), page.labels_of(name))))
        .collect();
    // The one value that is another with each version.
    let (_, labels) = shown.get_mut("webex_gw_build_info").expect("the build");
    labels.get_mut("version").expect("a version").clear();
    assert_eq!(shown, documented());
}

#[tokio::test]
async fn the_sample_alerts_are_rules_over_metrics_that_exist() {
    let page = full_page().await;
    let rules = alerts();
    assert!(rules.len() >= 4);
    let mut used = BTreeSet::new();
    for rule in &rules {
        let text = |path: &[&str]| field(rule, path).as_str().unwrap_or_default().to_owned();
        let alert = text(&["alert"]);
        assert!(alert.starts_with("WebexGateway"), "{alert}");
        assert!(
            ["critical", "warning"].contains(&text(&["labels", "severity"]).as_str()),
            "{alert}"
        );
        assert!(text(&["annotations", "summary"]).ends_with('.'), "{alert}");
        let expression = text(&["expr"]);
        for selector in selectors(&expression) {
            assert!(
                page.kinds.contains_key(&selector.metric),
                "{alert}: {}",
                selector.metric
            );
            let labels = page.labels_of(&selector.metric);
            for (label, value) in selector.matches {
                let values = labels.get(&label).unwrap_or_else(|| panic!("{alert}: {label}"));
                assert!(values.contains(&value), "{alert}: {label}={value}");
            }
            used.insert(selector.metric);
        }
    }
    for promised in [
        "webex_gw_refresh_token_expiry_timestamp_seconds",
        "webex_gw_auth_state",
        "webex_gw_tokens_unsaved",
    ] {
        assert!(used.contains(promised), "{promised}");
    }
}

#[test]
fn the_scrape_configurations_give_the_job_that_the_alerts_watch() {
    let guide = document("docs/metrics.md");
    let (_, sample) = guide.split_once("```yaml\n").expect("a sample");
    let (sample, _) = sample.split_once("```").expect("its end");
    // The sample of the rules has it in its comment at the top.
    let rules = document("deploy/prometheus/webex_gw.rules.yml");
    let comment = rules.lines().map_while(|line| line.strip_prefix('#'));
    let comment = comment.filter_map(|line| line.strip_prefix("     "));
    let commented: Vec<_> = comment.collect();
    for configuration in [sample, &commented.join("\n")] {
        let documents = YamlOwned::load_from_str(configuration).unwrap();
        let jobs = entries(&documents[0], "scrape_configs");
        assert_eq!(
            field(&jobs[0], &["job_name"]).as_str(),
            Some("webex_gw"),
            "{configuration}"
        );
        let targets = entries(&entries(&jobs[0], "static_configs")[0], "targets");
        assert_eq!(targets[0].as_str(), Some("webex_gw:9001"), "{configuration}");
    }
    assert!(rules.contains("up{job=\"webex_gw\"}"));
}

/// The rules of all groups.
fn alerts() -> Vec<YamlOwned> {
    let text = document("deploy/prometheus/webex_gw.rules.yml");
    let documents = YamlOwned::load_from_str(&text).unwrap();
    let [document] = documents.as_slice() else {
        panic!("one document");
    };
    let rules = entries(document, "groups")
        .iter()
        .flat_map(|group| entries(group, "rules"));
    rules.cloned().collect()
}

fn entries<'a>(node: &'a YamlOwned, name: &str) -> &'a Vec<YamlOwned> {
    let list = field(node, &[name]).as_sequence();
    list.unwrap_or_else(|| panic!("{name} is no list"))
}

fn field<'a>(node: &'a YamlOwned, path: &[&str]) -> &'a YamlOwned {
    path.iter().fold(node, |node, name| {
        node.as_mapping_get(name)
            .unwrap_or_else(|| panic!("{name} is missing in {node:?}"))
    })
}

struct Selector {
    metric: String,
    matches: Vec<(String, String)>,
}

/// The gateway's metrics in an expression, with the values that their labels are compared with.
fn selectors(expression: &str) -> Vec<Selector> {
    let starts = expression
        .match_indices("webex_gw_")
        .map(|(start, _)| &expression[start..]);
    starts
        .map(|rest| {
            let end = rest
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            let inner = rest[end..]
                .strip_prefix('{')
                .and_then(|rest| rest.split('}').next());
            let pairs = inner.into_iter().flat_map(|inner| inner.split(','));
            let matches = pairs.flat_map(|pair| {
                let (label, values) = pair.split_once('=').expect("a matcher");
                let values = values.trim_matches(['~', '"']);
                values
                    .split('|')
                    .map(|value| (label.to_owned(), value.to_owned()))
                    .collect::<Vec<_>>()
            });
            Selector {
                metric: rest[..end].to_owned(),
                matches: matches.collect(),
            }
        })
        .collect()
}
