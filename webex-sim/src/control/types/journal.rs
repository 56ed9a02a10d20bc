//! The journal as the control API shows it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Version of HTTP a request came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Version {
    /// HTTP/1.0
    #[serde(rename = "HTTP/1.0")]
    Http10,
    /// HTTP/1.1
    #[serde(rename = "HTTP/1.1")]
    Http11,
    /// HTTP/2
    #[serde(rename = "HTTP/2.0")]
    Http2,
}

/// One request and what became of it. Secrets are fingerprints, in every field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Number of the request, from 1; it goes on when the journal is emptied.
    pub sequence: u64,
    /// Simulated time at which the request came in.
    pub time: String,
    /// Real time of the same moment.
    pub wall_time: String,
    /// Method.
    pub method: String,
    /// Path as sent, without query.
    pub path: String,
    /// Query as sent; empty if there was none.
    pub query: String,
    /// Version of HTTP.
    pub http_version: Version,
    /// Whether it came over TLS.
    pub tls: bool,
    /// Address of the client.
    pub client_ip: String,
    /// Header fields in the order sent, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Fields of a form body; empty for other bodies.
    pub form: Vec<(String, String)>,
    /// Status of the answer; absent if the client went away before there was one, or if it was lost or never sent.
    pub status: Option<u16>,
    /// OAuth error code of the answer or of its redirect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oauth_error: Option<String>,
    /// E-mail address of the person the request acted for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// `TrackingID` of the answer.
    pub tracking_id: String,
    /// Time until the answer's head was ready, in real milliseconds.
    pub duration_ms: f64,
    /// The path is one that the simulator does not know.
    pub not_simulated: bool,
    /// Id of the fault rule that fired.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// Which entries are meant; absent fields match everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryFilter {
    /// Method, exactly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Path, exactly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Status of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Field `grant_type` of the form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_type: Option<String>,
    /// Only entries with a higher sequence number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// Only requests for paths that are (not) simulated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_simulated: Option<bool>,
    /// Only requests on which the fault rule of this id fired.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// `GET /__sim/journal`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JournalPage {
    /// The oldest first.
    pub entries: Vec<Entry>,
    /// Entries that fell out of the journal because it was full.
    pub dropped: u64,
}

/// `GET /__sim/journal/count`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalCount {
    /// Entries that match.
    pub count: usize,
}

/// `GET /__sim/journal/wait`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JournalWait {
    /// Whether there were as many as waited for, in time.
    pub reached: bool,
    /// Those that match, the oldest first.
    pub entries: Vec<Entry>,
}

// === impl EntryFilter ===

impl EntryFilter {
    /// Requests for this path.
    #[must_use]
    pub fn path(path: impl Into<String>) -> Self {
        Self {
            path: Some(path.into()),
            ..Self::default()
        }
    }

    /// Requests to the token endpoint with this grant type.
    #[must_use]
    pub fn grant(grant_type: impl Into<String>) -> Self {
        Self {
            path: Some("/v1/access_token".into()),
            grant_type: Some(grant_type.into()),
            ..Self::default()
        }
    }

    /// Only answers with this status.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// Only requests with this method.
    #[must_use]
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.method = Some(method.into());
        self
    }

    /// Requests on which this fault rule fired.
    #[must_use]
    pub fn fault(id: impl Into<String>) -> Self {
        Self {
            fault: Some(id.into()),
            ..Self::default()
        }
    }

    /// Only entries after this one.
    #[must_use]
    pub fn after(mut self, sequence: u64) -> Self {
        self.after = Some(sequence);
        self
    }

    /// Whether `entry` is meant.
    #[must_use]
    pub fn matches(&self, entry: &Entry) -> bool {
        fn same<T: PartialEq + ?Sized>(wanted: Option<&T>, actual: Option<&T>) -> bool {
            wanted.is_none() || wanted == actual
        }
        let grant_type = entry
            .form
            .iter()
            .find(|(name, _)| name == "grant_type")
            .map(|(_, value)| value.as_str());
        same(self.method.as_ref(), Some(&entry.method))
            && same(self.path.as_ref(), Some(&entry.path))
            && same(self.grant_type.as_deref(), grant_type)
            && same(self.status.as_ref(), entry.status.as_ref())
            && same(self.not_simulated.as_ref(), Some(&entry.not_simulated))
            && same(self.fault.as_ref(), entry.fault.as_ref())
            && self.after.is_none_or(|after| entry.sequence > after)
    }
}

impl Entry {
    /// The value of a header field of the request.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The value of a form field of the request.
    #[must_use]
    pub fn form(&self, name: &str) -> Option<&str> {
        self.form
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    }

    /// How long the answer took.
    #[must_use]
    pub fn duration(&self) -> Duration {
        Duration::from_secs_f64(self.duration_ms / 1_000.0)
    }
}
