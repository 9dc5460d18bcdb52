//! Splits a filter into the steps from the root of the trie to the filter's node.

use smallvec::SmallVec;

/// One step of a filter's path; it follows one edge of the trie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FilterStep<'f> {
    /// The text of the levels; `+` for the wildcard.
    pub(super) text: &'f str,
    /// Number of levels; 0 for the wildcard.
    pub(super) length: usize,
}

impl FilterStep<'_> {
    pub(super) const fn is_plus(&self) -> bool {
        self.length == 0
    }
}

/// All steps of a filter.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FilterPath<'f> {
    pub(super) steps: SmallVec<[FilterStep<'f>; 8]>,
    /// Whether the filter ends with `#`.
    pub(super) is_multi_level: bool,
}

impl<'f> FilterPath<'f> {
    pub(super) fn from_filter(filter: &'f str) -> Self {
        let (filter, is_multi_level) = match filter.strip_suffix('#') {
            Some("") => return Self { steps: SmallVec::new(), is_multi_level: true },
            Some(parent) => (parent.strip_suffix('/').unwrap_or(parent), true),
            None => (filter, false),
        };
        let mut steps = SmallVec::new();
        let mut rest = Some(filter);
        while let Some(text) = rest {
            let (step, after) = first_step(text);
            steps.push(step);
            rest = after;
        }
        Self { steps, is_multi_level }
    }
}

/// Splits off the first step: one wildcard, or the longest run of literal levels. Also returns the text after the slash
/// that follows.
fn first_step(text: &str) -> (FilterStep<'_>, Option<&str>) {
    let end = run_end(text);
    let (run, after) = text.split_at_checked(end).unwrap_or((text, ""));
    if run.is_empty() && text.starts_with('+') {
        let (wildcard, after) = text.split_at_checked(1).unwrap_or((text, ""));
        return (FilterStep { text: wildcard, length: 0 }, after.strip_prefix('/'));
    }
    let length = 1 + run.bytes().filter(|byte| *byte == b'/').count();
    (FilterStep { text: run, length }, after.strip_prefix('/'))
}

/// Returns the offset of the end of the run of literal levels: before the first slash that is followed by `+`.
fn run_end(text: &str) -> usize {
    if text.starts_with('+') {
        return 0;
    }
    text.as_bytes().windows(2).position(|pair| pair == b"/+").unwrap_or(text.len())
}
