//! The secrets that the worlds of a process know, so that none of them shows in any world's journal or in the log,
//! wherever it stands. Looking through a text costs a look at one bit for nearly each of its bytes, however many secrets there are.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use crate::secret::{Secret, fingerprint};

/// A shorter secret is a part of too many texts to be replaced wherever it stands; also what secrets are found by.
const SHORTEST: usize = 6;

/// All secrets, as they are and percent-encoded.
#[derive(Default)]
pub(crate) struct Vault(RwLock<Index>);

/// The patterns by their first bytes, and the pairs of bytes with which any pattern has begun: nearly every place of a text is
/// passed over by a look at one bit.
struct Index {
    patterns: HashMap<[u8; SHORTEST], Vec<Pattern>>,
    pairs: Box<[u64; PAIRS / 64]>,
}

/// How many pairs of bytes there are.
const PAIRS: usize = 1 << 16;

/// A text that is replaced where it is found.
struct Pattern {
    text: String,
    /// What stands in its place.
    fingerprint: String,
    /// How many have learnt it and not yet forgotten it.
    holders: usize,
}

/// What one world, or the seed that several share, has put into the vault. What it holds is forgotten with its last clone.
#[derive(Clone)]
pub(crate) struct Known(Arc<Own>);

struct Own {
    vault: Arc<Vault>,
    learnt: Mutex<HashSet<String>>,
}

// === impl Vault ===

impl Vault {
    /// `text` without the secrets, if there is one in it.
    pub(crate) fn redacted(&self, text: &str) -> Option<String> {
        let index = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let bytes = text.as_bytes();
        let (mut shown, mut copied, mut at) = (String::new(), 0, 0);
        while let Some(first) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
            if !index.begins(*first) {
                at += 1;
                continue;
            }
            let candidates = index.patterns.get(first).into_iter().flatten();
            let fitting = candidates.filter(|pattern| bytes[at..].starts_with(pattern.text.as_bytes()));
            match fitting.max_by_key(|pattern| pattern.text.len()) {
                None => at += 1,
                Some(pattern) => {
                    shown.push_str(&text[copied..at]);
                    shown.push_str(&pattern.fingerprint);
                    at += pattern.text.len();
                    copied = at;
                }
            }
        }
        (copied > 0).then(|| shown + &text[copied..])
    }

    fn add(&self, secrets: &[String]) {
        let mut index = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for secret in secrets {
            for text in forms(secret) {
                let Some(first) = text.as_bytes().first_chunk() else {
                    continue;
                };
                index.learn(*first);
                let same_start = index.patterns.entry(*first).or_default();
                match same_start.iter_mut().find(|pattern| pattern.text == text) {
                    Some(pattern) => pattern.holders += 1,
                    None => same_start.push(Pattern {
                        text,
                        fingerprint: fingerprint(secret),
                        holders: 1,
                    }),
                }
            }
        }
    }

    fn remove(&self, secrets: &HashSet<String>) {
        let mut index = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let patterns = &mut index.patterns;
        for text in secrets.iter().flat_map(|secret| forms(secret)) {
            let Some(first) = text.as_bytes().first_chunk() else {
                continue;
            };
            let Some(same_start) = patterns.get_mut(first) else {
                continue;
            };
            same_start.retain_mut(|pattern| {
                pattern.holders -= usize::from(pattern.text == text);
                pattern.holders > 0
            });
            if same_start.is_empty() {
                patterns.remove(first);
            }
        }
    }
}

// === impl Index ===

impl Default for Index {
    fn default() -> Self {
        Self {
            patterns: HashMap::new(),
            pairs: Box::new([0; PAIRS / 64]),
        }
    }
}

impl Index {
    /// Whether a pattern may begin like this. A pair stays known when its patterns are gone: that costs a look-up, no more.
    fn begins(&self, first: [u8; SHORTEST]) -> bool {
        let (word, bit) = place(first);
        self.pairs[word] & bit != 0
    }

