//! The books of a load: every request with what came of it, every incident. Where the test fails they are kept beside the
//! logs and the journal, to which the ids lead.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::Record;
use super::incident::Incident;
use super::request::Way;
use crate::evidence;
use crate::progress::say;

/// The books, open or closed.
#[derive(Debug, Default)]
pub(super) struct Books {
    /// The start of every id.
    pub(super) load: String,
    pub(super) records: Vec<Record>,
    pub(super) incidents: Vec<Incident>,
    /// When those were sent that have no outcome yet, by id.
    pub(super) in_flight: BTreeMap<String, Duration>,
}

impl Books {
    pub(super) fn of(load: String) -> Self {
        Self {
            load,
            ..Self::default()
        }
    }

    /// Takes everything out, in the order in which it was sent.
    pub(super) fn close(&mut self) -> Self {
        let mut books = std::mem::take(self);
        books.records.sort_by_key(|record| record.sent);
        books
    }

    /// Keeps them in the evidence of the test that is failing just now.
    pub(super) fn keep_if_panicking(&self) {
        // Closed ones have nothing to tell.
        if !std::thread::panicking() || self.load.is_empty() {
            return;
        }
        let kept = evidence::folder().and_then(|folder| self.write_to(&folder));
        match kept {
            Ok(path) => say(&format!("the books of {} are in {path}", self.load)),
            Err(error) => say(&format!("the books of {} could not be kept: {error}", self.load)),
        }
    }

    fn write_to(&self, folder: &Path) -> std::io::Result<String> {
        // A test may have several loads.
        let mut path = folder.join("load.json");
        let mut others = 1;
        while path.exists() {
            others += 1;
            path = folder.join(format!("load-{others}.json"));
        }
        fs::write(&path, format!("{:#}", self.json()))?;
        Ok(path.display().to_string())
    }

    fn json(&self) -> Value {
        let records = self.records.iter().map(|record| {
            json!({
                "id": record.request.id,
                "method": record.request.method().as_str(),
                "target": record.request.target(),
                "way": format!("{:?}", record.request.way),
                "sent_s": record.sent.as_secs_f64(),
                "ended_s": record.ended.as_secs_f64(),
                "outcome": record.outcome.to_string(),
            })
        });
        let in_flight = self
            .in_flight
            .iter()
            .map(|(id, sent)| json!({"id": id, "sent_s": sent.as_secs_f64()}));
        let incidents = self.incidents.iter().map(|incident| {
            json!({
                "name": incident.name,
                "from_s": incident.from.as_secs_f64(),
                "until_s": incident.until.map(|until| until.as_secs_f64()),
                "allows": format!("{:?}", incident.allows),
                "allows_nginx": format!("{:?}", incident.allows_at(Way::ThroughNginx)),
            })
        });
        json!({
            "load": self.load,
            "incidents": incidents.collect::<Vec<_>>(),
            "in_flight": in_flight.collect::<Vec<_>>(),
            "records": records.collect::<Vec<_>>(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::outcome::Outcome;
    use crate::load::request::{Request, Ways};

    #[test]
    fn what_is_kept_tells_of_each_request_and_of_those_in_flight() {
        let books = Books {
            load: "load-1".to_owned(),
            records: vec![Record {
                request: Request::nth("load-1", Ways::Straight, 1),
                sent: Duration::from_millis(1_500),
                ended: Duration::from_secs(2),
                outcome: Outcome::Lost,
            }],
            incidents: Vec::new(),
            in_flight: BTreeMap::from([("load-1-2".to_owned(), Duration::from_secs(3))]),
        };
        let folder = tempfile::tempdir().unwrap();
        for name in ["load.json", "load-2.json"] {
            assert!(books.write_to(folder.path()).unwrap().ends_with(name));
        }
        let kept = fs::read_to_string(folder.path().join("load.json")).unwrap();
        let kept: Value = serde_json::from_str(&kept).unwrap();
        assert_eq!(
            kept["records"][0],
            json!({
                "id": "load-1-1", "method": "GET", "target": "/v1/people/me", "way": "Straight",
                "sent_s": 1.5, "ended_s": 2.0, "outcome": "nothing came of it",
            })
        );
        assert_eq!(kept["in_flight"][0]["id"], "load-1-2");
    }
}
