//! The part of a document that is measured, between two markers.

use anyhow::Context as _;

const BEGIN: &str = "<!-- measured: begin -->\n";
const END: &str = "<!-- measured: end -->";

/// The document with another text between its markers.
pub(crate) fn replace(document: &str, measured: &str) -> anyhow::Result<String> {
    let parts = document.split_once(BEGIN).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(END)?;
        Some((before, after))
    });
    let (before, after) =
        parts.with_context(|| format!("the document needs a line {BEGIN}and later a line {END}"))?;
    Ok(format!("{before}{BEGIN}\n{}\n\n{END}{after}", measured.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_around_stays() {
        let document = format!("# Title\n\n{BEGIN}old\n{END}\n\nMore.\n");
        let replaced = replace(&document, "new\n").unwrap();
        assert_eq!(replaced, format!("# Title\n\n{BEGIN}\nnew\n\n{END}\n\nMore.\n"));
        assert_eq!(replace(&replaced, "new").unwrap(), replaced);
        assert!(replace("# Title\n", "new").is_err());
    }
}
