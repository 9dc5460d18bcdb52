//! The tables of `docs/conformance/`: statement, what it demands, tests, transports, result.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::key;
use crate::runner::Outcome;
use crate::statement::{NoteKind, Statement, Tables};
use crate::suite;

/// Every file with its text.
pub(super) fn all(tables: &Tables, outcomes: &[Outcome], folder: &Path) -> Vec<(PathBuf, String)> {
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
        let cells = if row.is_clients() {
            counts.clients += 1;
            "binds clients | | ".to_owned()
        } else {
            counts.cells(&row.id, tables, outcomes)
        };
        let _ = writeln!(lines, "| {} | {} | {cells} |", row.id, escape(&row.summary));
    }
    let Counts { passed, failed, untestable, clients } = counts;
    let _ = write!(
        text,
        "{} statements: {passed} shown by tests that pass, {failed} by tests that fail, {untestable} that cannot be seen \
         from outside, {clients} that bind clients alone.\n\n\
         | statement | what it demands | tests | transports | result |\n|---|---|---|---|---|\n{lines}",
        rows.len()
    );
    text
}

fn traps(tables: &Tables, outcomes: &[Outcome]) -> String {
    let mut counts = Counts::default();
    let mut lines = String::new();
    for trap in &tables.traps {
        let cells = counts.cells(&trap.id(), tables, outcomes);
        let _ =
            writeln!(lines, "| {} | {} | {} | {cells} |", trap.nr, escape(&trap.trap), escape(&trap.do_this));
    }
    let Counts { passed, failed, untestable, .. } = counts;
    format!(
        "# Traps: where brokers go wrong, and what the standard leaves open\n\n{GENERATED}\
         {} traps: {passed} shown by tests that pass, {failed} by tests that fail, {untestable} shown otherwise.\n\n\
         | nr | trap | rule | tests | transports | result |\n|---|---|---|---|---|---|\n{lines}",
        tables.traps.len()
    )
}

fn malformed(outcomes: &[Outcome]) -> String {
    let inputs = suite::inputs();
    let mut text = format!(
        "# {} inputs that break the rules\n\n{GENERATED}Each ends its connection, and only its own. The reasons are those \
         that may be given before the end, the best\nfirst: Tidegate gives that one; none where nothing may be said.\n\n\
         | input | version | sent | bytes | reasons | result |\n|---|---|---|---|---|---|\n",
        inputs.len()
    );
    for input in inputs {
        let of_input = outcomes.iter().filter(|outcome| outcome.case.name == input.title());
        let passed = of_input.clone().all(|outcome| outcome.failure.is_none()) && of_input.count() > 0;
        let result = if passed { "passed" } else { "**failed**" };
        let _ = writeln!(text, "| {} | {result} |", input.cells().map(|cell| escape(&cell)).join(" | "));
    }
    text
}

#[derive(Default)]
struct Counts {
    passed: usize,
    failed: usize,
    untestable: usize,
    clients: usize,
}

impl Counts {
    /// The cells for tests, transports and result.
    fn cells(&mut self, id: &str, tables: &Tables, outcomes: &[Outcome]) -> String {
        if let Some(reason) = tables.untestable(id) {
            self.untestable += 1;
            return format!("not from outside: {} | | ", escape(reason));
        }
        let shows = |outcome: &&Outcome| outcome.case.ids(outcome.version).any(|shown| key(shown) == id);
        let of_id: Vec<_> = outcomes.iter().filter(shows).collect();
        let mut tests = distinct(of_id.iter().map(|outcome| format!("`{}`", outcome.case.path())));
        if let Some(note) = tables.note(id) {
            tests = format!("{tests}<br>{}", escape(&note.text));
        }
        let transports = distinct(of_id.iter().map(|outcome| outcome.transport.name().to_owned()));
        let passed = !of_id.is_empty() && of_id.iter().all(|outcome| outcome.failure.is_none());
        let elsewhere = tables.note(id).is_some_and(|note| note.kind == NoteKind::Elsewhere);
        let (result, count) = match (passed, elsewhere) {
            (false, _) => ("**failed**", &mut self.failed),
            (true, true) => ("shown elsewhere", &mut self.untestable),
            (true, false) => ("passed", &mut self.passed),
        };
        *count += 1;
        format!("{tests} | {transports} | {result}")
    }
}

/// Each once, in the order of their first.
fn distinct(texts: impl Iterator<Item = String>) -> String {
    let mut seen = Vec::new();
    for text in texts {
        if !seen.contains(&text) {
            seen.push(text);
        }
    }
    seen.join(", ")
}

/// Text for a cell of a table.
pub(super) fn escape(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;").replace('#', "\\#").replace('*', "\\*")
}

const GENERATED: &str = "Written by `cargo run -p tidegate-conformance -- --write-docs` from a run of the tests in\n\
`interop/conformance/src/suite/`, over TCP_ONLY, TLS, WebSocket, secure WebSocket and QUIC against the binary. A test is\n\
named by the file below that folder and its function.\n\n";
