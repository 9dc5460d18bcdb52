//! A second implementation of topic names and topic filters, written only from sections 4.7 and 4.8 of MQTT 5. This
//! implementation is deliberately slow and different from the implementation in `tidegate-mqtt`.

const LENGTH_MAX: usize = 65_535;

pub(super) fn levels(text: &str) -> Vec<&str> {
    let mut levels = Vec::new();
    let mut start = 0;
    for (index, byte) in text.bytes().enumerate() {
        if byte == b'/' {
            levels.push(&text[start..index]);
            start = index + 1;
        }
    }
    levels.push(&text[start..]);
    levels
}

pub(super) fn is_name(text: &str) -> bool {
    (1..=LENGTH_MAX).contains(&text.len())
        && !text.chars().any(|character| matches!(character, '\0' | '+' | '#'))
}

/// Returns whether the text is a valid filter without a share name. A text that begins with `$share/` is not.
pub(super) fn is_filter(text: &str) -> bool {
    let levels = levels(text);
    let last = levels.len() - 1;
    let is_good = |(index, level): (usize, &&str)| match *level {
        "+" => true,
        "#" => index == last,
        other => !other.contains('+') && !other.contains('#'),
    };
    let is_shared = levels.len() > 1 && levels[0] == "$share";
    !is_shared
        && (1..=LENGTH_MAX).contains(&text.len())
        && !text.contains('\0')
        && levels.iter().enumerate().all(is_good)
}

/// Returns the share name, if there is one, and the filter of a valid subscription filter. Returns `None` if the text
/// is not valid.
pub(crate) fn subscription_filter(text: &str) -> Option<(Option<&str>, &str)> {
    if is_filter(text) {
        return Some((None, text));
    }
    let levels = levels(text);
    if text.len() > LENGTH_MAX || levels.len() < 3 || levels[0] != "$share" {
        return None;
    }
    let share = levels[1];
    let filter = &text["$share/".len() + share.len() + 1..];
    let share_is_good =
        !share.is_empty() && !share.chars().any(|character| matches!(character, '\0' | '+' | '#'));
    (share_is_good && is_filter(filter)).then_some((Some(share), filter))
}

/// Returns whether the filter matches the name. The filter and the name must be valid.
pub(crate) fn matches(filter: &str, name: &str) -> bool {
    let (filter, name) = (levels(filter), levels(name));
    let hidden = name[0].starts_with('$') && matches!(filter[0], "+" | "#");
    !hidden && levels_match(&filter, &name)
}

fn levels_match(filter: &[&str], name: &[&str]) -> bool {
    match (filter, name) {
        (["#"], _) => true,
        ([], []) => true,
        (["+", filter @ ..], [_, name @ ..]) => levels_match(filter, name),
        ([wanted, filter @ ..], [level, name @ ..]) => wanted == level && levels_match(filter, name),
        _ => false,
    }
}
