//! Log filters of the field: they look for the messages that docs/logging.md has, in the layout that it shows.

use e2e::workspace;

/// What a filter looks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Filter {
    /// The message as the document has it, with gaps.
    pub(super) form: String,
    level: String,
    topic: Option<String>,
    /// What stands between the gaps.
    pieces: Vec<String>,
}

/// The filters for the messages of the table in docs/logging.md.
pub(super) fn documented() -> Vec<Filter> {
    let guide = std::fs::read_to_string(workspace::root().join("docs/logging.md")).expect("it is there");
    let (_, table) = guide
        .split_once("| message | level | when |\n|---|---|---|\n")
        .expect("the table of messages");
    let rows = table.lines().take_while(|line| line.starts_with('|'));
    rows.flat_map(filters_of_row).collect()
}

fn filters_of_row(row: &str) -> Vec<Filter> {
    let cells: Vec<&str> = row.split('|').map(str::trim).collect();
    let [_, forms, level, ..] = cells[..] else {
        panic!("a row has three cells: {row}");
    };
    let topic = spans(level)
        .next()
        .and_then(|span| span.strip_prefix("topic="))
        .map(str::to_owned);
    let level = level.split(',').next().unwrap_or_default();
    let filters = spans(forms).map(|form| Filter {
        form: form.to_owned(),
        level: level.to_owned(),
        topic: topic.clone(),
        pieces: pieces(form),
    });
    filters.collect()
}

fn spans(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// What stands between the gaps of a form: `…`, `N`, and a name in angle brackets. Brackets around nothing are meant.
fn pieces(form: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut rest = form;
    while let Some(next) = rest.chars().next() {
        let name = rest.strip_prefix('<').and_then(|behind| behind.split_once('>'));
        rest = match (next, name) {
            ('<', Some((name, behind))) if !name.is_empty() => behind,
            ('…' | 'N', _) => &rest[next.len_utf8()..],
            _ => {
                pieces.last_mut().expect("there is one").push(next);
                rest = &rest[next.len_utf8()..];
                continue;
            }
        };
        pieces.push(String::new());
    }
    pieces
}

impl Filter {
    /// Whether a line of the log is found.
    pub(super) fn finds(&self, line: &str) -> bool {
        let Some((time, behind)) = line.strip_prefix("time=\"").and_then(|rest| rest.split_once('"')) else {
            return false;
        };
        let is_time = time.len() == "2026-02-10T08:09:44Z".len() && time.ends_with('Z');
        let Some(message) = behind.strip_prefix(&format!(" level={} msg=", self.level)) else {
            return false;
        };
        let message = message.strip_prefix('"').unwrap_or(message);
        let has_topic = self
            .topic
            .as_ref()
            .is_none_or(|topic| line.ends_with(&format!(" topic={topic}")));
        is_time && has_topic && fits(message, &self.pieces)
    }
}

/// Whether a text begins with the first piece and has the others behind it, in their order.
fn fits(text: &str, pieces: &[String]) -> bool {
    let (first, others) = pieces.split_first().expect("a form is not empty");
    let start = text.strip_prefix(first.as_str());
    let end = others.iter().try_fold(start, |rest, piece| {
        let rest = rest?;
        let at = rest.find(piece.as_str())?;
        Some(Some(&rest[at + piece.len()..]))
    });
    end.flatten().is_some()
}

/// Whether a line is an access line of the field:
/// `[GIN] 2026/02/10 - 08:09:45 | 200 | 141.310923ms | 172.19.0.7 | GET "/health"`.
pub(super) fn is_access_line(line: &str) -> bool {
    let fields: Vec<&str> = line.split(" | ").collect();
    let [time, status, duration, peer, request] = fields[..] else {
        return false;
    };
    let time_fits = time
        .strip_prefix("[GIN] ")
        .is_some_and(|time| digits_as(time, "0000/00/00 - 00:00:00"));
    let (method, path) = request.split_once(" \"").unwrap_or_default();
    time_fits
        && digits_as(status, "000")
        && is_duration(duration)
        && peer.parse::<std::net::IpAddr>().is_ok()
        && method.bytes().all(|byte| byte.is_ascii_uppercase())
        && path.starts_with('/')
        && path.ends_with('"')
}

fn digits_as(text: &str, shape: &str) -> bool {
    let same = |(a, b): (char, char)| if b == '0' { a.is_ascii_digit() } else { a == b };
    text.len() == shape.len() && text.chars().zip(shape.chars()).all(same)
}

/// Whether Go writes a duration like this: `141.310923ms`, `1m2.5s`.
pub(super) fn is_duration(text: &str) -> bool {
    const UNITS: [&str; 6] = ["ns", "µs", "ms", "s", "m", "h"];
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let (number, behind) = rest.split_at(end);
        let unit = UNITS.iter().find_map(|unit| behind.strip_prefix(unit));
        match (number.parse::<f64>(), unit) {
            (Ok(_), Some(behind)) => rest = behind,
            _ => return false,
        }
    }
    !text.is_empty()
}

#[test]
fn a_filter_finds_its_message_in_its_layout_and_no_other() {
    let row = "| `using token <fp> (iteration N)` | debug, `topic=oauth2` | a request takes a token |";
    let filter = filters_of_row(row).remove(0);
    let line =
        r#"time="2026-02-10T08:09:44Z" level=debug msg="using token 1a2b3c4d (iteration 1)" topic=oauth2"#;
    assert!(filter.finds(line));
    for (from, to) in [
        ("debug", "info"),
        (" topic=oauth2", ""),
        ("using token", "using a token"),
        ("(iteration", "[iteration"),
        ("44Z", "44.5Z"),
    ] {
        assert!(!filter.finds(&line.replace(from, to)), "{to}");
    }
}

#[test]
fn brackets_around_nothing_are_meant() {
    assert_eq!(
        pieces("username <>, client id <id> on"),
        ["username <>, client id ", " on"]
    );
}

#[test]
fn an_access_line_is_told_from_others() {
    let line = r#"[GIN] 2026/02/10 - 08:09:45 | 200 | 141.310923ms | 172.19.0.7 | GET "/health""#;
    assert!(is_access_line(line));
    for (from, to) in [
        ("[GIN] ", ""),
        ("2026/02/10", "2026-02-10"),
        ("200", "2xx"),
        ("ms", " ms"),
        ("172.19.0.7", "webex"),
        ("GET", "get"),
        ("\"/health\"", "/health"),
    ] {
        assert!(!is_access_line(&line.replace(from, to)), "{to}");
    }
    assert!(is_duration("1m2.5s") && is_duration("85.2µs") && !is_duration("2 s") && !is_duration(""));
}
