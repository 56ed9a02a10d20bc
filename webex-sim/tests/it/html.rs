//! As much of a browser as the sign-in page needs: forms, their fields and buttons.

/// A form and what it would send.
#[derive(Debug)]
pub(crate) struct Form {
    pub(crate) method: String,
    pub(crate) action: String,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) buttons: Vec<(String, String)>,
}

impl Form {
    /// The only form of a page.
    #[track_caller]
    pub(crate) fn of(page: &str) -> Self {
        let start = page.find("<form").expect("the page has a form");
        let end = page.find("</form>").expect("the form ends");
        let tags = tags(&page[start..end]);
        let named = |kind: &str| {
            let of_kind = tags.iter().filter(|tag| tag.starts_with(kind));
            of_kind
                .map(|tag| (attribute(tag, "name").unwrap(), attribute(tag, "value").unwrap()))
                .collect()
        };
        Self {
            method: attribute(&tags[0], "method").unwrap(),
            action: attribute(&tags[0], "action").unwrap(),
            fields: named("<input"),
            buttons: named("<button"),
        }
    }

    /// What a click on the button with this value sends.
    #[track_caller]
    pub(crate) fn click(mut self, value: &str) -> Vec<(String, String)> {
        let button = self
            .buttons
            .into_iter()
            .find(|(_, own)| own == value)
            .expect("there is such a button");
        self.fields.push(button);
        self.fields
    }

    /// Types into a field.
    #[track_caller]
    pub(crate) fn fill(mut self, name: &str, value: &str) -> Self {
        let field = self
            .fields
            .iter_mut()
            .find(|(own, _)| own == name)
            .expect("there is such a field");
        value.clone_into(&mut field.1);
        self
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    }
}

fn tags(html: &str) -> Vec<String> {
    html.split('<')
        .skip(1)
        .filter_map(|rest| rest.split_once('>'))
        .map(|(tag, _)| format!("<{tag} "))
        .collect()
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let rest = tag.split_once(&format!(" {name}=\""))?.1;
    Some(unescaped(rest.split_once('"')?.0))
}

/// The character references that the templates write.
fn unescaped(text: &str) -> String {
    text.replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&#34;", "\"")
        .replace("&#39;", "'")
        .replace("&#38;", "&")
}
