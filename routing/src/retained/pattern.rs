//! Compares a filter with a key: whether the filter matches, and which later key is the next that could match.

use super::key::{SEPARATOR, levels};

/// The levels of a filter.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    levels: Vec<Level>,
    /// Whether the filter ends with `#`.
    is_multi_level: bool,
}

#[derive(Clone, Debug)]
enum Level {
    Literal(Box<[u8]>),
    /// `+`
    Any,
}

/// The result of comparing a key with the filter.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct KeyMatch {
    pub(super) matches: bool,
    pub(super) next: Next,
}

/// The key at which the search continues.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The search continues at the following key.
    Following,
    /// The search continues at the first key that is equal to or greater than this key.
    Seek(Vec<u8>),
    /// The search ends: no later key can match.
    Nothing,
}

impl Pattern {
    pub(super) fn from_filter(filter: &str) -> Self {
        let is_multi_level = filter == "#" || filter.ends_with("/#");
        let levels = filter.split('/').filter(|level| *level != "#").map(|level| match level {
            "+" => Level::Any,
            text => Level::Literal(text.as_bytes().into()),
        });
        Self { levels: levels.collect(), is_multi_level }
    }

    /// Returns the first level of the filter if it is literal (not a wildcard).
    pub(super) fn first_literal(&self) -> Option<&[u8]> {
        match self.levels.first()? {
            Level::Literal(text) => Some(text),
            Level::Any => None,
        }
    }

    /// Returns the first key that could match.
    pub(super) fn first_key(&self) -> Vec<u8> {
        let mut start = Vec::new();
        self.append_literals(&mut start, 0);
        start
    }

    /// Compares a key with the filter. The caller must pass keys in ascending order.
    pub(super) fn match_key(&self, key: &[u8]) -> KeyMatch {
        // [MQTT5-4.7.2-1] [MQTT3-4.7.2-1]
        if self.first_literal().is_none() && key.starts_with(b"$") {
            return KeyMatch { matches: false, next: Next::Seek(vec![b'$' + 1]) };
        }
        let (prefix, stop) = self.compare(key);
        let complete = prefix.level_count == self.levels.len();
        match stop {
            StopReason::Differs { level, wanted } => self.skip_difference(&prefix, key, level, wanted),
            // `a/#` also matches `a`, so the key may end at the parent level.
            StopReason::KeyIsLonger | StopReason::KeyEnds if self.is_multi_level && complete => {
                KeyMatch { matches: true, next: Next::Following }
            }
            StopReason::KeyEnds if complete => KeyMatch { matches: true, next: prefix.after_subtree(key) },
            StopReason::KeyEnds => {
                KeyMatch { matches: false, next: self.seek_below(key, prefix.level_count) }
            }
            StopReason::KeyIsLonger => KeyMatch { matches: false, next: prefix.after_subtree(key) },
        }
    }

    /// Compares the levels of the key with those of the filter until they differ or one of them ends.
    fn compare<'k>(&'k self, key: &'k [u8]) -> (MatchedPrefix, StopReason<'k>) {
        let mut prefix = MatchedPrefix::default();
        let mut wanted = self.levels.iter();
        for level in levels(key) {
            match wanted.next() {
                Some(Level::Any) => prefix.push_level(level, true),
                Some(Level::Literal(text)) if **text == *level => prefix.push_level(level, false),
                Some(Level::Literal(wanted)) => return (prefix, StopReason::Differs { level, wanted }),
                None => return (prefix, StopReason::KeyIsLonger),
            }
        }
        (prefix, StopReason::KeyEnds)
    }

    /// Returns where the search continues after a key whose `level` differs from the filter's literal level `wanted`.
    fn skip_difference(&self, prefix: &MatchedPrefix, key: &[u8], level: &[u8], wanted: &[u8]) -> KeyMatch {
        if level > wanted {
            return KeyMatch { matches: false, next: prefix.after_subtree(key) };
        }
        let mut target = key.get(..prefix.bytes).unwrap_or_default().to_vec();
        self.append_literals(&mut target, prefix.level_count);
        KeyMatch { matches: false, next: Next::Seek(target) }
    }

    /// Returns where the search continues after a key with too few levels: at the first key below it that could match.
    fn seek_below(&self, key: &[u8], level_count: usize) -> Next {
        let mut target = key.to_vec();
        self.append_literals(&mut target, level_count);
        Next::Seek(target)
    }

    /// Appends the literal levels from `level` up to the next wildcard. The separator before the wildcard is appended,
    /// the wildcard itself is not.
    fn append_literals(&self, target: &mut Vec<u8>, level: usize) {
        for (index, wanted) in self.levels.iter().enumerate().skip(level) {
            if index > 0 {
                target.push(SEPARATOR);
            }
            match wanted {
                Level::Literal(text) => target.extend_from_slice(text),
                Level::Any => break,
            }
        }
    }
}

/// Why the comparison of a key with the filter stopped.
enum StopReason<'k> {
    /// The key has `level` where the filter has the literal `wanted`.
    Differs { level: &'k [u8], wanted: &'k [u8] },
    /// The key has more levels than the filter.
    KeyIsLonger,
    /// The key has no more levels.
    KeyEnds,
}

/// The part of a key that agrees with the filter.
#[derive(Default)]
struct MatchedPrefix {
    /// Number of matching levels.
    level_count: usize,
    /// Length of the matching levels in bytes, including separators.
    bytes: usize,
    /// Offset of the end of the last level that matched a `+`.
    wildcard_end: Option<usize>,
}

impl MatchedPrefix {
    fn push_level(&mut self, level: &[u8], wildcard: bool) {
        self.bytes += usize::from(self.level_count > 0) + level.len();
        self.level_count += 1;
        if wildcard {
            self.wildcard_end = Some(self.bytes);
        }
    }

    /// Returns where the search continues if no other key can match that begins with the same levels as `key` up to the
    /// last level that matched a `+`.
    fn after_subtree(&self, key: &[u8]) -> Next {
        let Some(end) = self.wildcard_end else { return Next::Nothing };
        let mut target = key.get(..end).unwrap_or_default().to_vec();
        target.push(SEPARATOR + 1);
        Next::Seek(target)
    }
}
