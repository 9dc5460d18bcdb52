//! Fuzz target that parses texts as topic names, topic filters and share names, and matches names with filters. The
//! target compares the results with those of `naive`.

pub(crate) mod naive;

use tidegate_mqtt::topic::{self, Filter, Name, SubscriptionFilter};

use crate::source::Source;

/// Runs one input, which chooses a few texts. The target parses each text in every way, and matches all filters with
/// all names.
///
/// # Panics
/// Panics if the results of `tidegate-mqtt` and those of `naive` differ.
pub fn run(bytes: &[u8]) {
    let mut source = Source::new(bytes);
    let mut texts = Vec::new();
    while !source.is_empty() && texts.len() < TEXTS_MAX {
        texts.push(text(&mut source));
    }
    for text in &texts {
        check_name(text);
        check_filter(text);
        check_subscription_filter(text);
    }
    for filter in texts.iter().filter(|text| naive::is_filter(text)) {
        for name in texts.iter().filter(|text| naive::is_name(text)) {
            let expected = naive::matches(filter, name);
            assert_eq!(topic::matches(filter, name), expected, "{filter:?} and {name:?}");
            let filter = Filter::parse(filter).expect("a valid filter");
            assert_eq!(filter.matches(name), expected);
        }
    }
}

fn check_name(text: &str) {
    let name = Name::parse(text);
    assert_eq!(name.is_ok(), naive::is_name(text), "{text:?} as a name: {name:?}");
    assert_eq!(topic::is_valid_name(text), name.is_ok());
    if let Ok(name) = name {
        assert_eq!(name.as_str(), text);
        assert_eq!(topic::levels(text).collect::<Vec<_>>(), naive::levels(text));
        assert!(!naive::is_filter(text) || topic::matches(text, text), "{text:?} does not match itself");
    }
}

fn check_filter(text: &str) {
    let filter = Filter::parse(text);
    assert_eq!(filter.is_ok(), naive::is_filter(text), "{text:?} as a filter: {filter:?}");
    if let Ok(filter) = filter {
        assert_eq!(filter.as_str(), text);
        assert_eq!(filter.has_wildcards(), text.bytes().any(|byte| byte == b'+' || byte == b'#'));
    }
}

fn check_subscription_filter(text: &str) {
    let parsed = SubscriptionFilter::parse(text);
    let expected = naive::subscription_filter(text);
    assert_eq!(parsed.is_ok(), expected.is_some(), "{text:?} as a subscription: {parsed:?}");
    if let (Ok(parsed), Some((share, filter))) = (parsed, expected) {
        assert_eq!(parsed.share.as_ref().map(|share| share.as_str()), share);
        assert_eq!(parsed.filter.as_str(), filter);
        assert_eq!(parsed.to_string(), text, "the text of a parsed filter");
    }
}

/// Returns a text that consists of a few topic levels, or of arbitrary characters.
fn text(source: &mut Source<'_>) -> String {
    if source.rarely(8) {
        let count = source.below(16);
        return String::from_utf8_lossy(source.take(count)).into_owned();
    }
    let prefix = source.pick(&["", "", "", "", "", "$share/", "$share/g/", "$SYS/"]);
    let levels: Vec<_> = (0..=source.below(4)).map(|_| source.pick(&LEVELS)).collect();
    let mut text = prefix.to_owned() + &levels.join("/");
    if source.rarely(250) && source.rarely(4) {
        text = text.repeat(LENGTH_ABOVE_MAX / text.len().max(1));
    }
    text
}

const LEVELS: [&str; 16] =
    ["a", "b", "ab", "", "+", "#", "+", "#", "a", "b", "$", "$SYS", "ñ", "a+", "#b", "\0"];

/// Length in bytes to which some texts are repeated, so that they exceed the maximum length of a topic.
const LENGTH_ABOVE_MAX: usize = 66_000;

const TEXTS_MAX: usize = 6;
