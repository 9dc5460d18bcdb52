//! Generates the pages in `docs/conformance/`: tables with the columns statement, requirement, tests, transports and
//! result.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::key;
use crate::runner::Outcome;
use crate::statement::{NoteKind, Statement, Tables};
use crate::suite;

/// Returns the path of every generated page and its contents.
pub(super) fn generate_pages(tables: &Tables, outcomes: &[Outcome], folder: &Path) -> Vec<(PathBuf, String)> {
    vec![
        (folder.join("mqtt5.md"), statements("MQTT 5.0", &tables.mqtt5, tables, outcomes)),
        (folder.join("mqtt311.md"), statements("MQTT 3.1.1", &tables.mqtt311, tables, outcomes)),
        (folder.join("traps.md"), traps(tables, outcomes)),
        (folder.join("malformed.md"), malformed(outcomes)),
    ]
}

fn statements(version: &str, rows: &[Statement], tables: &Tables, outcomes: &[Outcome]) -> String {
    let mut text = format!("# {version}: every normative statement\n\n{GENERATED}");
    let mut counts = Counts::default();
    let mut lines = String::new();
    for row in rows {
        let cells = if row.is_for_clients() {
            counts.for_clients_only += 1;
            "applies to clients only | | ".to_owned()
        } else {
            counts.cells(&row.id, tables, outcomes)
        };
        let _ = writeln!(lines, "| {} | {} | {cells} |", row.id, escape_cell(&row.summary));
    }
    let Counts { passed, failed, untestable, for_clients_only } = counts;
    let _ = write!(
        text,
        "{} statements: {passed} covered by passing tests, {failed} by failing tests. {untestable} cannot be tested on \
         Tidegate from outside, and {for_clients_only} apply to clients only.\n\n\
         | statement | requirement | tests | transports | result |\n|---|---|---|---|---|\n{lines}",
        rows.len()
    );
    text
}

fn traps(tables: &Tables, outcomes: &[Outcome]) -> String {
    let mut counts = Counts::default();
    let mut lines = String::new();
    for trap in &tables.traps {
        let cells = counts.cells(&trap.id(), tables, outcomes);
        let _ = writeln!(
            lines,
            "| {} | {} | {} | {cells} |",
            trap.nr,
            escape_cell(&trap.trap),
            escape_cell(&trap.do_this)
        );
    }
    let Counts { passed, failed, untestable, .. } = counts;
    format!(
        "# Traps: mistakes that brokers make, and points that the standard leaves open\n\n{GENERATED}\
         {} traps: {passed} covered by passing tests, {failed} by failing tests, {untestable} verified in other \
         ways.\n\n\
         | nr | trap | rule | tests | transports | result |\n|---|---|---|---|---|---|\n{lines}",
        tables.traps.len()
    )
}

fn malformed(outcomes: &[Outcome]) -> String {
    let inputs = suite::inputs();
    let mut text = format!(
        "# {} malformed inputs\n\n{GENERATED}For each input, the broker has to close the connection that it came \
         on, and no other. The column `reasons` lists the\nreason codes that the broker may send before it closes, \
         the best first. Tidegate has to send the best one. An empty cell\nmeans that the broker must not send a \
         reason.\n\n\
         | input | version | sent | bytes | reasons | result |\n|---|---|---|---|---|---|\n",
        inputs.len()
    );
    for input in inputs {
        let of_input = outcomes.iter().filter(|outcome| outcome.case.name == input.title());
        let passed = of_input.clone().all(|outcome| outcome.failure.is_none()) && of_input.count() > 0;
        let result = if passed { "passed" } else { "**failed**" };
        let _ = writeln!(text, "| {} | {result} |", input.cells().map(|cell| escape_cell(&cell)).join(" | "));
    }
    text
}

#[derive(Default)]
struct Counts {
    passed: usize,
    failed: usize,
    untestable: usize,
    for_clients_only: usize,
}

impl Counts {
    /// Returns the cells `tests`, `transports` and `result` of the row with the given id, and counts the result.
    fn cells(&mut self, id: &str, tables: &Tables, outcomes: &[Outcome]) -> String {
        if let Some(reason) = tables.untestable(id) {
            self.untestable += 1;
            return format!("cannot be tested from outside: {} | | ", escape_cell(reason));
        }
        let shows = |outcome: &&Outcome| outcome.case.ids(outcome.version).any(|shown| key(shown) == id);
        let of_id: Vec<_> = outcomes.iter().filter(shows).collect();
        let mut tests = join_distinct(of_id.iter().map(|outcome| format!("`{}`", outcome.case.path())));
        if let Some(note) = tables.note(id) {
            tests = format!("{tests}<br>{}", escape_cell(&note.text));
        }
        let transports = join_distinct(of_id.iter().map(|outcome| outcome.transport.name().to_owned()));
        let passed = !of_id.is_empty() && of_id.iter().all(|outcome| outcome.failure.is_none());
        let elsewhere = tables.note(id).is_some_and(|note| note.kind == NoteKind::Elsewhere);
        let (result, count) = match (passed, elsewhere) {
            (false, _) => ("**failed**", &mut self.failed),
            (true, true) => ("verified elsewhere", &mut self.untestable),
            (true, false) => ("passed", &mut self.passed),
        };
        *count += 1;
        format!("{tests} | {transports} | {result}")
    }
}

/// Joins the distinct texts with commas, in the order of their first appearance.
fn join_distinct(texts: impl Iterator<Item = String>) -> String {
    let mut seen = Vec::new();
    for text in texts {
        if !seen.contains(&text) {
            seen.push(text);
        }
    }
    seen.join(", ")
}

/// Escapes text for a cell of a Markdown table.
pub(super) fn escape_cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;").replace('#', "\\#").replace('*', "\\*")
}

const GENERATED: &str = "Generated by `cargo run -p tidegate-conformance -- --write-docs` from a run of the tests in\n\
`interop/conformance/src/suite/` against the broker binary, over TCP, TLS, WebSocket, secure WebSocket and QUIC. A test\n\
is named by its file below that folder and its function.\n\n";
