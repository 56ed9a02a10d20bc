//! Just enough HTML to fill in a form: the fields of a page's form and its buttons. Not a parser; it reads what the
//! simulator's templates write, and a test of the suite fails where it does not.

use anyhow::Context;

/// The form of a page.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Form {
    /// Where it is sent, as written.
    pub(super) action: String,
    /// Sent as a body rather than as a query.
    pub(super) is_post: bool,
    /// Names and values of its fields.
    pub(super) fields: Vec<(String, String)>,
    /// Names and values of its buttons.
    buttons: Vec<(String, String)>,
}

impl Form {
    /// The first form of the page.
    pub(super) fn first(html: &str) -> Option<Self> {
        let (_, rest) = html.split_once("<form ")?;
        let (form, _) = rest.split_once("</form>")?;
        let (head, body) = form.split_once('>')?;
        let named =
            |tag| elements(body, tag).filter_map(|head| Some((attribute(head, "name")?, value(head))));
        Some(Self {
            action: attribute(head, "action").unwrap_or_default(),
            is_post: attribute(head, "method").is_some_and(|method| method.eq_ignore_ascii_case("post")),
            fields: named("<input ").collect(),
            buttons: named("<button ").collect(),
        })
    }

    /// The form with a text in one of its fields, in the place of what was there.
    pub(super) fn typed(mut self, name: &str, text: &str) -> anyhow::Result<Self> {
        let field = self.fields.iter_mut().find(|(field, _)| field == name);
        let (_, value) = field.with_context(|| format!("the form has no field {name}"))?;
        text.clone_into(value);
        Ok(self)
    }

    /// The form as it is sent when the button is pressed.
    pub(super) fn pressed(mut self, name: &str, value: &str) -> anyhow::Result<Self> {
        let button = (name.to_owned(), value.to_owned());
        let exists = self.buttons.contains(&button);
        exists
            .then_some(())
            .with_context(|| format!("no button {name}={value} among {:?}", self.buttons))?;
        self.fields.push(button);
        Ok(self)
    }
}

/// What stands between `<tag ` and `>` of each such element.
fn elements<'a>(html: &'a str, tag: &'a str) -> impl Iterator<Item = &'a str> {
    html.split(tag)
        .skip(1)
        .filter_map(|rest| Some(rest.split_once('>')?.0))
}

fn value(head: &str) -> String {
    attribute(head, "value").unwrap_or_default()
}

fn attribute(head: &str, name: &str) -> Option<String> {
    let (head, before) = (format!(" {head}"), format!(" {name}=\""));
    let (_, rest) = head.split_once(&before)?;
    Some(unescape(rest.split_once('"')?.0))
}

/// The characters that a template escapes in an attribute, by name or by number.
fn unescape(text: &str) -> String {
    let named = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#34;", "\""),
    ];
    let named = named
        .into_iter()
        .chain([("&#39;", "'"), ("&#x27;", "'"), ("&#38;", "&"), ("&amp;", "&")]);
    // The ampersand comes last, or an escaped escape would be undone twice.
    named.fold(text.to_owned(), |text, (escaped, plain)| {
        text.replace(escaped, plain)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"<main><form method="post" action="authorize">
        <input type="hidden" name="state" value="a&amp;b &#34;c&#34;"><input name="password" type="password" value="">
        <button class="accept" name="decision" value="accept">Accept</button></form></main>"#;

    #[test]
    fn the_pressed_button_is_sent_with_the_fields() {
        let form = Form::first(PAGE).unwrap().pressed("decision", "accept").unwrap();
        assert!(form.is_post);
        assert_eq!(form.action, "authorize");
        let fields: Vec<_> = form
            .fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(
            fields,
            [("state", r#"a&b "c""#), ("password", ""), ("decision", "accept")]
        );
    }

    #[test]
    fn a_button_that_is_not_there_cannot_be_pressed() {
        assert!(Form::first(PAGE).unwrap().pressed("decision", "decline").is_err());
    }

    #[test]
    fn what_is_typed_takes_the_place_of_what_was_there() {
        let form = Form::first(PAGE).unwrap().typed("state", "c").unwrap();
        assert_eq!(form.fields[0], ("state".to_owned(), "c".to_owned()));
        assert_eq!(form.fields.len(), 2);
        assert!(form.typed("email", "c").is_err());
    }

    #[test]
    fn a_page_without_a_form_has_none() {
        assert_eq!(Form::first("<p>Done</p>"), None);
    }
}
