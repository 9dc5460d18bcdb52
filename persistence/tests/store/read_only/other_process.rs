//! Another process that reads a store. The test sends it one command per line.

use std::io::{BufRead, BufReader, Write, stdin, stdout};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use tidegate_persistence::ReadOnly;

/// The other process, which is killed when this value is dropped.
pub struct Reader {
    child: Child,
    commands: ChildStdin,
    answers: BufReader<std::process::ChildStdout>,
}

impl Reader {
    /// Starts the process, which opens the store in `folder`.
    pub fn start(folder: &Path) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "read_only::other_process::reader", "--ignored", "--nocapture"]);
        command.env("READER_FOLDER", folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (commands, answers) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut reader = Self { child, commands, answers };
        assert_eq!(reader.answer(), "open");
        reader
    }

    /// Sends a command to the process. The function [`reader`] implements the commands.
    pub fn send(&mut self, command: &str) {
        writeln!(self.commands, "{command}").unwrap();
    }

    /// Waits for the next answer.
    pub fn answer(&mut self) -> String {
        loop {
            let mut line = String::new();
            assert_ne!(self.answers.read_line(&mut line).unwrap(), 0, "the other process ended");
            // The output of the test harness surrounds the answers, and may be on the same line as the first answer.
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

#[ignore = "run by the tests in while_open.rs"]
#[test]
fn reader() {
    let Some(folder) = std::env::var_os("READER_FOLDER") else { return };
    let mut store = ReadOnly::open(Path::new(&folder)).unwrap();
    answer("open");
    while let Some(command) = next_command() {
        let mut words = command.split(' ');
        match (words.next().unwrap(), words.next()) {
            ("check", _) => match store.check() {
                Ok(findings) => answer(&format!("{} records, {:?}", findings.records, findings.faults)),
                Err(error) => answer(&error.to_string()),
            },
            ("copy", Some(target)) => match store.copy_to(Path::new(target)) {
                Ok(written) => answer(&format!("{} records", written.records)),
                Err(error) => answer(&error.to_string()),
            },
            // Reads one record and waits for another line before it continues.
            ("load", _) => answer(&load_slowly(&mut store)),
            other => panic!("{other:?}"),
        }
    }
}

fn load_slowly(store: &mut ReadOnly) -> String {
    let loaded = store.load(&mut |_, progress| {
        if progress.done == 1 {
            answer("loading");
            let _ = next_command();
        }
    });
    loaded.map_or_else(|error| error.to_string(), |()| "loaded".to_owned())
}

fn next_command() -> Option<String> {
    let mut line = String::new();
    let read = stdin().read_line(&mut line).unwrap();
    (read > 0).then(|| line.trim_end().to_owned())
}

fn answer(text: &str) {
    let mut output = stdout().lock();
    writeln!(output, "answer: {text}").unwrap();
}