    fn learn(&mut self, first: [u8; SHORTEST]) {
        let (word, bit) = place(first);
        self.pairs[word] |= bit;
    }
}

/// Where the bit of a pair of bytes is.
fn place(first: [u8; SHORTEST]) -> (usize, u64) {
    let pair = usize::from(first[0]) << 8 | usize::from(first[1]);
    (pair / 64, 1 << (pair % 64))
}

/// As it is, and percent-encoded if that differs.
fn forms(secret: &str) -> impl Iterator<Item = String> {
    let encoded: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let differs = encoded != secret;
    [secret.to_owned()].into_iter().chain(differs.then_some(encoded))
}

// === impl Known ===

impl Known {
    pub(crate) fn new(vault: Arc<Vault>) -> Self {
        Self(Arc::new(Own {
            vault,
            learnt: Mutex::default(),
        }))
    }

    /// From now on these are shown as fingerprints.
    pub(crate) fn learn<'a>(&self, secrets: impl IntoIterator<Item = &'a Secret>) {
        let mut learnt = self.0.learnt.lock().unwrap_or_else(PoisonError::into_inner);
        let secrets = secrets.into_iter().map(Secret::expose);
        let new: Vec<_> = secrets
            .filter(|secret| secret.len() >= SHORTEST && learnt.insert((*secret).to_owned()))
            .map(str::to_owned)
            .collect();
        self.0.vault.add(&new);
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let learnt = self.learnt.get_mut().unwrap_or_else(PoisonError::into_inner);
        self.vault.remove(learnt);
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Known").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn with(secrets: &[&str]) -> (Arc<Vault>, Known) {
        let vault = Arc::new(Vault::default());
        let known = Known::new(Arc::clone(&vault));
        let secrets: Vec<_> = secrets.iter().map(|secret| Secret::new(*secret)).collect();
        known.learn(&secrets);
        (vault, known)
    }

    #[test]
    fn a_secret_is_replaced_wherever_it_stands_also_encoded() {
        let (vault, _known) = with(&["pass word/1"]);
        let print = fingerprint("pass word/1");
        assert_eq!(
            vault.redacted("x=pass word/1&y=pass+word%2F1"),
            Some(format!("x={print}&y={print}"))
        );
        assert_eq!(vault.redacted("pass word/2"), None);
        assert_eq!(vault.redacted(""), None);
    }

    #[test]
    fn of_two_that_fit_the_longer_one_is_meant() {
        let (vault, _known) = with(&["secret", "secret-2"]);
        assert_eq!(vault.redacted("secret-2"), Some(fingerprint("secret-2")));
    }

    #[test]
    fn short_secrets_are_left_alone() {
        let (vault, _known) = with(&["short", ""]);
        assert_eq!(vault.redacted("a short text"), None);
    }

    #[test]
    fn a_secret_is_forgotten_when_nobody_holds_it() {
        let (vault, first) = with(&["common-secret", "own-secret"]);
        let second = Known::new(Arc::clone(&vault));
        second.learn(&[Secret::new("common-secret")]);
        second.learn(&[Secret::new("common-secret")]);
        drop(first);
        assert_eq!(vault.redacted("own-secret"), None);
        assert_eq!(
            vault.redacted("common-secret"),
            Some(fingerprint("common-secret"))
        );
        drop(second);
        assert_eq!(vault.redacted("common-secret"), None);
        assert!(vault.0.read().unwrap().patterns.is_empty());
    }

    proptest! {
        #[test]
        fn no_secret_survives_in_any_text(before in "\\PC{0,12}", secret in "\\PC{6,12}", after in "\\PC{0,12}") {
            let (vault, _known) = with(&[&secret]);
            let shown = vault.redacted(&format!("{before}{secret}{after}")).unwrap();
            prop_assume!(secret.len() >= SHORTEST && !before.contains(&secret));
            prop_assert!(shown.contains(&fingerprint(&secret)));
        }
    }
}
