//! The statements of the standards, the traps, and the notes about statements and traps, read from the tables in
//! `statements/`.

use std::collections::HashMap;

use serde::Deserialize;

/// A normative statement of a standard.
#[derive(Debug, Deserialize)]
pub(crate) struct Statement {
    /// The number of the statement in the standard, with the version in front: `MQTT5-3.1.2-4`.
    pub(crate) id: String,
    /// The side that has to follow the statement: `client`, `server` or `both`.
    pub(crate) party: String,
    /// A short form of the statement's text.
    pub(crate) summary: String,
}

/// A trap: a point where brokers are known to go wrong, or where the standard leaves a choice.
#[derive(Debug, Deserialize)]
pub(crate) struct Trap {
    pub(crate) nr: u16,
    /// The protocol version in which the trap exists: `5`, `3.1.1` or `both`.
    version: String,
    /// The mistake that brokers make, or the choice.
    pub(crate) trap: String,
    /// What a broker has to do instead, or what Tidegate chooses.
    pub(crate) do_this: String,
}

/// A note about a statement or trap.
#[derive(Debug, Deserialize)]
pub(crate) struct Note {
    /// The id of the statement, or `TRAP-12` for a trap in all its versions, or `TRAP3-88` for a trap in one version.
    id: String,
    pub(crate) kind: NoteKind,
    pub(crate) text: String,
}

/// The kind of a note, which decides what its text explains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum NoteKind {
    /// The statement cannot be tested from outside the broker. The text says why, and how the statement is verified
    /// instead.
    Untestable,
    /// The suite's tests of the statement can only fail for other brokers. The text says where Tidegate is tested for
    /// the statement.
    Elsewhere,
    /// The statement leaves room for interpretation. The text says how the tests interpret it.
    Interpretation,
    /// The trap does not exist in the protocol version that the note's id names (`TRAP3-88`).
    Waived,
}

/// All tables of statements, traps and notes.
pub(crate) struct Tables {
    pub(crate) mqtt5: Vec<Statement>,
    pub(crate) mqtt311: Vec<Statement>,
    pub(crate) traps: Vec<Trap>,
    notes: HashMap<String, Note>,
    /// The ids that have more than one note.
    repeated_note_ids: Vec<String>,
}

impl Tables {
    /// Parses the tables that are compiled into this program.
    pub(crate) fn load() -> Self {
        let mut notes = HashMap::new();
        let mut repeated_note_ids = Vec::new();
        for note in NOTES.into_iter().flat_map(parse_rows::<Note>) {
            repeated_note_ids.extend(notes.insert(note.id.clone(), note).map(|former: Note| former.id));
        }
        Self {
            mqtt5: parse_statements(include_str!("../statements/mqtt5.csv"), "MQTT5"),
            mqtt311: parse_statements(include_str!("../statements/mqtt311.csv"), "MQTT3"),
            traps: parse_rows(include_str!("../statements/traps.csv")),
            notes,
            repeated_note_ids,
        }
    }

    pub(crate) fn note(&self, id: &str) -> Option<&Note> {
        self.notes.get(id)
    }

    /// Returns the reason why the statement or trap cannot be tested from outside, if it has a note that says so.
    pub(crate) fn untestable(&self, id: &str) -> Option<&str> {
        self.note(id).filter(|note| note.kind == NoteKind::Untestable).map(|note| note.text.as_str())
    }

    /// Returns whether a note says that the trap does not exist in the protocol version that `id` names.
    pub(crate) fn is_waived(&self, id: &str) -> bool {
        self.note(id).is_some_and(|note| note.kind == NoteKind::Waived)
    }

    /// Returns the ids of all statements and traps.
    pub(crate) fn ids(&self) -> Vec<String> {
        let statements = self.mqtt5.iter().chain(&self.mqtt311).map(|statement| statement.id.clone());
        statements.chain(self.traps.iter().map(|trap| trap.id())).collect()
    }

    /// Returns the ids of the notes about unknown statements or traps, and the ids that have more than one note.
    pub(crate) fn invalid_notes(&self) -> Vec<&str> {
        let mut ids = self.ids();
        ids.extend(self.traps.iter().flat_map(Trap::versioned_ids));
        let unknown = self.notes.keys().filter(|id| !ids.contains(id));
        unknown.chain(&self.repeated_note_ids).map(String::as_str).collect()
    }
}

impl Statement {
    /// Returns whether the statement applies to clients only.
    pub(crate) fn is_for_clients(&self) -> bool {
        self.party == "client"
    }
}

impl Trap {
    /// Returns the ids that tests have to cover: one for each protocol version in which the trap exists.
    pub(crate) fn versioned_ids(&self) -> Vec<String> {
        let digits: &[u8] = match self.version.as_str() {
            "5" => &[5],
            "3.1.1" => &[3],
            _ => &[3, 5],
        };
        digits.iter().map(|digit| format!("TRAP{digit}-{}", self.nr)).collect()
    }

    /// Returns the id without a version, `TRAP-12`. Tests use ids with a version, `TRAP5-12`.
    pub(crate) fn id(&self) -> String {
        format!("TRAP-{}", self.nr)
    }
}

fn parse_statements(text: &str, version: &str) -> Vec<Statement> {
    let mut statements: Vec<Statement> = parse_rows(text);
    for statement in &mut statements {
        statement.id = statement.id.replacen("MQTT", version, 1);
    }
    statements
}

/// The tables of notes, one for each area of the suite.
const NOTES: [&str; 3] = [
    include_str!("../statements/notes/connections.csv"),
    include_str!("../statements/notes/messages.csv"),
    include_str!("../statements/notes/subscriptions.csv"),
];

/// Parses the rows of a table with a header line.
pub(crate) fn parse_rows<R: for<'de> Deserialize<'de>>(text: &str) -> Vec<R> {
    csv::Reader::from_reader(text.as_bytes())
        .deserialize()
        .collect::<Result<_, _>>()
        .expect("a valid table in statements/")
}
