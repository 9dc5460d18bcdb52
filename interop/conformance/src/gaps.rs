//! What the suite does not show: statements and traps without test or reason, tests that ran nowhere.

use std::collections::{HashMap, HashSet};

use tidegate_interop::transport::Transport;

use crate::case::Case;
use crate::report::key;
use crate::runner::Outcome;
use crate::statement::Tables;
use crate::suite;

/// Every gap, in words. `complete_run`: the run was one over all that Tidegate offers.
pub(crate) fn find(
    tables: &Tables,
    cases: &[&'static Case],
    outcomes: &[Outcome],
    complete_run: bool,
) -> Vec<String> {
    let mut faults = Vec::new();
    let known: HashSet<String> = tables.ids().into_iter().collect();
    for id in cases.iter().flat_map(|case| case.covers) {
        if !is_claim(id) || !known.contains(&key(id)) {
            faults.push(format!("a test of an unknown statement: {id}"));
        }
    }
    faults.extend(
        tables
            .invalid_notes()
            .into_iter()
            .map(|id| format!("a note about an unknown statement, or a second one: {id}")),
    );
    let malformed = suite::inputs().len();
    if malformed < MALFORMED_MIN {
        faults.push(format!("only {malformed} malformed inputs"));
    }
    if complete_run {
        faults.extend(not_covered(tables, &transports_by_id(outcomes)));
    }
    faults
}

/// The transports over which each statement and each trap in a version was shown.
fn transports_by_id(outcomes: &[Outcome]) -> HashMap<&'static str, HashSet<Transport>> {
    let mut transports_by_id: HashMap<_, HashSet<_>> = HashMap::new();
    for outcome in outcomes {
        for id in outcome.case.ids(outcome.version) {
            transports_by_id.entry(id).or_default().insert(outcome.transport);
        }
    }
    transports_by_id
}

fn not_covered(tables: &Tables, transports_by_id: &HashMap<&'static str, HashSet<Transport>>) -> Vec<String> {
    let mut faults = Vec::new();
    let statements = tables.mqtt5.iter().chain(&tables.mqtt311).filter(|statement| !statement.is_clients());
    let of_statements = statements.map(|statement| (statement.id.clone(), statement.id.clone()));
    let of_traps =
        tables.traps.iter().flat_map(|trap| trap.claims().into_iter().map(|claim| (trap.id(), claim)));
    for (id, claim) in of_statements.chain(of_traps) {
        let transports = transports_by_id.get(claim.as_str()).map_or(0, HashSet::len);
        let wanted = if is_about_web_socket(&claim) { 2 } else { Transport::ALL.len() };
        match (tables.untestable(&id).is_some(), transports) {
            (true, 0) => {}
            (true, _) => faults.push(format!("a test, and a reason why there is none: {claim}")),
            (false, 0) if tables.is_waived(&claim) => {}
            (false, 0) => faults.push(format!("no test and no reason: {claim}")),
            (false, some) if some < wanted => {
                faults.push(format!("shown over {some} of {wanted} transports: {claim}"))
            }
            (false, _) => {}
        }
    }
    faults
}

/// `MQTT5-…`, `MQTT3-…`, `TRAP5-…` or `TRAP3-…`.
fn is_claim(id: &str) -> bool {
    ["MQTT5-", "MQTT3-", "TRAP5-", "TRAP3-"].iter().any(|head| id.starts_with(head))
}

/// Rules about WebSocket have two transports.
fn is_about_web_socket(claim: &str) -> bool {
    claim.contains("-6.0.0-") || claim.ends_with("-115") || claim.ends_with("-68")
}

/// Malformed inputs at least.
const MALFORMED_MIN: usize = 200;
