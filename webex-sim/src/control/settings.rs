//! Changing settings: each value is checked, and a change happens as a whole or not at all.

use std::collections::HashSet;

use url::Url;

use crate::control::types::{Rejection, Rotation, Settings, SettingsPatch};

/// Longest life: 10 years, which the clock can always represent.
const LONGEST_S: u64 = 315_360_000;

/// Longest delay of the token endpoint: beyond an hour a test means something else.
const LONGEST_DELAY_MS: u64 = 3_600_000;

/// Longest window of the rate limit: a day. Webex's are minutes.
const LONGEST_WINDOW_S: u64 = 86_400;

/// Applies what is present. On error nothing has changed.
pub(crate) fn apply(settings: &mut Settings, patch: &SettingsPatch) -> Result<(), Rejection> {
    let mut changed = settings.clone();
    macro_rules! take {
        ($($field:ident),+ $(,)?) => {
            $(if let Some(value) = &patch.$field {
                changed.$field.clone_from(value);
            })+
        };
    }
    take!(
        access_token_lifetime_s,
        refresh_token_lifetime_s,
        code_lifetime_s,
        same_token_within_24h,
        rotation,
        token_endpoint_delay_ms,
        max_access_tokens,
        invalid_client_status,
        token_error_shape,
        provisioning_delay_s,
        directory_sync_delay_s,
        rate_limit_requests,
        rate_limit_window_s,
        redirect_uris,
        base_url,
    );
    check(&changed)?;
    *settings = changed;
    Ok(())
}

/// Checks all values.
pub(crate) fn check(settings: &Settings) -> Result<(), Rejection> {
    let seconds = |field, value| range(field, value, 1, LONGEST_S, "whole seconds");
    seconds("access_token_lifetime_s", settings.access_token_lifetime_s)?;
    seconds("refresh_token_lifetime_s", settings.refresh_token_lifetime_s)?;
    seconds("code_lifetime_s", settings.code_lifetime_s)?;
    if let Rotation::Grace { seconds: grace } = settings.rotation {
        seconds("rotation.grace.seconds", grace)?;
    }
    range(
        "token_endpoint_delay_ms",
        settings.token_endpoint_delay_ms,
        0,
        LONGEST_DELAY_MS,
        "whole milliseconds",
    )?;
    range(
        "max_access_tokens",
        settings.max_access_tokens,
        1,
        1_000_000,
        "a number of tokens",
    )?;
    range(
        "rate_limit_requests",
        settings.rate_limit_requests,
        0,
        1_000_000,
        "a number of requests",
    )?;
    range(
        "rate_limit_window_s",
        settings.rate_limit_window_s,
        1,
        LONGEST_WINDOW_S,
        "whole seconds",
    )?;
    if !matches!(settings.invalid_client_status, 400 | 401) {
        let reason = format!("is {}", settings.invalid_client_status);
        return Err(rejection(
            "invalid_client_status",
            reason,
            "400 or 401".to_owned(),
        ));
    }
    if !is_base_url(&settings.base_url) {
        return Err(rejection(
            "base_url",
            format!("is {:?}", settings.base_url),
            "an absolute http or https URL without credentials, query and fragment, or nothing".to_owned(),
        ));
    }
    let delay = |field, value| range(field, value, 0, LONGEST_S, "whole seconds");
    delay("provisioning_delay_s", settings.provisioning_delay_s)?;
    delay("directory_sync_delay_s", settings.directory_sync_delay_s)?;
    let mut seen = HashSet::new();
    for (n, uri) in settings.redirect_uris.iter().enumerate() {
        // Custom schemes may be registered; a fragment may not be there (RFC 6749, section 3.1.2).
        let good =
            uri.bytes().all(|byte| byte.is_ascii_graphic()) && !uri.contains('#') && Url::parse(uri).is_ok();
        if !good || !seen.insert(uri) {
            let accepted = "different absolute URIs in ASCII without fragment".to_owned();
            return Err(rejection(
                &format!("redirect_uris[{n}]"),
                format!("is {uri:?}"),
                accepted,
            ));
        }
    }
    Ok(())
}

/// Whether links can start with it; nothing stands for the URL of the request.
fn is_base_url(text: &str) -> bool {
    let fits = |url: Url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
    };
    // A link stands between angle brackets in a header field.
    let written =
        |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#' | b'<' | b'>' | b'"' | b'\\');
    text.is_empty() || (text.bytes().all(written) && text.contains("://") && Url::parse(text).is_ok_and(fits))
}

fn range(field: &str, value: u64, least: u64, most: u64, what: &str) -> Result<(), Rejection> {
    if (least..=most).contains(&value) {
        Ok(())
    } else {
        Err(rejection(
            field,
            format!("is {value}"),
            format!("{what} from {least} to {most}"),
        ))
    }
}

fn rejection(field: &str, reason: String, accepted: String) -> Rejection {
    Rejection {
        field: field.to_owned(),
        reason,
        accepted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_value_changes_nothing() {
        let mut settings = Settings::default();
        let patch = SettingsPatch {
            code_lifetime_s: Some(60),
            access_token_lifetime_s: Some(0),
            ..SettingsPatch::default()
        };
        let error = apply(&mut settings, &patch).unwrap_err();
        assert_eq!(error.field, "access_token_lifetime_s");
        assert_eq!(settings, Settings::default());
    }

    #[test]
    fn redirect_uris_are_absolute_and_have_no_fragment() {
        for (uri, good) in [
            ("http://localhost:9001/api/v01/webex/auth/code", true),
            ("app.example:/callback", true),
            ("/callback", false),
            ("http://gw/a#b", false),
            ("http://gw/ä", false),
            ("http://gw/a b", false),
        ] {
            let settings = Settings {
                redirect_uris: vec![uri.to_owned()],
                ..Settings::default()
            };
            assert_eq!(check(&settings).is_ok(), good, "{uri}");
        }
    }
    #[test]
    fn a_base_url_is_absolute_and_ends_before_the_query() {
        for (url, good) in [
            ("", true),
            ("https://webexapis.com", true),
            ("http://sim:8080/webex/", true),
            ("webexapis.com", false),
            ("https:webexapis.com", false),
            ("/v1", false),
            ("ftp://webexapis.com", false),
            ("https://webexapis.com?a=1", false),
            ("https://webexapis.com/?", false),
            ("https://webexapis.com#a", false),
            ("https://a@webexapis.com", false),
            ("https://webexapis.com/>", false),
            ("https://webexapis.com/ä", false),
        ] {
            let settings = Settings {
                base_url: url.to_owned(),
                ..Settings::default()
            };
            assert_eq!(check(&settings).is_ok(), good, "{url}");
        }
    }
}
