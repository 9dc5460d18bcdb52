//! A filter against one key: does it match, and if not, which is the next key that could?

use super::key::{SEPARATOR, levels};

/// A filter's levels.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    levels: Vec<Level>,
    /// Ends with `#`.
    multi_level: bool,
}

#[derive(Clone, Debug)]
enum Level {
    Literal(Box<[u8]>),
    /// `+`
    Any,
}

/// What a key is to the filter.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct KeyMatch {
    pub(super) matches: bool,
    pub(super) next: Next,
}

/// Where to look next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// At the key that follows.
    Following,
    /// At the first key that is not below this one.
    Seek(Vec<u8>),
    /// Nowhere: no later key can match.
    Nothing,
}

impl Pattern {
    pub(super) fn of(filter: &str) -> Self {
        let multi_level = filter == "#" || filter.ends_with("/#");
        let levels = filter.split('/').filter(|level| *level != "#").map(|level| match level {
            "+" => Level::Any,
            text => Level::Literal(text.as_bytes().into()),
        });
        Self { levels: levels.collect(), multi_level }
    }

    /// The first level, if only one text can stand there.
    pub(super) fn first(&self) -> Option<&[u8]> {
        match self.levels.first()? {
            Level::Literal(text) => Some(text),
            Level::Any => None,
        }
    }

    /// The first key that could match.
    pub(super) fn start(&self) -> Vec<u8> {
        let mut start = Vec::new();
        self.append_literals(&mut start, 0);
        start
    }

    /// Judges a key. Keys are asked for in ascending order.
    pub(super) fn match_key(&self, key: &[u8]) -> KeyMatch {
        // [MQTT5-4.7.2-1] [MQTT3-4.7.2-1]
        if self.first().is_none() && key.starts_with(b"$") {
            return KeyMatch { matches: false, next: Next::Seek(vec![b'$' + 1]) };
        }
        let (prefix, stop) = self.compare(key);
        let complete = prefix.level_count == self.levels.len();
        match stop {
            Stop::Differs { level, wanted } => self.miss(&prefix, key, level, wanted),
            // `a/#` matches `a` as well: the end of the key will do.
            Stop::KeyIsLonger | Stop::KeyEnds if self.multi_level && complete => {
                KeyMatch { matches: true, next: Next::Following }
            }
            Stop::KeyEnds if complete => KeyMatch { matches: true, next: prefix.after_subtree(key) },
            Stop::KeyEnds => KeyMatch { matches: false, next: self.seek_below(key, prefix.level_count) },
            Stop::KeyIsLonger => KeyMatch { matches: false, next: prefix.after_subtree(key) },
        }
    }

    /// Goes along the key for as long as its levels are those of the filter.
    fn compare<'k>(&'k self, key: &'k [u8]) -> (MatchedPrefix, Stop<'k>) {
        let mut prefix = MatchedPrefix::default();
        let mut wanted = self.levels.iter();
        for level in levels(key) {
            match wanted.next() {
                Some(Level::Any) => prefix.pass(level, true),
                Some(Level::Literal(text)) if **text == *level => prefix.pass(level, false),
                Some(Level::Literal(wanted)) => return (prefix, Stop::Differs { level, wanted }),
                None => return (prefix, Stop::KeyIsLonger),
            }
        }
        (prefix, Stop::KeyEnds)
    }

    /// The key has another text than the filter where `level` stands.
    fn miss(&self, prefix: &MatchedPrefix, key: &[u8], level: &[u8], wanted: &[u8]) -> KeyMatch {
        if level > wanted {
            return KeyMatch { matches: false, next: prefix.after_subtree(key) };
        }
        let mut target = key.get(..prefix.bytes).unwrap_or_default().to_vec();
        self.append_literals(&mut target, prefix.level_count);
        KeyMatch { matches: false, next: Next::Seek(target) }
    }

    /// The key ends too early: what could match is below it.
    fn seek_below(&self, key: &[u8], level_count: usize) -> Next {
        let mut target = key.to_vec();
        self.append_literals(&mut target, level_count);
        Next::Seek(target)
    }

    /// Appends the literal levels from `level` on, up to the next wildcard; of a wildcard, the separator before it.
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

/// Why a key goes no further along with the filter.
enum Stop<'k> {
    /// It has `level` where the filter has another text.
    Differs { level: &'k [u8], wanted: &'k [u8] },
    /// It has more levels than the filter.
    KeyIsLonger,
    /// It has no more levels.
    KeyEnds,
}

/// How far a key went along with the filter.
#[derive(Default)]
struct MatchedPrefix {
    /// Levels that agreed.
    level_count: usize,
    /// Bytes of them, separators included.
    bytes: usize,
    /// Bytes up to the end of the last one that met a wildcard.
    wildcard_end: Option<usize>,
}

impl MatchedPrefix {
    fn pass(&mut self, level: &[u8], wildcard: bool) {
        self.bytes += usize::from(self.level_count > 0) + level.len();
        self.level_count += 1;
        if wildcard {
            self.wildcard_end = Some(self.bytes);
        }
    }

    /// Behind everything that begins like `key` up to its last level under a wildcard.
    fn after_subtree(&self, key: &[u8]) -> Next {
        let Some(end) = self.wildcard_end else { return Next::Nothing };
        let mut target = key.get(..end).unwrap_or_default().to_vec();
        target.push(SEPARATOR + 1);
        Next::Seek(target)
    }
}
