//! Lists are played through with things that come and go between their pages.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

const LIMITS: Limits = Limits { default: 3, most: 5 };

/// Items that were all created at the same moment, as under a clock that stands still.
fn items(numbers: impl IntoIterator<Item = u8>) -> Vec<Place> {
    let place = |n: u8| Place {
        id: Uuid::from_u128(u128::from(n)),
        created: Timestamp::UNIX_EPOCH,
    };
    numbers.into_iter().map(place).collect()
}

/// Numbers on the page at `target`, and the target of the next one.
fn turn(target: &str, items: &[Place]) -> (Vec<u8>, Option<String>) {
    let url = RequestUrl::at(target);
    let page = Pager::read(&url, LIMITS)
        .unwrap()
        .page(items.to_vec(), |item| *item);
    let numbers = page.items.iter().map(|item| item.id.as_bytes()[15]).collect();
    let next = page.next.map(|link| {
        let link = link.to_str().unwrap();
        let link = link.strip_prefix("<http://sim").unwrap();
        link.strip_suffix(">; rel=\"next\"").unwrap().to_owned()
    });
    (numbers, next)
}

fn max_of(query: &str) -> Result<usize, ApiError> {
    let url = RequestUrl::at(&format!("/p?{query}"));
    Pager::read(&url, LIMITS).map(|pager| pager.max)
}

#[test]
fn a_list_is_read_to_its_end() {
    let items = items(0..7);
    let (first, next) = turn("/p?x=1", &items);
    let (second, next) = turn(&next.unwrap(), &items);
    let (third, next) = turn(&next.unwrap(), &items);
    assert_eq!([first, second, third].concat(), (0..7).collect::<Vec<_>>());
    assert_eq!(next, None);
}

#[test]
fn a_full_last_page_and_an_empty_list_have_no_link() {
    assert_eq!(turn("/p", &items(0..3)), (vec![0, 1, 2], None));
    assert_eq!(turn("/p", &[]), (vec![], None));
}

#[test]
fn other_parameters_stay_in_the_link() {
    let (_, next) = turn("/p?displayName=A%20b&max=1&before", &items(0..2));
    assert!(
        next.unwrap()
            .starts_with("/p?displayName=A%20b&max=1&before&cursor=")
    );
}

#[test]
fn a_place_is_found_again_when_its_neighbours_are_gone() {
    let (_, next) = turn("/p", &items(0..7));
    let next = next.unwrap();
    assert_eq!(turn(&next, &items([0, 1, 3, 4, 5, 6])).0, [3, 4, 5]);
    assert_eq!(turn(&next, &items([0, 1, 2, 4, 5, 6])).0, [4, 5, 6]);
    assert_eq!(turn(&next, &items([3, 4, 5, 6])).0, [3, 4, 5]);
    assert_eq!(turn(&next, &[]), (vec![], None));
}

#[test]
fn with_both_neighbours_gone_the_time_of_creation_leads_on() {
    let mut all = items(0..7);
    for (second, item) in (0_i64..).zip(&mut all) {
        item.created = Timestamp::from_second(second).unwrap();
    }
    let (_, next) = turn("/p", &all);
    all.retain(|item| ![2, 3].contains(&item.id.as_bytes()[15]));
    assert_eq!(turn(&next.unwrap(), &all).0, [4, 5, 6]);
}

#[test]
fn max_is_a_number_of_at_least_one_and_clamped() {
    assert_eq!(max_of(""), Ok(3));
    assert_eq!(max_of("max="), Ok(3));
    assert_eq!(max_of("max=1"), Ok(1));
    assert_eq!(max_of("max=6"), Ok(5));
    assert_eq!(max_of("max=99999999999999999999999999"), Ok(5));
    for bad in ["0", "-1", "1.5", "many", "null", "%2B1"] {
        let error = max_of(&format!("max={bad}")).unwrap_err();
        assert!(matches!(error, ApiError::Invalid(_)), "{bad}");
    }
}

#[test]
fn a_cursor_that_was_not_given_out_is_refused() {
    for bad in ["x", "bGltaXQ9MQ", "%00"] {
        assert!(max_of(&format!("cursor={bad}")).is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn any_text_is_a_cursor_or_refused(text in "[ -~]{0,80}") {
        let _ = Cursor::decode(&text);
        let encoded = URL_SAFE_NO_PAD.encode(&text);
        let _ = Cursor::decode(&encoded);
    }

    #[test]
    fn what_stays_is_seen_and_nothing_comes_twice(
        max in 1_usize..5,
        gone in proptest::collection::vec(proptest::collection::hash_set(0_u8..20, 0..6), 8),
    ) {
        let (mut present, mut added, mut seen) = ((0_u8..20).collect::<Vec<_>>(), 20_u8, Vec::new());
        let mut removed = HashSet::new();
        let mut target = Some(format!("/p?max={max}"));
        let mut changes = gone.into_iter();
        while let Some(at) = target {
            let (page, next) = turn(&at, &items(present.iter().copied()));
            seen.extend(page);
            target = next;
            let Some(gone) = changes.next() else { continue };
            // The item after the page stays, so that the place can be told from the items alone.
            let after = present.iter().copied().find(|n| seen.last().is_none_or(|last| n > last));
            present.retain(|n| Some(*n) == after || !gone.contains(n));
            removed.extend(gone);
            present.push(added);
            added += 1;
        }
        let once: HashSet<_> = seen.iter().copied().collect();
        prop_assert_eq!(once.len(), seen.len());
        prop_assert!((0..20).filter(|n| !removed.contains(n)).all(|n| once.contains(&n)));
    }
}
