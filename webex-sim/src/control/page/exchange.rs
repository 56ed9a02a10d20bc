//! One request with its answer: a page of its own, whose article the script shows in the journal.

use askama::Template;

use super::html::STYLE;
use crate::control::types::{Content, Exchange};

/// The page.
#[derive(Template)]
#[template(path = "control/exchange.html", whitespace = "minimize")]
pub(super) struct Page {
    style: &'static str,
    home: String,
    exchange: Exchange,
    request_body: Option<Body>,
    response_body: Option<Body>,
}

/// A body as the page shows it.
struct Body {
    about: String,
    text: String,
}

impl Page {
    pub(super) fn of(home: String, exchange: Exchange) -> Self {
        Self {
            style: STYLE,
            home,
            request_body: exchange.request_body.as_ref().map(body),
            response_body: exchange.response_body.as_ref().map(body),
            exchange,
        }
    }
}

/// JSON is set out in lines.
fn body(content: &Content) -> Body {
    let mut about = vec![format!("{} bytes", content.size)];
    if !content.media_type.is_empty() {
        about.insert(0, content.media_type.clone());
    }
    if content.binary {
        about.push("no text and not kept".to_owned());
    }
    if content.cut {
        about.push("cut".to_owned());
    }
    let json = serde_json::from_str::<serde_json::Value>(&content.text).ok();
    let pretty = json.filter(|json| json.is_object() || json.is_array());
    Body {
        about: about.join(", "),
        text: pretty.map_or_else(|| content.text.clone(), |json| format!("{json:#}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_set_out_in_lines_and_the_rest_stays_as_it_is() {
        let shown = |text: &str| {
            body(&Content {
                media_type: "text/x".into(),
                size: 3,
                text: text.into(),
                binary: true,
                cut: true,
            })
        };
        assert_eq!(shown(r#"{"a":1}"#).text, "{\n  \"a\": 1\n}");
        assert_eq!(shown("12").text, "12");
        assert_eq!(shown("{").text, "{");
        assert_eq!(shown("").about, "text/x, 3 bytes, no text and not kept, cut");
    }
}
