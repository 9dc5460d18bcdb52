//! Tests of topic names, filters and matching.

use super::{Filter, Name, ShareName, SubscriptionFilter, TopicError, is_valid_name, levels, matches};

#[test]
fn invalid_topic_names_are_refused_with_the_right_error() {
    let long = "x".repeat(65_536);
    let cases = [
        ("", TopicError::Empty),
        ("a/+", TopicError::WildcardInName),
        ("a#", TopicError::WildcardInName),
        ("a\0b", TopicError::Nul),
        ("+\0", TopicError::Nul),
        (long.as_str(), TopicError::TooLong),
    ];
    for (text, error) in cases {
        assert_eq!(Name::parse(text), Err(error), "{text:.20}");
        assert!(!is_valid_name(text));
    }
    for text in ["/", "a", "a//b", "$SYS/x", "\u{feff}a", "ü/日本", "a b", "$share/g/t", &long[1..]] {
        assert_eq!(Name::parse(text).unwrap().as_str(), text);
    }
}

#[test]
fn invalid_topic_filters_are_refused_with_the_right_error() {
    let cases = [
        ("", TopicError::Empty),
        ("a\0", TopicError::Nul),
        ("a+", TopicError::SingleLevelWildcard),
        ("+a/b", TopicError::SingleLevelWildcard),
        ("a/++", TopicError::SingleLevelWildcard),
        ("a#", TopicError::MultiLevelWildcard),
        ("#/a", TopicError::MultiLevelWildcard),
        ("a/#/b", TopicError::MultiLevelWildcard),
        ("a/#/", TopicError::MultiLevelWildcard),
        ("##", TopicError::MultiLevelWildcard),
        ("$share/g/t", TopicError::ShareFilter),
    ];
    for (text, error) in cases {
        assert_eq!(Filter::parse(text), Err(error), "{text}");
    }
    for text in ["#", "+", "a/#", "a/+/b", "+/+", "/", "+/#", "//#", "$share", "$SYS/#", "a b"] {
        assert_eq!(Filter::parse(text).unwrap().as_str(), text);
    }
}

#[test]
fn shared_filters_are_parsed_and_printed_back() {
    let shared = SubscriptionFilter::parse("$share/g//t").unwrap();
    assert_eq!(shared.share, Some(ShareName::parse("g").unwrap()));
    assert_eq!(shared.filter.as_str(), "/t");
    for text in ["$share/g/#", "$share/g/a/+", "a/#", "$share"] {
        assert_eq!(SubscriptionFilter::parse(text).unwrap().to_string(), text);
    }
    let cases = [
        ("$share/", TopicError::ShareName),
        ("$share//t", TopicError::ShareName),
        ("$share/g+/t", TopicError::ShareName),
        ("$share/#/t", TopicError::ShareName),
        ("$share/g", TopicError::ShareFilter),
        ("$share/g/", TopicError::ShareFilter),
        ("$share/g/$share/h/t", TopicError::ShareFilter),
        ("$share/g/a#", TopicError::MultiLevelWildcard),
    ];
    for (text, error) in cases {
        assert_eq!(SubscriptionFilter::parse(text), Err(error), "{text}");
    }
}

#[test]
fn matching_follows_the_examples_of_the_specification() {
    let yes = [
        ("a/#", "a"),
        ("a/#", "a/"),
        ("a/#", "a/b/c"),
        ("+/#", "a"),
        ("#", "a"),
        ("#", "/"),
        ("+", "a"),
        ("a/+", "a/"),
        ("+/+", "/a"),
        ("/+", "/a"),
        ("$SYS/#", "$SYS/x"),
        ("$SYS/+", "$SYS/x"),
        ("a/+/c", "a/b/c"),
    ];
    for (filter, name) in yes {
        assert!(matches(filter, name), "{filter} {name}");
    }
    let no = [
        ("a/+", "a"),
        ("a/+", "a/b/c"),
        ("+", "/a"),
        ("a", "b"),
        ("a", "a/b"),
        ("a/b", "a"),
        ("A", "a"),
        ("#", "$SYS"),
        ("+/x", "$SYS/x"),
        ("#", "$SYS/x"),
        ("\u{feff}a", "a"),
        ("/a", "a"),
    ];
    for (filter, name) in no {
        assert!(!matches(filter, name), "{filter} {name}");
    }
}

#[test]
fn empty_topic_levels_are_kept() {
    assert_eq!(levels("/a//b/").collect::<Vec<_>>(), ["", "a", "", "b", ""]);
}

/// For every text of up to six characters from a small set, compares the check with the rule, applied level by level.
#[test]
fn wildcards_must_fill_their_level() {
    let mut texts = vec![String::new()];
    let mut from = 0;
    for _ in 0..6 {
        let longer: Vec<_> = texts[from..]
            .iter()
            .flat_map(|text| ["a", "/", "+", "#"].map(|more| format!("{text}{more}")))
            .collect();
        from = texts.len();
        texts.extend(longer);
    }
    for text in &texts[1..] {
        let all: Vec<_> = levels(text).collect();
        let good = |(at, level): (usize, &&str)| match *level {
            "#" => at + 1 == all.len(),
            "+" => true,
            other => !other.contains(['+', '#']),
        };
        assert_eq!(Filter::parse(text).is_ok(), all.iter().enumerate().all(good), "{text}");
    }
}
