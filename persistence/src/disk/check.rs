//! Checks that all records are valid and consistent with each other.

use std::collections::BTreeSet;

use foldhash::{HashMap, HashSet};
use heed::RoTxn;

use super::fault::Fault;
use super::load;
use super::tables::Tables;
use crate::operation::EntryKey;
use crate::record::{EntryRecord, EntryState, MessageId, SessionId};
use crate::store::{Findings, Item};

/// The state of the check: the faults found so far, and the ids that later records refer to.
#[derive(Default)]
struct Check {
    findings: Findings,
    sessions: HashSet<SessionId>,
    /// The bodies, and the number of entries that refer to each.
    bodies: HashMap<MessageId, u32>,
    packet_ids: BTreeSet<(SessionId, u16)>,
}

/// Reads all records. An invalid record is one of the findings.
pub(super) fn check(tables: &Tables, txn: &RoTxn<'_>) -> Result<Findings, Fault> {
    let mut check = Check::default();
    for reader in load::table_readers(tables) {
        for row in reader.table.iter(txn)? {
            check.findings.records += 1;
            match reader.read(row?) {
                Ok(item) => check.check_item(&item),
                Err(corrupt) => check.findings.add(corrupt.to_string()),
            }
        }
    }
    Ok(check.finish())
}

impl Check {
    fn check_item(&mut self, item: &Item<'_>) {
        match item {
            Item::Session(id, _) => {
                self.sessions.insert(*id);
            }
            Item::Subscription(session, record) => {
                self.require_session(*session, &format!("subscription {}", record.filter))
            }
            Item::Message(id, _) => {
                self.bodies.insert(*id, 0);
            }
            Item::Entry(key, record) => self.check_entry(*key, record),
            Item::Received(session, id) => {
                self.require_session(*session, &format!("received packet id {id}"))
            }
            Item::Retained { .. } => {}
        }
    }

    fn check_entry(&mut self, key: EntryKey, record: &EntryRecord) {
        self.require_session(key.session, &format!("entry of message {}", key.message.0));
        if record.state.holds_body() {
            match self.bodies.get_mut(&key.message) {
                Some(count) => *count += 1,
                None => self.findings.add(format!("{key:?} refers to a message body that does not exist")),
            }
        }
        if let EntryState::Sent { packet_id } | EntryState::Released { packet_id, .. } = record.state
            && !self.packet_ids.insert((key.session, packet_id.get()))
        {
            self.findings.add(format!("session {} uses packet id {packet_id} twice", key.session.0));
        }
    }

    fn require_session(&mut self, session: SessionId, record: &str) {
        if !self.sessions.contains(&session) {
            self.findings.add(format!("{record} belongs to session {}, which does not exist", session.0));
        }
    }

    fn finish(mut self) -> Findings {
        let mut unreferenced: Vec<_> =
            self.bodies.iter().filter(|(_, count)| **count == 0).map(|(id, _)| id.0).collect();
        unreferenced.sort_unstable();
        for id in unreferenced {
            self.findings.add(format!("message body {id} has no entry"));
        }
        self.findings
    }
}
