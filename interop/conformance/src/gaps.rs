//! Finds gaps in the coverage: statements and traps that have neither a test nor a note that says why, or that were not
//! tested over every transport.

use std::collections::{HashMap, HashSet};

use tidegate_interop::transport::Transport;

use crate::case::Case;
use crate::report::key;
use crate::runner::Outcome;
use crate::statement::Tables;
use crate::suite;

/// Returns one line for each gap. `complete_run` is true if all tests ran against Tidegate; the coverage is checked
/// only in this case.
pub(crate) fn find(
    tables: &Tables,
    cases: &[&'static Case],
    outcomes: &[Outcome],
    complete_run: bool,
) -> Vec<String> {
    let mut problems = Vec::new();
    let known: HashSet<String> = tables.ids().into_iter().collect();
    for id in cases.iter().flat_map(|case| case.covers) {
        if !is_versioned_id(id) || !known.contains(&key(id)) {
            problems.push(format!("a test covers an unknown statement: {id}"));
        }
    }
    problems.extend(
        tables.invalid_notes().into_iter().map(|id| {
            format!("a note about an unknown statement, or a second note about the same one: {id}")
        }),
    );
    let malformed = suite::inputs().len();
    if malformed < MALFORMED_MIN {
        problems.push(format!("only {malformed} malformed inputs, expected at least {MALFORMED_MIN}"));
    }
    if complete_run {
        problems.extend(not_covered(tables, &transports_by_id(outcomes)));
    }
    problems
}

/// Returns, for the id of each statement, and of each trap in each version, the transports over which it was tested.
fn transports_by_id(outcomes: &[Outcome]) -> HashMap<&'static str, HashSet<Transport>> {
    let mut transports: HashMap<_, HashSet<_>> = HashMap::new();
    for outcome in outcomes {
        for id in outcome.case.ids(outcome.version) {
            transports.entry(id).or_default().insert(outcome.transport);
        }
    }
    transports
}

fn not_covered(tables: &Tables, transports_by_id: &HashMap<&'static str, HashSet<Transport>>) -> Vec<String> {
    let mut problems = Vec::new();
    let statements =
        tables.mqtt5.iter().chain(&tables.mqtt311).filter(|statement| !statement.is_for_clients());
    let of_statements = statements.map(|statement| (statement.id.clone(), statement.id.clone()));
    let of_traps =
        tables.traps.iter().flat_map(|trap| trap.versioned_ids().into_iter().map(|id| (trap.id(), id)));
    for (note_id, id) in of_statements.chain(of_traps) {
        let transports = transports_by_id.get(id.as_str()).map_or(0, HashSet::len);
        let required = if is_about_web_socket(&id) { 2 } else { Transport::ALL.len() };
        match (tables.untestable(&note_id).is_some(), transports) {
            (true, 0) => {}
            (true, _) => problems.push(format!("has a test, and a note that says it cannot be tested: {id}")),
            (false, 0) if tables.is_waived(&id) => {}
            (false, 0) => problems.push(format!("has neither a test nor a note that says why: {id}")),
            (false, some) if some < required => {
                problems.push(format!("tested over {some} of {required} transports: {id}"))
            }
            (false, _) => {}
        }
    }
    problems
}

/// Returns whether the id has the form `MQTT5-…`, `MQTT3-…`, `TRAP5-…` or `TRAP3-…`.
fn is_versioned_id(id: &str) -> bool {
    ["MQTT5-", "MQTT3-", "TRAP5-", "TRAP3-"].iter().any(|head| id.starts_with(head))
}

/// Returns whether the statement or trap is about WebSocket. Rules about WebSocket are tested over two transports, `ws`
/// and `wss`.
fn is_about_web_socket(id: &str) -> bool {
    id.contains("-6.0.0-") || id.ends_with("-115") || id.ends_with("-68")
}

/// The smallest number of malformed inputs that the suite must have.
const MALFORMED_MIN: usize = 200;
