//! Finds the subscribers of a topic by comparing the topic with every filter, level by level.

/// The topic filters of all peers.
#[derive(Debug, Default)]
pub(super) struct Filters {
    filters: Vec<Filter>,
}

/// A topic filter and its subscribers: one peer, or the members of a shared subscription, which take turns.
#[derive(Debug)]
struct Filter {
    text: String,
    members: Vec<usize>,
    /// Number of messages sent so far. Modulo the number of members, it is the index of the next receiver.
    next_member: usize,
}

impl Filters {
    pub(super) fn add(&mut self, text: String, peer: usize) {
        let share = self.filters.iter_mut().find(|filter| filter.text == text && text.starts_with(SHARE));
        match share {
            Some(share) => share.members.push(peer),
            None => self.filters.push(Filter { text, members: vec![peer], next_member: 0 }),
        }
    }

    pub(super) fn remove(&mut self, peer: usize) {
        for filter in &mut self.filters {
            filter.members.retain(|member| *member != peer);
        }
        self.filters.retain(|filter| !filter.members.is_empty());
    }

    /// Calls `deliver` for each peer that receives a message on this topic.
    pub(super) fn for_each_receiver(&mut self, topic: &[u8], mut deliver: impl FnMut(usize)) {
        for filter in &mut self.filters {
            if is_match(filter.pattern().as_bytes(), topic)
                && let Some(member) = filter.members.get(filter.next_member % filter.members.len())
            {
                deliver(*member);
                filter.next_member += 1;
            }
        }
    }
}

impl Filter {
    /// Returns the topic filter without `$share` and the share name.
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
