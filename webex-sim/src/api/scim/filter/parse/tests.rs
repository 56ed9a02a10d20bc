//! Filters as people write them, and any text.

use proptest::prelude::*;

use super::*;

#[track_caller]
fn rewritten(text: &str) -> String {
    Filter::parse(text).unwrap().to_string()
}

#[test]
fn the_examples_of_the_rfc_and_of_webex_are_read() {
    let same = [
        r#"userName eq "bjensen""#,
        r#"name.familyName co "O'Malley""#,
        r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J""#,
        "title pr",
        r#"meta.lastModified gt "2011-05-13T04:42:34Z""#,
        r#"title pr and userType eq "Employee""#,
        r#"userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")"#,
        r#"userType ne "Employee" and not (emails co "example.com")"#,
        r#"userType eq "Employee" and emails[type eq "work" and value co "@example.com"]"#,
        r#"emails[type eq "work"] or ims[type eq "xmpp"]"#,
        r#"urn:scim:schemas:extension:cisco:webexidentity:2.0:User:meta.organizationId eq "0ae8""#,
        "a eq 1 or b ge -2.5 and c le true or d lt null",
    ];
    for text in same {
        assert_eq!(rewritten(text), text);
    }
}

#[test]
fn spaces_case_and_needless_parentheses_do_not_matter() {
    let table = [
        (
            r#"userName Eq "a" OR userName EQ "b""#,
            r#"userName eq "a" or userName eq "b""#,
        ),
        (
            r#"phoneNumbers [ type eq "mobile" and value eq "14170120"]"#,
            r#"phoneNumbers[type eq "mobile" and value eq "14170120"]"#,
        ),
        ("  ( ( title   PR ) ) ", "title pr"),
        ("NOT(title pr)", "not (title pr)"),
        ("not eq 1", "not eq 1"),
        (r#"a eq "\u0041\"(""#, r#"a eq "A\"(""#),
        ("a pr or b pr and c pr", "a pr or b pr and c pr"),
        ("(a pr or b pr) and c pr", "(a pr or b pr) and c pr"),
    ];
    for (text, written) in table {
        assert_eq!(rewritten(text), written, "{text}");
    }
}

#[test]
fn and_binds_closer_than_or() {
    let name = |name: &str| Filter::Present(AttributePath::parse(name).unwrap());
    let filter = Filter::parse("a pr or b pr and c pr").unwrap();
    assert_eq!(
        filter,
        Filter::Or(vec![name("a"), Filter::And(vec![name("b"), name("c")])])
    );
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let value = "expected a value: \"text\" in double quotes, a number, true, false or null at character";
    let table = [
        ("", "expected the name of an attribute at character 1".to_owned()),
        ("userName", "expected an operator at character 9".to_owned()),
        (
            "userName is \"a\"",
            "expected an operator at character 10".to_owned(),
        ),
        ("userName eq", format!("{value} 12")),
        ("userName eq a", format!("{value} 13")),
        ("userName eq \"a", format!("{value} 13")),
        ("userName eq {}", format!("{value} 13")),
        (
            "userName eq \"ä\" x",
            "expected \"and\", \"or\" or the end at character 17".to_owned(),
        ),
        ("(title pr", "expected \")\" at character 10".to_owned()),
        ("emails[type pr", "expected \"]\" at character 15".to_owned()),
        (
            "a[b[c pr]]",
            "expected no bracket inside brackets at character 5".to_owned(),
        ),
        (
            "title pr and",
            "expected the name of an attribute at character 13".to_owned(),
        ),
        (
            "title pr)",
            "expected \"and\", \"or\" or the end at character 9".to_owned(),
        ),
        (
            "1a pr",
            "expected the name of an attribute at character 1".to_owned(),
        ),
        (
            "a.b.c pr",
            "expected the name of an attribute at character 1".to_owned(),
        ),
        (
            "x:y pr",
            "expected the name of an attribute at character 1".to_owned(),
        ),
    ];
    for (text, error) in table {
        assert_eq!(Filter::parse(text).unwrap_err().to_string(), error, "{text}");
    }
}

#[test]
fn very_deep_nesting_is_refused_and_long_chains_are_not() {
    let deep = |n| format!("{}title pr{}", "(".repeat(n), ")".repeat(n));
    assert!(Filter::parse(&deep(DEEPEST)).is_ok());
    assert!(Filter::parse(&deep(DEEPEST + 1)).is_err());
    assert!(Filter::parse(&"not (".repeat(100_000)).is_err());
    let long = vec!["title pr"; 10_000].join(" or ");
    assert_eq!(rewritten(&long), long);
}

#[test]
fn paths_of_patch_are_read() {
    let read = |text| {
        PathText::parse(text).map(|path| {
            let filter = path.filter.map(|filter| filter.to_string());
            (path.path.to_string(), filter, path.sub)
        })
    };
    let filter = Some(r#"type eq "work""#.to_owned());
    assert_eq!(read("members"), Ok(("members".to_owned(), None, None)));
    assert_eq!(
        read("name.familyName"),
        Ok(("name.familyName".to_owned(), None, None))
    );
    assert_eq!(
        read(r#"addresses[type eq "work"]"#),
        Ok(("addresses".to_owned(), filter.clone(), None))
    );
    assert_eq!(
        read(r#"emails[type eq "work"].value"#),
        Ok(("emails".to_owned(), filter, Some("value".to_owned())))
    );
    for text in ["", "a b", "a[b pr].", "a[b pr].c.d", "a[b pr]c", "a..b", "[a pr]"] {
        assert_eq!(read(text), Err(None), "{text}");
    }
    for text in ["a[", "a[]", "a[b pr", "a[b is 1]"] {
        assert!(matches!(read(text), Err(Some(_))), "{text}");
    }
}

fn paths() -> impl Strategy<Value = AttributePath> {
    let urn = proptest::option::of(Just("urn:ietf:params:scim:schemas:core:2.0:User".to_owned()));
    let name = "[a-zA-Z$][a-zA-Z0-9_-]{0,6}";
    (urn, name, proptest::option::of(name)).prop_map(|(urn, name, sub)| AttributePath { urn, name, sub })
}

fn filters(within: bool) -> BoxedStrategy<Filter> {
    let values = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
        Just(Value::Null),
    ];
    let operators = proptest::sample::select(Operator::ALL.to_vec());
    let leaf = prop_oneof![
        paths().prop_map(Filter::Present),
        (paths(), operators, values)
            .prop_map(|(path, operator, value)| Filter::Compare(path, operator, value)),
    ];
    let leaf = match within {
        true => leaf.boxed(),
        false => prop_oneof![
            leaf,
            (paths(), filters(true)).prop_map(|(path, filter)| Filter::Within(path, Box::new(filter)))
        ]
        .boxed(),
    };
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|filter| Filter::Not(Box::new(filter))),
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Filter::And),
            proptest::collection::vec(inner, 2..4).prop_map(Filter::Or),
        ]
    })
    .boxed()
}

proptest! {
    #[test]
    fn what_is_written_reads_back(filter in filters(false)) {
        prop_assert_eq!(Filter::parse(&filter.to_string()), Ok(filter));
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,60}") {
        let _ = Filter::parse(&text);
        let _ = PathText::parse(&text);
    }

    #[test]
    fn what_looks_like_a_filter_is_read_or_refused(
        parts in proptest::collection::vec(
            proptest::sample::select(vec!["userName", "eq", "\"a\"", "(", ")", "[", "]", "and", "or", "not", "pr", " ", ".", "\"", "\\", "é"]),
            0..16,
        )
    ) {
        let text = parts.concat();
        if let Ok(filter) = Filter::parse(&text) {
            prop_assert_eq!(Filter::parse(&filter.to_string()), Ok(filter));
        }
        let _ = PathText::parse(&text);
    }
}
