//! Follows the tokens file: what it holds at start, and what others do to it afterwards.

use tracing::{error, info, warn};

use super::Keeper;
use crate::token::TokenSet;
use crate::token::adoption::{Adoption, judge};
use crate::token::failure::Rejection;
use crate::token::file::{Loaded, Seen};

/// What a look at the file remembers for the next one.
#[derive(Debug, Default)]
pub(super) struct Outside {
    /// A content without tokens, which may be a write that is not complete yet: the Go program writes in place.
    suspect: Option<Seen>,
    certain: bool,
}

impl Outside {
    /// A look that takes what it sees for what is meant.
    pub(super) fn certain() -> Self {
        Self {
            suspect: None,
            certain: true,
        }
    }

    fn believes(&mut self, found: &Seen) -> bool {
        let believed = self.certain || self.suspect.as_ref() == Some(found);
        self.suspect = Some(found.clone());
        believed
    }
}

impl Keeper {
    /// Loads the file at start.
    pub(super) async fn load(&self) {
        let mut seen = self.installing().await;
        let path = self.0.file.path().display();
        let (loaded, found) = self.0.file.look();
        *seen = found;
        let problem = match loaded {
            Loaded::Absent => {
                info!("no tokens yet: {path} does not exist");
                return;
            }
            Loaded::Unusable(problem) => problem.to_string(),
            Loaded::Tokens(tokens) => {
                let adoption = judge(None, false, self.0.org_id, &tokens, self.now());
                let Adoption::Refuse(objection) = adoption else {
                    return self.begin(*tokens);
                };
                objection.to_string()
            }
        };
        // Whatever is written in its place, there will be a copy.
        seen.forget_content();
        let hint = self.0.file.organization_hint();
        if hint.or(self.0.org_id).is_none() {
            warn!(
                "{path} names no organisation: whoever authorises first will own this gateway, unless -orgID is set"
            );
        }
        error!(
            "{path} {problem}; it is left as it is, and copied aside when an administrator authorises again"
        );
        self.0.flight.publish(|snapshot| {
            snapshot.unusable_file = Some(problem);
            snapshot.unusable_org = hint;
        });
    }

    fn begin(&self, mut tokens: TokenSet) {
        let path = self.0.file.path().display();
        if self.0.file.readable_by_others() {
            warn!(
                "{path} is readable by others; the next refresh makes it private, or run: chmod 600 {path}"
            );
        }
        // A file from before organisations were pinned is as protected as a new one.
        tokens.org_id = tokens.organization();
        self.0
            .flight
            .transition(|life, now, dice| life.install(tokens, now, dice));
    }

    /// Looks whether somebody else has changed the file, and follows.
    pub(super) async fn look(&self, outside: &mut Outside) {
        let mut seen = self.installing().await;
        let (file, known) = (self.0.file.clone(), seen.clone());
        // On a network file system even this may take its time.
        if self.on_disk(move || file.changed(&known)).await.unwrap_or(false) {
            self.take_over(&mut seen, outside).await;
        }
    }

    /// Takes over what the file holds, where that is better than what is held. Tells whether it is in use now.
    pub(super) async fn take_over(&self, seen: &mut Seen, outside: &mut Outside) -> bool {
        let file = self.0.file.clone();
        let Some((loaded, found)) = self.on_disk(move || file.look()).await else {
            return false;
        };
        if found.same_content(seen) {
            seen.follow(&found);
            self.note_usable();
            return false;
        }
        let path = self.0.file.path().display();
        let objection = match loaded {
            Loaded::Absent => {
                *seen = found;
                self.note_absent();
                return false;
            }
            Loaded::Unusable(_) if !outside.believes(&found) => return false,
            Loaded::Unusable(problem) => problem.to_string(),
            Loaded::Tokens(tokens) => match self.judge(&tokens) {
                Adoption::Refuse(objection) => objection.to_string(),
                adoption => {
                    *seen = found;
                    return self.adopt(*tokens, adoption).await;
                }
            },
        };
        // What somebody has put there is not ours to overwrite without a copy.
        seen.follow(&found);
        if self.snapshot().unusable_file.as_ref() != Some(&objection) {
            error!(
                "{path} was changed from outside and {objection}; the tokens in use stay, the next refresh copies the file aside"
            );
            self.0
                .flight
                .publish(|snapshot| snapshot.unusable_file = Some(objection));
        }
        false
    }

    fn note_absent(&self) {
        let path = self.0.file.path().display();
        if self.snapshot().grant.is_some() {
            warn!("{path} was deleted; the tokens serve from memory, and the next refresh writes them again");
        } else {
            info!("no tokens yet: {path} does not exist any more");
        }
        self.0.flight.publish(|snapshot| snapshot.unusable_file = None);
    }

    /// What was wrong with the file has been put right, and its tokens are those in use.
    fn note_usable(&self) {
        let snapshot = self.snapshot();
        if snapshot.grant.is_some() && snapshot.unusable_file.is_some() {
            info!("{} holds the tokens in use again", self.0.file.path().display());
            self.0.flight.publish(|snapshot| snapshot.unusable_file = None);
        }
    }

    fn judge(&self, found: &TokenSet) -> Adoption {
        let snapshot = self.snapshot();
        let refused = snapshot
            .trouble
            .as_ref()
            .is_some_and(|trouble| trouble.rejection == Some(Rejection::Grant));
        judge(snapshot.grant.as_ref(), refused, self.pin(), found, self.now())
    }

    async fn adopt(&self, mut tokens: TokenSet, adoption: Adoption) -> bool {
        if adoption == Adoption::Nothing {
            self.note_usable();
            return false;
        }
        if adoption == Adoption::Try {
            self.keep_held().await;
        }
        tokens.org_id = tokens.organization();
        self.0.flight.transition(|life, now, dice| match adoption {
            Adoption::Try => life.install_on_trial(tokens, now, dice),
            _ => life.install(tokens, now, dice),
        });
        info!(
            topic = "oauth2",
            "{} was changed from outside: its tokens are used now",
            self.0.file.path().display()
        );
        self.0.flight.publish(|snapshot| {
            snapshot.unusable_file = None;
            snapshot.unsaved = None;
        });
        true
    }
}
