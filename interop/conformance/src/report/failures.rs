//! Generates the page with the tests that another broker fails.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::key;
use super::tables::escape_cell;
use crate::runner::Outcome;
use crate::statement::Tables;

/// Returns the ids of the statements and traps with a failed test, each with the path of the test and the start of its
/// failure message.
pub(super) fn failures_by_id(outcomes: &[Outcome]) -> BTreeMap<String, (String, String)> {
    let mut failed = BTreeMap::new();
    for outcome in outcomes {
        let Some(failure) = &outcome.failure else { continue };
        let message: String =
            failure.lines().next().unwrap_or_default().chars().take(MESSAGE_LEN_MAX).collect();
        for id in outcome.case.ids(outcome.version).map(key) {
            failed.entry(id).or_insert_with(|| (outcome.case.path(), message.clone()));
        }
    }
    failed
}

/// Returns the text of the page: an introduction and the table of failed tests.
pub(super) fn generate_page(tables: &Tables, outcomes: &[Outcome], label: &str) -> String {
    let failed = failures_by_id(outcomes);
    let tested: BTreeSet<_> =
        outcomes.iter().flat_map(|outcome| outcome.case.ids(outcome.version).map(key)).collect();
    let tests = outcomes.len();
    let tests_failed = outcomes.iter().filter(|outcome| outcome.failure.is_some()).count();
    let mut text = format!(
        "# {label}: failed tests\n\nThese are the results of running Tidegate's conformance suite against another \
         broker. They prove that its tests can\nfail. Tests that rely on a setting or a choice of Tidegate are \
         skipped. {tests_failed} of {tests} tests fail. They cover\n{} of the {} statements and traps that were \
         tested.\n\n\
         | statement | requirement | test | observed |\n\
         |---|---|---|---|\n",
        failed.len(),
        tested.len()
    );
    for (id, (path, message)) in &failed {
        let _ = writeln!(
            text,
            "| {id} | {} | `{path}` | {} |",
            escape_cell(&requirement(tables, id)),
            escape_cell(message)
        );
    }
    text
}

fn requirement(tables: &Tables, id: &str) -> String {
    let statement = tables.mqtt5.iter().chain(&tables.mqtt311).find(|statement| statement.id == *id);
    let trap = tables.traps.iter().find(|trap| trap.id() == id);
    statement
        .map(|statement| statement.summary.clone())
        .or(trap.map(|trap| trap.trap.clone()))
        .unwrap_or_default()
}

const MESSAGE_LEN_MAX: usize = 160;
