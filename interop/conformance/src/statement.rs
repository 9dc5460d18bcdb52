//! The statements of the standards and the traps of the field, from the tables in `statements/`.

use std::collections::HashMap;

use serde::Deserialize;

/// A normative statement.
#[derive(Debug, Deserialize)]
pub(crate) struct Statement {
    /// As the standard numbers it, with the version: `MQTT5-3.1.2-4`.
    pub(crate) id: String,
    /// Whom it binds: `client`, `server` or `both`.
    pub(crate) party: String,
    pub(crate) summary: String,
}

/// A point where brokers went wrong, or that the standard leaves open.
#[derive(Debug, Deserialize)]
pub(crate) struct Trap {
    pub(crate) nr: u16,
    pub(crate) trap: String,
    pub(crate) do_this: String,
}

/// A word about a statement or trap.
#[derive(Debug, Deserialize)]
pub(crate) struct Note {
    /// Of the statement, or `TRAP-12`.
    id: String,
    pub(crate) kind: NoteKind,
    pub(crate) text: String,
}

/// What the word is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum NoteKind {
    /// It cannot be seen from outside; the text says why, and what shows it instead.
    Untestable,
    /// How a statement that leaves room was read.
    Reading,
}

/// All tables.
pub(crate) struct Tables {
    pub(crate) mqtt5: Vec<Statement>,
    pub(crate) mqtt311: Vec<Statement>,
    pub(crate) traps: Vec<Trap>,
    notes: HashMap<String, Note>,
}

impl Tables {
    /// Reads the tables that this program was built with.
    pub(crate) fn load() -> Self {
        let notes = NOTES.into_iter().flat_map(rows::<Note>);
        Self {
            mqtt5: statements(include_str!("../statements/mqtt5.csv"), "MQTT5"),
            mqtt311: statements(include_str!("../statements/mqtt311.csv"), "MQTT3"),
            traps: rows(include_str!("../statements/traps.csv")),
            notes: notes.map(|note| (note.id.clone(), note)).collect(),
        }
    }

    pub(crate) fn note(&self, id: &str) -> Option<&Note> {
        self.notes.get(id)
    }

    /// Why it cannot be tested from outside, where that is so.
    pub(crate) fn untestable(&self, id: &str) -> Option<&str> {
        self.note(id).filter(|note| note.kind == NoteKind::Untestable).map(|note| note.text.as_str())
    }

    /// Every identifier that a note may be about, and a test may show.
    pub(crate) fn ids(&self) -> Vec<String> {
        let statements = self.mqtt5.iter().chain(&self.mqtt311).map(|statement| statement.id.clone());
        statements.chain(self.traps.iter().map(|trap| trap.id())).collect()
    }

    /// Notes about nothing.
    pub(crate) fn stray_notes(&self) -> Vec<&str> {
        let ids = self.ids();
        self.notes.keys().filter(|id| !ids.contains(id)).map(String::as_str).collect()
    }
}

impl Statement {
    /// Whether it binds clients alone.
    pub(crate) fn is_clients(&self) -> bool {
        self.party == "client"
    }
}

impl Trap {
    /// `TRAP-12`. Tests name the version as well: `TRAP5-12`.
    pub(crate) fn id(&self) -> String {
        format!("TRAP-{}", self.nr)
    }
}

fn statements(text: &str, version: &str) -> Vec<Statement> {
    let mut statements: Vec<Statement> = rows(text);
    for statement in &mut statements {
        statement.id = statement.id.replacen("MQTT", version, 1);
    }
    statements
}

/// One table an area of the suite.
const NOTES: [&str; 3] = [
    include_str!("../statements/notes/connections.csv"),
    include_str!("../statements/notes/messages.csv"),
    include_str!("../statements/notes/subscriptions.csv"),
];

/// The rows of a table with a header.
pub(crate) fn rows<R: for<'de> Deserialize<'de>>(text: &str) -> Vec<R> {
    csv::Reader::from_reader(text.as_bytes())
        .deserialize()
        .collect::<Result<_, _>>()
        .expect("a table of this program")
}
