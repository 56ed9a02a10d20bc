//! Takes out of a text what is another with each run, so that an example can be compared with it. The same is done to the
//! example, so that it may show a time or write `…`.

/// `text` without times, fingerprints, ids of requests and clients, and numbers of the operating system's errors.
pub(super) fn mask(text: &str) -> String {
    let (mut masked, mut word) = (String::new(), String::new());
    for c in text.chars().chain([' ']) {
        if c.is_ascii_alphanumeric() || "_-:.".contains(c) {
            word.push(c);
            continue;
        }
        masked.push_str(&masked_word(&word));
        masked.push(c);
        word.clear();
    }
    masked.pop();
    // Linux and macOS count their errors differently.
    let mut parts = masked.split("(os error ");
    let mut without = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        without.push_str("(os error …");
        without.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit() || c == '…'));
    }
    without
}

fn masked_word(word: &str) -> String {
    let bare = word.trim_end_matches(['.', ':']);
    let end = &word[bare.len()..];
    let hex = |text: &str| text.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'));
    let digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    if bare.starts_with("WW_") && bare.len() > 3 {
        return format!("WW_…{end}");
    }
    if bare.len() > 60 && bare.starts_with('C') && hex(&bare[1..]) {
        return format!("C…{end}");
    }
    let volatile = is_time(bare) || (bare.len() == 8 && hex(bare)) || (digits(bare) && bare.len() >= 10);
    match volatile {
        true => format!("…{end}"),
        false => word.to_owned(),
    }
}

/// RFC 3339, or the UTC time in the name of a copy.
fn is_time(word: &str) -> bool {
    let pattern: String = word
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    ["0000-00-00T00:00:00Z", "0000-00-00T00:00:00.000Z"].contains(&pattern.as_str())
}

#[test]
fn what_differs_from_run_to_run_is_masked_and_nothing_else() {
    for (text, masked) in [
        ("ends 2026-12-06T10:23:17Z.", "ends …."),
        (
            "using token 1a2b3c4d (iteration 1)",
            "using token … (iteration 1)",
        ),
        ("\"WW_5f2a61c0-7d1e-4b9a-9c35-0e6f4d2b8a11\"", "\"WW_…\""),
        ("\"WW_…\"", "\"WW_…\""),
        ("expires 1796000000", "expires …"),
        (
            "org 5f2a61c0-7d1e-4b9a-9c35-0e6f4d2b8a11 in 23 days",
            "org 5f2a61c0-7d1e-4b9a-9c35-0e6f4d2b8a11 in 23 days",
        ),
        (
            "refused (os error 111): x (os error …)",
            "refused (os error …): x (os error …)",
        ),
        ("the last word", "the last word"),
    ] {
        assert_eq!(mask(text), masked);
    }
}
