//! Tests with the malformed inputs of `statements/malformed.csv`. The broker has to close the connection on which such
//! an input arrives, and no other connection.

use std::pin::Pin;

use serde::Deserialize;

use crate::case::{Body, Case, DEFAULT};
use crate::harness::Harness;
use crate::statement::parse_rows;
use crate::wire::Version;

/// One row of the table of malformed inputs: bytes that violate the standard, and the reaction that it demands.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Input {
    name: String,
    /// The protocol version: 5, or 3 for 3.1.1.
    version: u8,
    when: When,
    /// The bytes that the client sends, in hexadecimal. Spaces are ignored.
    hex: String,
    /// The reason codes, in hexadecimal, that the broker may send before it closes the connection, the best one first.
    codes: String,
    /// The ids of the statements that the input violates, separated by spaces.
    ids: String,
}

/// When the client sends the input.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum When {
    /// As the first bytes of a connection.
    First,
    /// After an accepted CONNECT.
    Connected,
}

/// Returns one test for each malformed input.
pub(super) fn cases() -> Vec<&'static Case> {
    inputs().into_iter().map(case).collect()
}

/// Returns all rows of the table of malformed inputs.
pub(super) fn inputs() -> Vec<Input> {
    parse_rows(include_str!("../../statements/malformed.csv"))
}

impl Input {
    /// Returns the name of the test that sends this input.
    pub(crate) fn title(&self) -> String {
        format!("{} (MQTT {})", self.name, self.version)
    }

    /// Returns the first five cells of the input's row in the report: name, version, when it is sent, bytes and reason
    /// codes.
    pub(crate) fn cells(&self) -> [String; 5] {
        let version = if self.version == 5 { "5.0" } else { "3.1.1" };
        let when = match self.when {
            When::First => "first",
            When::Connected => "after CONNACK",
        };
        let bytes = self.hex.chars().take(BYTES_SHOWN_MAX).collect();
        [self.name.clone(), version.to_owned(), when.to_owned(), bytes, self.codes.clone()]
    }
}

fn case(input: Input) -> &'static Case {
    let covers: Vec<&'static str> = input.ids.split_whitespace().map(leak).collect();
    let name = leak(&input.title());
    let input: &'static Input = Box::leak(Box::new(input));
    let run: Body = Box::leak(Box::new(|harness| {
        let ended: Pin<Box<dyn Future<Output = ()> + Send>> =
            Box::pin(assert_input_closes_connection(harness, input));
        ended
    }));
    let case = Case {
        name,
        module: module_path!(),
        broker_config: &DEFAULT,
        covers: Box::leak(covers.into_boxed_slice()),
        run,
    };
    Box::leak(Box::new(case))
}

async fn assert_input_closes_connection(harness: Harness, input: &Input) {
    let version = if input.version == 5 { Version::V5 } else { Version::V3 };
    assert_eq!(version, harness.version, "the statements of {} belong to its protocol version", input.name);
    let sent = bytes(&input.hex);
    let codes = bytes(&input.codes);
    let mut observer = harness.client("observer").await;
    match input.when {
        When::First => harness.connect("broken").expect_bytes_refused(&sent, &codes).await,
        When::Connected => {
            let mut client = harness.client("broken").await;
            client.send(&sent).await;
            client.expect_close_without_answer(&codes).await;
        }
    }
    observer.ping().await;
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<char> = hex.chars().filter(|digit| !digit.is_whitespace()).collect();
    assert!(digits.len().is_multiple_of(2), "an even number of hexadecimal digits: {hex}");
    let byte = |pair: &[char]| u8::from_str_radix(&String::from_iter(pair), 16).expect("hexadecimal digits");
    digits.chunks(2).map(byte).collect()
}

/// Leaks the text, so that it lives for the rest of the program.
fn leak(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

/// The largest number of characters of an input's bytes that the report shows. The longest input has about 60.
const BYTES_SHOWN_MAX: usize = 80;
