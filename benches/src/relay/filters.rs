//! Who gets which topic, in the naive way: every filter is tried, level by level.

/// What the peers have subscribed to.
#[derive(Debug, Default)]
pub(super) struct Filters {
    all: Vec<Filter>,
}

/// A filter, and who takes turns in getting its messages: one peer, or the members of a share.
#[derive(Debug)]
struct Filter {
    text: String,
    members: Vec<usize>,
    turn: usize,
}

impl Filters {
    pub(super) fn add(&mut self, text: String, peer: usize) {
        let share = self.all.iter_mut().find(|filter| filter.text == text && text.starts_with(SHARE));
        match share {
            Some(share) => share.members.push(peer),
            None => self.all.push(Filter { text, members: vec![peer], turn: 0 }),
        }
    }

    pub(super) fn remove(&mut self, peer: usize) {
        for filter in &mut self.all {
            filter.members.retain(|member| *member != peer);
        }
        self.all.retain(|filter| !filter.members.is_empty());
    }

    /// Calls `deliver` for each peer whose turn it is.
    pub(super) fn for_each_receiver(&mut self, topic: &[u8], mut deliver: impl FnMut(usize)) {
        for filter in &mut self.all {
            if is_match(filter.pattern().as_bytes(), topic)
                && let Some(member) = filter.members.get(filter.turn % filter.members.len())
            {
                deliver(*member);
                filter.turn += 1;
            }
        }
    }
}

impl Filter {
    /// Without the share's name.
    fn pattern(&self) -> &str {
        let shared = self.text.strip_prefix(SHARE).and_then(|rest| rest.split_once('/'));
        shared.map_or(self.text.as_str(), |(_, pattern)| pattern)
    }
}

fn is_match(filter: &[u8], topic: &[u8]) -> bool {
    let mut names = topic.split(|byte| *byte == b'/');
    for level in filter.split(|byte| *byte == b'/') {
        match (level, names.next()) {
            (b"#", _) => return true,
            (b"+", Some(_)) => {}
            (literal, Some(name)) if literal == name => {}
            _ => return false,
        }
    }
    names.next().is_none()
}

/// What the filter of a shared subscription begins with.
const SHARE: &str = "$share/";
