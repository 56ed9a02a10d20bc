//! The pages about the gateway's states are true: each state is brought about, and every example on its page is what the
//! gateway says then.

mod files;
mod index;
mod mask;
mod moment;
mod page;
mod process;
mod refusals;
mod states;
mod webex;

use crate::docs::document;
use moment::Moment;
use page::Page;

/// A page, and what brings about the moments that it shows. A page without an entry fails
/// [`index::every_page_has_its_test_and_its_place_in_the_index`], and a block without a moment its page's own test.
macro_rules! pages {
    ($($name:ident: $file:literal by $scene:path;)*) => {
        /// The pages, without `.md`.
        const PAGES: &[&str] = &[$($file),*];

        $(#[tokio::test]
        async fn $name() {
            check($file, &$scene().await);
        })*
    };
}

pages! {
    waiting_for_its_administrator: "unauthorised" by states::unauthorised;
    working: "ok" by states::ok;
    a_refresh_that_runs: "refreshing" by states::refreshing;
    a_refresh_that_fails: "degraded" by states::degraded;
    a_dead_grant: "reauthorise" by states::reauthorise;
    a_client_that_webex_refuses: "misconfigured" by states::misconfigured;
    a_refresh_token_near_its_end: "refresh-token-ending" by states::refresh_token_ending;
    new_tokens_that_webex_refuses: "new-tokens-refused" by states::new_tokens_refused;
    a_webex_out_of_reach: "webex-unreachable" by webex::unreachable;
    a_webex_that_answers_errors: "webex-errors" by webex::errors;
    tokens_in_memory_only: "tokens-unsaved" by files::unsaved;
    a_tokens_file_without_tokens: "tokens-file-unusable" by files::unusable;
    a_tokens_file_that_others_change: "tokens-file-changed" by files::changed;
    two_gateways_on_one_tokens_file: "two-gateways" by files::two_gateways;
    an_authorisation_that_is_refused: "authorisation-refused" by refusals::one;
    a_clock_that_is_wrong: "clock-wrong" by process::clock_wrong;
    a_start_that_is_refused: "start-refused" by process::start_refused;
    the_end: "stopping" by process::stopping;
}

/// Every block of the page belongs to a moment and says what was said in it, and every moment is shown.
fn check(name: &str, moments: &[Moment]) {
    let path = format!("docs/operating/{name}.md");
    let page = Page::read(&document(&path));
    let mut wrong: Vec<String> = page.missing_sections();
    for block in &page.blocks {
        let verdict = match moments.iter().find(|moment| moment.name == block.moment) {
            None => Err("no test brings this moment about".to_owned()),
            Some(moment) => moment.confirms(block),
        };
        if let Err(why) = verdict {
            wrong.push(format!("{path}:{}: {why}", block.line));
        }
    }
    for moment in moments {
        if !page.blocks.iter().any(|block| block.moment == moment.name) {
            wrong.push(format!("{path} does not show the moment {:?}", moment.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
