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
    /// `5`, `3.1.1` or `both`.
    version: String,
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
    /// It has tests here, which only other brokers can fail; the text says what shows it of Tidegate.
    Elsewhere,
    /// How a statement that leaves room was read.
    Reading,
    /// A trap does not exist in one of its versions (`TRAP3-88`).
    Waived,
}

/// All tables.
pub(crate) struct Tables {
    pub(crate) mqtt5: Vec<Statement>,
    pub(crate) mqtt311: Vec<Statement>,
    pub(crate) traps: Vec<Trap>,
    notes: HashMap<String, Note>,
    /// Statements with more than one note.
    repeated: Vec<String>,
}

impl Tables {
    /// Reads the tables that this program was built with.
    pub(crate) fn load() -> Self {
        let mut notes = HashMap::new();
        let mut repeated = Vec::new();
        for note in NOTES.into_iter().flat_map(rows::<Note>) {
            repeated.extend(notes.insert(note.id.clone(), note).map(|former: Note| former.id));
        }
        Self {
            mqtt5: statements(include_str!("../statements/mqtt5.csv"), "MQTT5"),
            mqtt311: statements(include_str!("../statements/mqtt311.csv"), "MQTT3"),
            traps: rows(include_str!("../statements/traps.csv")),
            notes,
            repeated,
        }
    }

    pub(crate) fn note(&self, id: &str) -> Option<&Note> {
        self.notes.get(id)
    }

    /// Why it cannot be tested from outside, where that is so.
    pub(crate) fn untestable(&self, id: &str) -> Option<&str> {
        self.note(id).filter(|note| note.kind == NoteKind::Untestable).map(|note| note.text.as_str())
    }

    /// Whether a note says that the trap is none in that version.
    pub(crate) fn is_waived(&self, claim: &str) -> bool {
        self.note(claim).is_some_and(|note| note.kind == NoteKind::Waived)
    }

    /// Every identifier that a note may be about, and a test may show.
    pub(crate) fn ids(&self) -> Vec<String> {
        let statements = self.mqtt5.iter().chain(&self.mqtt311).map(|statement| statement.id.clone());
        statements.chain(self.traps.iter().map(|trap| trap.id())).collect()
    }

    /// Notes about nothing, and second notes.
    pub(crate) fn invalid_notes(&self) -> Vec<&str> {
        let mut ids = self.ids();
        ids.extend(self.traps.iter().flat_map(Trap::claims));
        let stray = self.notes.keys().filter(|id| !ids.contains(id));
        stray.chain(&self.repeated).map(String::as_str).collect()
    }
}

impl Statement {
    /// Whether it binds clients alone.
    pub(crate) fn is_clients(&self) -> bool {
        self.party == "client"
    }
}

impl Trap {
    /// What tests have to claim: the trap in each of its versions.
    pub(crate) fn claims(&self) -> Vec<String> {
        let digits: &[u8] = match self.version.as_str() {
            "5" => &[5],
            "3.1.1" => &[3],
            _ => &[3, 5],
        };
        digits.iter().map(|digit| format!("TRAP{digit}-{}", self.nr)).collect()
    }

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
