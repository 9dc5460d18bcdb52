//! Finds the subscribers of a topic in the naive way: it compares the topic with every filter, level by level.

/// The topic filters of all peers.
#[derive(Debug, Default)]
pub(super) struct Filters {
    all: Vec<Filter>,
}

/// A topic filter and its subscribers: one peer, or the members of a shared subscription, which take turns.
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

    /// Calls `deliver` for each peer that receives a message on this topic.
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
    /// The topic filter without `$share` and the share name.
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

/// The prefix of the filter of a shared subscription.
const SHARE: &str = "$share/";
