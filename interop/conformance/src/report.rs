//! Reports the outcomes of a run: on the terminal, and as the tables in `docs/conformance/`.

use std::fs;
use std::path::PathBuf;

use tidegate_interop::toolbox;

use crate::counterpart::{KNOWN_TO_FAIL, KNOWN_TO_PASS};
use crate::runner::Outcome;
use crate::statement::Tables;

mod failures;
mod tables;

/// Prints the failed tests. Returns one line for each failed test.
pub(crate) fn print(outcomes: &[Outcome]) -> Vec<String> {
    let mut problems = Vec::new();
    for outcome in outcomes {
        if let Some(failure) = &outcome.failure {
            println!("FAILED {}\n      {failure}\n", outcome.title());
            problems.push(format!("failed: {}", outcome.title()));
        }
    }
    problems
}

/// Prints how many tests passed and failed.
pub(crate) fn print_count(outcomes: &[Outcome]) {
    let failed = outcomes.iter().filter(|outcome| outcome.failure.is_some()).count();
    println!("{} passed, {failed} failed", outcomes.len() - failed);
}

/// Writes the tables into `docs/conformance/`. Returns one line for each file that could not be written.
pub(crate) fn write(tables: &Tables, outcomes: &[Outcome]) -> Vec<String> {
    let write = |(file, text): (PathBuf, String)| match fs::write(&file, text) {
        Ok(()) => None,
        Err(error) => Some(format!("{}: {error}", file.display())),
    };
    tables::generate_pages(tables, outcomes, &pages_folder()).into_iter().filter_map(write).collect()
}

/// Compares the tables of this run with the files in `docs/conformance/`. Returns one line for each file that differs.
pub(crate) fn check(tables: &Tables, outcomes: &[Outcome]) -> Vec<String> {
    let is_out_of_date =
        |(file, text): &(PathBuf, String)| fs::read_to_string(file).ok().as_ref() != Some(text);
    let remedy = "cargo run -p tidegate-conformance -- --write-docs";
    let describe =
        |(file, _): (PathBuf, String)| format!("{} is out of date: run `{remedy}`", file.display());
    tables::generate_pages(tables, outcomes, &pages_folder())
        .into_iter()
        .filter(is_out_of_date)
        .map(describe)
        .collect()
}

/// Writes the table of the tests that another broker fails. These failures are expected. Returns one line for each
/// statement that the broker is known to break but whose tests passed, and for each statement that the broker is known
/// to follow but of which a test failed.
pub(crate) fn compare(tables: &Tables, outcomes: &[Outcome], label: &str) -> Vec<String> {
    let failed = failures::failures_by_id(outcomes);
    let not_found = KNOWN_TO_FAIL.iter().filter(|id| !failed.contains_key(**id));
    let mut problems: Vec<_> =
        not_found.map(|id| format!("{label} is known to break {id}, but no test failed")).collect();
    let unexpected = KNOWN_TO_PASS.iter().filter(|id| failed.contains_key(**id));
    problems.extend(unexpected.map(|id| format!("{label} is known to keep {id}, but a test of it failed")));
    if !problems.is_empty() {
        return problems;
    }
    let name = label.split_whitespace().next().unwrap_or_default().to_lowercase();
    let file = pages_folder().join(name).with_extension("md");
    if let Err(error) = fs::write(&file, failures::generate_page(tables, outcomes, label)) {
        problems.push(format!("{}: {error}", file.display()));
    }
    problems
}

/// Returns the key of the table row to which an id of a test belongs: `TRAP-12` for `TRAP5-12` and `TRAP3-12`, the id
/// itself for statements.
pub(crate) fn key(id: &str) -> String {
    match id.split_once('-') {
        Some((head, nr)) if head.starts_with("TRAP") => format!("TRAP-{nr}"),
        _ => id.to_owned(),
    }
}

fn pages_folder() -> PathBuf {
    toolbox::workspace().join("docs/conformance")
}
