//! Another process that reads a store and does as it is told, a line each.

use std::io::{BufRead, BufReader, Write, stdin, stdout};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use tidegate_persistence::ReadOnly;

/// That process; killed when dropped.
pub struct Reader {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<std::process::ChildStdout>,
}

impl Reader {
    /// Opens the store in that folder.
    pub fn start(folder: &Path) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "read_only::other_process::reader", "--ignored", "--nocapture"]);
        command.env("READER_FOLDER", folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (orders, answers) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut reader = Self { child, orders, answers };
        assert_eq!(reader.answer(), "open");
        reader
    }

    /// Orders something; see [`reader`].
    pub fn order(&mut self, order: &str) {
        writeln!(self.orders, "{order}").unwrap();
    }

    /// The next answer.
    pub fn answer(&mut self) -> String {
        loop {
            let mut line = String::new();
            assert_ne!(self.answers.read_line(&mut line).unwrap(), 0, "the other process ended");
            // The test's own output stands around, also before the first answer on its line.
            if let Some((_, answer)) = line.trim_end().split_once("answer: ") {
                return answer.to_owned();
            }
        }
    }

    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[ignore = "the other process of the tests beside it"]
#[test]
fn reader() {
    let Some(folder) = std::env::var_os("READER_FOLDER") else { return };
    let mut store = ReadOnly::open(Path::new(&folder)).unwrap();
    answer("open");
    while let Some(order) = next_order() {
        let mut words = order.split(' ');
        match (words.next().unwrap(), words.next()) {
            ("check", _) => match store.check() {
                Ok(findings) => answer(&format!("{} records, {:?}", findings.records, findings.faults)),
                Err(error) => answer(&error.to_string()),
            },
            ("copy", Some(place)) => match store.copy_to(Path::new(place)) {
                Ok(written) => answer(&format!("{} records", written.records)),
                Err(error) => answer(&error.to_string()),
            },
            // Reads one record and waits for another line before it goes on.
            ("load", _) => answer(&load_slowly(&mut store)),
            other => panic!("{other:?}"),
        }
    }
}

fn load_slowly(store: &mut ReadOnly) -> String {
    let loaded = store.load(&mut |_, progress| {
        if progress.done == 1 {
            answer("loading");
            let _ = next_order();
        }
    });
    loaded.map_or_else(|error| error.to_string(), |()| "loaded".to_owned())
}

fn next_order() -> Option<String> {
    let mut line = String::new();
    let read = stdin().read_line(&mut line).unwrap();
    (read > 0).then(|| line.trim_end().to_owned())
}

fn answer(text: &str) {
    let mut output = stdout().lock();
    writeln!(output, "answer: {text}").unwrap();
}
