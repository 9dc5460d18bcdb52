//! The table of what another broker fails.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::key;
use super::tables::escape;
use crate::runner::Outcome;
use crate::statement::Tables;

/// Statements and traps of which a test failed, with the path of the test and the first words of the failure.
pub(super) fn by_id(outcomes: &[Outcome]) -> BTreeMap<String, (String, String)> {
    let mut failed = BTreeMap::new();
    for outcome in outcomes {
        let Some(failure) = &outcome.failure else { continue };
        let words: String = failure.lines().next().unwrap_or_default().chars().take(WORDS_MAX).collect();
        for id in outcome.case.ids(outcome.version).map(key) {
            failed.entry(id).or_insert_with(|| (outcome.case.path(), words.clone()));
        }
    }
    failed
}

/// The table as a page.
pub(super) fn table(tables: &Tables, outcomes: &[Outcome], label: &str) -> String {
    let failed = by_id(outcomes);
    let shown: BTreeSet<_> =
        outcomes.iter().flat_map(|outcome| outcome.case.ids(outcome.version).map(key)).collect();
    let tests = outcomes.len();
    let tests_failed = outcomes.iter().filter(|outcome| outcome.failure.is_some()).count();
    let mut text = format!(
        "# {label}: what it fails\n\nThe suite that Tidegate is held to, run against another broker, as a proof that its \
         tests can fail. Tests that\nneed a broker_config of Tidegate's own are left out. {tests_failed} of {tests} tests fail; \
         {} of the {} statements and traps\nthat they show.\n\n| statement | what it demands | test | what was seen |\n\
         |---|---|---|---|\n",
        failed.len(),
        shown.len()
    );
    for (id, (path, words)) in &failed {
        let _ = writeln!(text, "| {id} | {} | `{path}` | {} |", escape(&demand(tables, id)), escape(words));
    }
    text
}

fn demand(tables: &Tables, id: &str) -> String {
    let statement = tables.mqtt5.iter().chain(&tables.mqtt311).find(|statement| statement.id == *id);
    let trap = tables.traps.iter().find(|trap| trap.id() == id);
    statement
        .map(|statement| statement.summary.clone())
        .or(trap.map(|trap| trap.trap.clone()))
        .unwrap_or_default()
}

const WORDS_MAX: usize = 160;
