//! Which names of fields, in JSON, forms, queries and headers, say that a value is a secret. What is not known to be harmless by its
//! name's end is rather hidden too often: a log that hides a field is mended, one that shows a password is not.

/// A name with one of these in it, written in whatever way, is that of a secret.
const PARTS: [&str; 16] = [
    "accesscode",
    "activationcode",
    "apikey",
    "assertion",
    "authcode",
    "authorization",
    "cookie",
    "credential",
    "devicecode",
    "passcode",
    "passphrase",
    "passwd",
    "password",
    "samlresponse",
    "secret",
    "token",
];
/// These are parts of harmless names too (`pinned`, `keyboard`), so they have to be words of the name.
const WORDS: [&str; 15] = [
    "auth",
    "bearer",
    "jwt",
    "key",
    "keys",
    "otp",
    "pass",
    "pin",
    "pins",
    "pwd",
    "sig",
    "signature",
    "usercode",
    "verifier",
    "verifiers",
];
/// These are words of harmless names too (`errorCode`, `countryCode`), so they have to be the name.
const NAMES: [&str; 3] = ["code", "user code", "authorization code"];
/// A name that ends so tells something about a secret: `token_type`, `refresh_token_expires_in`.
const ABOUT: [&str; 7] = ["at", "expiration", "expires", "expiry", "hint", "in", "type"];
/// Places in a list, which open nothing.
const CURSORS: [&str; 3] = ["continuation token", "next page token", "page token"];

/// Whether a field of this name holds a secret.
pub(super) fn is_secret(name: &str) -> bool {
    let words = words(name);
    let whole = words.join(" ");
    let harmless = words.last().is_some_and(|last| ABOUT.contains(&last.as_str()));
    if harmless || CURSORS.contains(&whole.as_str()) {
        return false;
    }
    let letters = words.concat();
    NAMES.contains(&whole.as_str())
        || words.iter().any(|word| WORDS.contains(&word.as_str()))
        || PARTS.iter().any(|part| letters.contains(part))
}

/// The words of a name in lower case: between separators, digits included, and by the capitals of `apiKey` and `APIKey`.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let letters: Vec<char> = name.chars().collect();
    for (index, letter) in letters.iter().enumerate() {
        let before = index.checked_sub(1).map(|index| letters[index]);
        let after = letters.get(index + 1);
        let begins = letter.is_uppercase()
            && (before.is_some_and(char::is_lowercase)
                || before.is_some_and(char::is_uppercase) && after.is_some_and(|after| after.is_lowercase()));
        if begins || !letter.is_alphabetic() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| letter.is_alphabetic()) {
            word.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_parts_and_words_of_their_names() {
        for name in [
            "password",
            "Password",
            "sipPassword",
            "new_password",
            "passwd",
            "pin",
            "userPIN",
            "PIN2",
            "token",
            "tokens",
            "accessToken",
            "access_token",
            "ACCESS_TOKEN",
            "accesstoken",
            "X-Auth-Token",
            "X-Api-Key",
            "apiKey",
            "APIKey",
            "apikey",
            "key",
            "private-key",
            "x-gateway-key",
            "secret",
            "client_secret",
            "clientSecret",
            "code",
            "Code",
            "activationCode",
            "device_code",
            "code_verifier",
            "authorization_code",
            "id_token",
            "assertion",
            "cookie",
            "Set-Cookie",
            "Authorization",
            "credentials",
            "jwt",
            "X-Amz-Signature",
            "authorization_type_token",
        ] {
            assert!(is_secret(name), "{name}");
        }
    }

    #[test]
    fn what_is_told_about_secrets_and_what_only_sounds_like_one_stays_readable() {
        for name in [
            "token_type",
            "tokenType",
            "expires_in",
            "refresh_token_expires_in",
            "tokenExpiry",
            "nextPageToken",
            "errorCode",
            "countryCode",
            "statusCode",
            "pinned",
            "shipping",
            "keyboard",
            "monkey",
            "trackingId",
            "grant_type",
            "scope",
            "author",
            "passage",
            "displayName",
            "content-type",
            "www-authenticate",
            "state",
            "redirect_uri",
            "client_id",
            "",
        ] {
            assert!(!is_secret(name), "{name}");
        }
    }
}
