//! What Webex has seen of the load's requests: from the simulator's journal, or, where the simulator did not survive,
//! from its log, which has a line for each entry and is written first.

use std::collections::HashMap;

use webex_sim::client::{ClientError, ControlClient};
use webex_sim::types::{Entry, EntryFilter};

/// A request as Webex saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// Its `TrackingID`.
    pub id: String,
    /// What it was answered with; absent where no answer left Webex.
    pub status: Option<u16>,
    /// The fault rule that met it.
    pub rule: Option<String>,
}

/// All of them, in the order in which they were answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sightings(pub Vec<Sighting>);

impl Sightings {
    /// What is in the journal.
    pub async fn in_journal(webex: &ControlClient) -> Result<Self, ClientError> {
        let page = webex.journal_page(&EntryFilter::default()).await?;
        assert_eq!(page.dropped, 0, "the journal has forgotten what came of requests");
        Ok(Self(page.entries.into_iter().map(Sighting::from).collect()))
    }

    /// What is in the simulator's log.
    #[must_use]
    pub fn in_log(log: &str) -> Self {
        Self(log.lines().filter_map(Sighting::in_line).collect())
    }

    /// By request.
    pub(super) fn by_id(&self) -> HashMap<&str, Vec<&Sighting>> {
        let mut by_id: HashMap<&str, Vec<&Sighting>> = HashMap::new();
        for sighting in &self.0 {
            by_id.entry(&sighting.id).or_default().push(sighting);
        }
        by_id
    }
}

impl Sighting {
    /// The entry that a line of the log tells of; none if it tells of something else.
    fn in_line(line: &str) -> Option<Self> {
        let field = |name: &str| {
            let (_, rest) = line.split_once(&format!(" {name}="))?;
            let value = rest.split(' ').next()?;
            Some(value.trim_matches('"').to_owned())
        };
        Some(Self {
            id: field("tracking_id")?,
            status: field("status").and_then(|status| status.parse().ok()),
            rule: field("fault"),
        })
    }
}

impl From<Entry> for Sighting {
    fn from(entry: Entry) -> Self {
        Self {
            id: entry.tracking_id,
            status: entry.status,
            rule: entry.fault,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_tells_the_same_as_the_journal() {
        let log = concat!(
            "2026-02-10T08:09:44Z  INFO webex_sim::journal::record: POST /v1/people status=429 duration_ms=0.1 ",
            "person=\"avery.quinn@acme.example.com\" not_simulated=false fault=\"storm\" tracking_id=\"load-1-0\"\n",
            "2026-02-10T08:09:45Z  INFO webex_sim::journal::record: GET /v1/people/me duration_ms=0.1 ",
            "not_simulated=false tracking_id=\"load-1-1\"\n",
            "2026-02-10T08:09:46Z  INFO webex_sim::cli::serve: listening\n",
        );
        let seen = Sightings::in_log(log);
        let expected = [
            ("load-1-0", Some(429), Some("storm".to_owned())),
            ("load-1-1", None, None),
        ];
        let expected = expected.map(|(id, status, rule)| Sighting {
            id: id.to_owned(),
            status,
            rule,
        });
        assert_eq!(seen.0, expected);
    }
}
