//! Inputs that break the rules, from `statements/malformed.csv`: each ends its connection, and only its own.

use std::pin::Pin;

use serde::Deserialize;

use crate::case::{Body, Case, DEFAULT};
use crate::harness::Harness;
use crate::statement::rows;
use crate::wire::Version;

/// One input.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Input {
    name: String,
    /// 5 or 3.
    version: u8,
    when: When,
    /// The bytes, in hexadecimal digits; spaces are free.
    hex: String,
    /// The reasons that may be given before the end, in hexadecimal digits; the best first.
    codes: String,
    /// The statements that it breaks.
    ids: String,
}

/// When it is sent.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum When {
    /// As the first bytes of a connection.
    First,
    /// After an accepted CONNECT.
    Connected,
}

/// A test for each input.
pub(super) fn cases() -> Vec<&'static Case> {
    inputs().into_iter().map(case).collect()
}

/// The table.
pub(super) fn inputs() -> Vec<Input> {
    rows(include_str!("../../statements/malformed.csv"))
}

impl Input {
    /// The name of its test.
    pub(crate) fn title(&self) -> String {
        format!("{} (MQTT {})", self.name, self.version)
    }

    /// Name, version, when it is sent, bytes and reasons, as cells of a table.
    pub(crate) fn cells(&self) -> [String; 5] {
        let version = if self.version == 5 { "5.0" } else { "3.1.1" };
        let when = match self.when {
            When::First => "first",
            When::Connected => "after CONNACK",
        };
        let bytes = self.hex.chars().take(BYTES_SHOWN).collect();
        [self.name.clone(), version.to_owned(), when.to_owned(), bytes, self.codes.clone()]
    }
}

fn case(input: Input) -> &'static Case {
    let covers: Vec<&'static str> = input.ids.split_whitespace().map(keep).collect();
    let name = keep(&input.title());
    let input: &'static Input = Box::leak(Box::new(input));
    let run: Body = Box::leak(Box::new(|harness| {
        let ended: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(ends_its_connection(harness, input));
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

async fn ends_its_connection(harness: Harness, input: &Input) {
    let version = if input.version == 5 { Version::V5 } else { Version::V3 };
    assert_eq!(version, harness.version, "the statements of {} are of its version", input.name);
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
    assert!(digits.len().is_multiple_of(2), "whole bytes: {hex}");
    let byte = |pair: &[char]| u8::from_str_radix(&String::from_iter(pair), 16).expect("hexadecimal digits");
    digits.chunks(2).map(byte).collect()
}

/// A text for the rest of the run.
fn keep(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

/// Digits of an input that the table shows; the longest have some 60.
const BYTES_SHOWN: usize = 80;
