//! Reading an HTTP Archive. What the format requires and a replay does not need may be missing.

use axum::body::Bytes;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde::Deserialize;
use url::Url;

use super::{Fixture, Payload, Recording, sorted};
use crate::api::operation::{Family, OPERATIONS};

/// Fields that belong to the recorded connection, not to the answer; HAR holds bodies decoded and whole.
const OF_THE_CONNECTION: [&str; 6] = [
    "connection",
    "content-encoding",
    "content-length",
    "keep-alive",
    "trailer",
    "transfer-encoding",
];

/// An archive that cannot be replayed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ArchiveError {
    /// Not JSON, or not an archive; the text says where.
    #[error("is no HTTP Archive: {0}")]
    Json(String),
    /// A value that cannot be.
    #[error("has {field} {value:?}, expected {expected}")]
    Value {
        /// Such as `log.entries[3].response.status`.
        field: String,
        /// What stands there.
        value: String,
        /// What should stand there.
        expected: &'static str,
    },
}

#[derive(Deserialize)]
struct Archive {
    log: Log,
}

#[derive(Deserialize)]
struct Log {
    entries: Vec<Recorded>,
}

#[derive(Deserialize)]
struct Recorded {
    request: Asked,
    response: Answered,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked {
    method: String,
    url: String,
    post_data: Option<PostData>,
}

#[derive(Deserialize)]
struct PostData {
    #[serde(default)]
    text: String,
}

#[derive(Deserialize)]
struct Answered {
    status: u16,
    #[serde(default)]
    headers: Vec<Field>,
    #[serde(default)]
    content: Body,
}

#[derive(Deserialize)]
struct Field {
    name: String,
    value: String,
}

#[derive(Deserialize, Default)]
struct Body {
    /// The text is not the whole body: written by this simulator's journal.
    #[serde(default, rename = "_cut")]
    cut: bool,
    #[serde(default)]
    text: String,
    #[serde(default)]
    encoding: String,
}

/// Reads an archive. Requests to the authorization server are left out, because their answers hold tokens that a recording does
/// not know, and so are answers that the journal has not kept as a whole.
pub(crate) fn read(text: &[u8]) -> Result<Recording, ArchiveError> {
    let archive: Archive =
        serde_json::from_slice(text).map_err(|error| ArchiveError::Json(error.to_string()))?;
    let mut recording = Recording::default();
    for (n, recorded) in archive.log.entries.into_iter().enumerate() {
        let cut = recorded.response.content.cut;
        let fixture = recorded.fixture(n)?;
        let is_oauth = |path: &str| {
            let mut operations = OPERATIONS.iter();
            operations.any(|operation| operation.family == Family::OAuth && operation.path == path)
        };
        if cut || is_oauth(&fixture.path) {
            recording.skipped += 1;
        } else {
            recording.fixtures.push(fixture);
        }
    }
    Ok(recording)
}

impl Recorded {
    fn fixture(self, n: usize) -> Result<Fixture, ArchiveError> {
        let wrong = |field: &str, value: String, expected| ArchiveError::Value {
            field: format!("log.entries[{n}].{field}"),
            value,
            expected,
        };
        let url = Url::parse(&self.request.url)
            .map_err(|_| wrong("request.url", self.request.url.clone(), "an absolute URL"))?;
        let method = Method::from_bytes(self.request.method.as_bytes())
            .map_err(|_| wrong("request.method", self.request.method.clone(), "an HTTP method"))?;
        let status = StatusCode::from_u16(self.response.status)
            .ok()
            .filter(|status| status.as_u16() >= 200)
            .ok_or_else(|| {
                wrong(
                    "response.status",
                    self.response.status.to_string(),
                    "a status from 200 to 999",
                )
            })?;
        let mut headers = HeaderMap::new();
        for (m, field) in self.response.headers.iter().enumerate() {
            // HTTP/2's `:status` is among them in some recordings.
            if field.name.starts_with(':')
                || OF_THE_CONNECTION.contains(&field.name.to_ascii_lowercase().as_str())
            {
                continue;
            }
            let at = || format!("response.headers[{m}]");
            let name = HeaderName::from_bytes(field.name.as_bytes())
                .map_err(|_| wrong(&at(), field.name.clone(), "the name of a header field"))?;
            let value = HeaderValue::from_str(&field.value)
                .map_err(|_| wrong(&at(), field.value.clone(), "the value of a header field"))?;
            headers.append(name, value);
        }
        let content = self.response.content;
        let bare = matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        let answer = if bare {
            // RFC 9110, section 6.4.1: they have no body, whatever a recording says.
            Vec::new()
        } else if content.encoding == "base64" {
            let decoded = STANDARD.decode(&content.text);
            decoded.map_err(|_| wrong("response.content.text", String::new(), "base64"))?
        } else {
            content.text.into_bytes()
        };
        let body = self.request.post_data.filter(|data| !data.text.is_empty());
        Ok(Fixture {
            method,
            path: url.path().to_owned(),
            query: sorted(url.query().unwrap_or_default()),
            body: body.map(|data| Payload::of(Bytes::from(data.text))),
            status,
            headers,
            answer: Bytes::from(answer),
            hits: 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn one(change: impl FnOnce(&mut serde_json::Value)) -> Result<Recording, ArchiveError> {
        let mut entry = json!({
            "request": {"method": "GET", "url": "https://webexapis.com/v1/people?max=2&email=a%40b"},
            "response": {"status": 200, "headers": [
                {"name": ":status", "value": "200"}, {"name": "Content-Encoding", "value": "gzip"}, {"name": "X-A", "value": "1"}
            ], "content": {"text": "{}"}},
        });
        change(&mut entry);
        read(json!({"log": {"entries": [entry]}}).to_string().as_bytes())
    }

    #[test]
    fn an_exchange_is_read_without_what_belongs_to_its_connection() {
        let recording = one(|_| ()).unwrap();
        let fixture = &recording.fixtures[0];
        assert_eq!(
            (fixture.path.as_str(), fixture.status.as_u16()),
            ("/v1/people", 200)
        );
        assert_eq!(fixture.query[0], ("email".to_owned(), "a@b".to_owned()));
        assert_eq!((fixture.headers.len(), fixture.answer.as_ref()), (1, &b"{}"[..]));
    }

    #[test]
    fn authorisation_is_left_to_the_simulation() {
        let recording = one(|entry| entry["request"]["url"] = "https://webexapis.com/v1/access_token".into());
        let recording = recording.unwrap();
        assert_eq!((recording.fixtures.len(), recording.skipped), (0, 1));
    }

    #[test]
    fn what_was_not_kept_as_a_whole_is_left_out() {
        let cut = one(|entry| entry["response"]["content"]["_cut"] = true.into()).unwrap();
        assert_eq!((cut.fixtures.len(), cut.skipped), (0, 1));
    }

    #[test]
    fn an_answer_without_content_has_none() {
        let empty = one(|entry| entry["response"]["status"] = 204.into()).unwrap();
        assert!(empty.fixtures[0].answer.is_empty());
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let said = |change: fn(&mut serde_json::Value)| one(change).unwrap_err().to_string();
        assert_eq!(
            said(|entry| entry["request"]["url"] = "/v1/people".into()),
            r#"has log.entries[0].request.url "/v1/people", expected an absolute URL"#
        );
        assert_eq!(
            said(|entry| entry["response"]["status"] = 101.into()),
            r#"has log.entries[0].response.status "101", expected a status from 200 to 999"#
        );
        assert!(said(|entry| entry["response"]["headers"][2]["name"] = "a b".into()).contains("headers[2]"));
        let content = said(|entry| entry["response"]["content"] = json!({"text": "?", "encoding": "base64"}));
        assert!(content.contains("expected base64"), "{content}");
        assert!(
            read(b"{}")
                .unwrap_err()
                .to_string()
                .contains("missing field `log`")
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_an_archive_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes);
        }
    }
}
