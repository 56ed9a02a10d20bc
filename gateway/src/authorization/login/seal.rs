//! Seals what a browser keeps for the gateway: nobody else can read, change or make it (AEAD, RFC 8439).

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

/// Bytes of the number that makes every seal another one.
const NUMBER_BYTES: usize = 8;

/// A key of this process and what counts its uses. It is made at start and never stored: a restart ends what was sealed.
pub struct Seal {
    key: LessSafeKey,
    /// A nonce must never come twice under one key. Numbers in a row cannot, however many strangers ask; random ones could.
    next: AtomicU64,
}

/// What a seal is for: one sealed for one purpose does not open for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The `state` parameter of an authorisation request.
    State,
    /// The cookie of the browser that asked.
    Cookie,
}

impl Seal {
    /// A new key.
    #[must_use]
    pub fn with_new_key() -> Self {
        let mut key = [0; 32];
        getrandom::fill(&mut key).expect("the operating system has randomness");
        let key = UnboundKey::new(&CHACHA20_POLY1305, &key).expect("the key has 256 bits");
        Self {
            key: LessSafeKey::new(key),
            next: AtomicU64::new(0),
        }
    }

    /// `content` as base64url text that only this process can open.
    #[must_use]
    pub fn seal(&self, purpose: Purpose, content: &[u8]) -> String {
        let number = self.next.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let mut sealed = content.to_vec();
        self.key
            .seal_in_place_append_tag(nonce(number), purpose.aad(), &mut sealed)
            .expect("a few bytes are not too many");
        URL_SAFE_NO_PAD.encode([&number[..], &sealed].concat())
    }

    /// What was sealed for `purpose`, or `None` for anything else.
    #[must_use]
    pub fn open(&self, purpose: Purpose, text: &str) -> Option<Vec<u8>> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (number, sealed) = bytes.split_first_chunk::<NUMBER_BYTES>()?;
        let mut content = sealed.to_vec();
        let opened = self
            .key
            .open_in_place(nonce(*number), purpose.aad(), &mut content);
        opened.ok().map(|content| content.to_vec())
    }
}

impl Purpose {
    fn aad(self) -> Aad<&'static [u8]> {
        Aad::from(match self {
            Self::State => b"state",
            Self::Cookie => b"cookie",
        })
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seal").finish_non_exhaustive()
    }
}

fn nonce(number: [u8; NUMBER_BYTES]) -> Nonce {
    let mut nonce = [0; NONCE_LEN];
    nonce[NONCE_LEN - NUMBER_BYTES..].copy_from_slice(&number);
    Nonce::assume_unique_for_key(nonce)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_sealed_opens_for_its_purpose_in_its_process_alone() {
        let seal = Seal::with_new_key();
        let text = seal.seal(Purpose::State, b"content");
        assert_eq!(seal.open(Purpose::State, &text).as_deref(), Some(&b"content"[..]));
        assert_eq!(seal.open(Purpose::Cookie, &text), None);
        assert_eq!(Seal::with_new_key().open(Purpose::State, &text), None);
    }

    #[test]
    fn the_same_content_never_looks_the_same() {
        let seal = Seal::with_new_key();
        let all: std::collections::HashSet<_> = (0..1000).map(|_| seal.seal(Purpose::Cookie, b"x")).collect();
        assert_eq!(all.len(), 1000);
    }

    #[test]
    fn a_change_of_any_bit_is_noticed() {
        let seal = Seal::with_new_key();
        let text = seal.seal(Purpose::Cookie, b"content");
        let bytes = URL_SAFE_NO_PAD.decode(&text).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(
                seal.open(Purpose::Cookie, &URL_SAFE_NO_PAD.encode(changed)),
                None,
                "bit {bit}"
            );
        }
    }

    proptest! {
        #[test]
        fn nothing_that_comes_in_opens_or_panics(text in "[A-Za-z0-9_=.-]{0,200}") {
            prop_assert_eq!(Seal::with_new_key().open(Purpose::State, &text), None);
        }
    }
}
