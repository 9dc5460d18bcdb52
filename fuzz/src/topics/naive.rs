//! A second implementation of topics, written from sections 4.7 and 4.8 alone. It is slow, and different on purpose.

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

/// Whether it is a valid filter without a share name. A text with the prefix of shared filters is not.
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

/// Share name and filter.
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

/// Whether the filter matches the name. Both are valid.
pub(crate) fn matches(filter: &str, name: &str) -> bool {
    let (filter, name) = (levels(filter), levels(name));
    let hidden = name[0].starts_with('$') && matches!(filter[0], "+" | "#");
    !hidden && below(&filter, &name)
}

fn below(filter: &[&str], name: &[&str]) -> bool {
    match (filter, name) {
        (["#"], _) => true,
        ([], []) => true,
        (["+", filter @ ..], [_, name @ ..]) => below(filter, name),
        ([wanted, filter @ ..], [level, name @ ..]) => wanted == level && below(filter, name),
        _ => false,
    }
}
