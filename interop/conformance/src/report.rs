//! What a run says: on the terminal, and as the tables of `docs/conformance/`.

use std::fs;
use std::path::PathBuf;

use tidegate_interop::toolbox;

use crate::counterpart::{KNOWN_TO_FAIL, KNOWN_TO_PASS};
use crate::runner::Outcome;
use crate::statement::Tables;

mod failures;
mod tables;

/// Prints the failed tests; gives a line for each.
pub(crate) fn print(outcomes: &[Outcome]) -> Vec<String> {
    let mut faults = Vec::new();
    for outcome in outcomes {
        if let Some(failure) = &outcome.failure {
            println!("FAILED {}\n      {failure}\n", outcome.title());
            faults.push(format!("failed: {}", outcome.title()));
        }
    }
    faults
}

/// Prints how many tests passed and failed.
pub(crate) fn print_count(outcomes: &[Outcome]) {
    let failed = outcomes.iter().filter(|outcome| outcome.failure.is_some()).count();
    println!("{} passed, {failed} failed", outcomes.len() - failed);
}

/// Writes the tables; never fails but for the disk.
pub(crate) fn write(tables: &Tables, outcomes: &[Outcome]) -> Vec<String> {
    let write = |(file, text): (PathBuf, String)| match fs::write(&file, text) {
        Ok(()) => None,
        Err(error) => Some(format!("{}: {error}", file.display())),
    };
    tables::all(tables, outcomes, &folder()).into_iter().filter_map(write).collect()
}

/// Compares the tables with the files.
pub(crate) fn check(tables: &Tables, outcomes: &[Outcome]) -> Vec<String> {
    let stale = |(file, text): &(PathBuf, String)| fs::read_to_string(file).ok().as_ref() != Some(text);
    let remedy = "cargo run -p tidegate-conformance -- --write-docs";
    let tell = |(file, _): (PathBuf, String)| format!("{} is stale: run `{remedy}`", file.display());
    tables::all(tables, outcomes, &folder()).into_iter().filter(stale).map(tell).collect()
}

/// Writes the table of what another broker fails. Its failures are no faults, but that it does not fail where it is
/// known to: then the tests see nothing.
pub(crate) fn compare(tables: &Tables, outcomes: &[Outcome], label: &str) -> Vec<String> {
    let failed = failures::by_id(outcomes);
    let unseen = KNOWN_TO_FAIL.iter().filter(|id| !failed.contains_key(**id));
    let mut faults: Vec<_> = unseen.map(|id| format!("{label} fails {id}, which no test saw")).collect();
    let broken = KNOWN_TO_PASS.iter().filter(|id| failed.contains_key(**id));
    faults.extend(broken.map(|id| format!("{label} keeps {id}, and yet a test of it fails")));
    if !faults.is_empty() {
        return faults;
    }
    let name = label.split_whitespace().next().unwrap_or_default().to_lowercase();
    let file = folder().join(name).with_extension("md");
    if let Err(error) = fs::write(&file, failures::table(tables, outcomes, label)) {
        faults.push(format!("{}: {error}", file.display()));
    }
    faults
}

/// `TRAP5-12` and `TRAP3-12` are both of `TRAP-12`; statements are their own.
pub(crate) fn key(id: &str) -> String {
    match id.split_once('-') {
        Some((head, nr)) if head.starts_with("TRAP") => format!("TRAP-{nr}"),
        _ => id.to_owned(),
    }
}

fn folder() -> PathBuf {
    toolbox::workspace().join("docs/conformance")
}
