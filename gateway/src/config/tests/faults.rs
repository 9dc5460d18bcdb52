//! Each fault in a configuration file, with its position and the text that the operator sees.

mod listeners;

use std::fs;

use crate::config::load;

/// Loads a file with this text, and returns the error with the file's name instead of its path.
fn report(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tidegate.yaml");
    fs::write(&file, text).unwrap();
    let error = load(&file).expect_err(text).to_string();
    error.replace(&format!("{}/", folder.path().display()), "")
}

#[test]
fn each_wrong_value_is_reported_with_its_position() {
    for (text, expected) in WRONG_VALUES {
        assert_eq!(report(text), format!("tidegate.yaml:{expected}"), "{text}");
    }
}

#[test]
fn all_faults_are_reported_at_once() {
    let text = "\
listeners:
  - { name: a, transport: tcp, address: 127.0.0.1:1883 }
  - { name: a, transport: ws, address: 127.0.0.1:1883 }
session: { pending_bytes_high: 2MiB, pending_bytes_max: 1MiB }
";
    let expected = "\
tidegate.yaml:3:13: duplicate listener name `a`, expected a name other than that in line 2
tidegate.yaml:3:40: duplicate listener address `127.0.0.1:1883`, expected an address other than that in line 2
tidegate.yaml:4:32: session.pending_bytes_high is 2MiB, expected at most session.pending_bytes_max, which is 1MiB";
    assert_eq!(report(text), expected);
}

#[test]
fn the_limits_of_a_listener_are_checked_together_with_the_general_ones() {
    let text = "\
session: { pending_bytes_high: 64KiB }
listeners:
  - { name: a, transport: tcp, address: 127.0.0.1:1883, session: { pending_bytes_max: 32KiB } }
  - { name: b, transport: tcp, address: 127.0.0.1:1884, session: { pending_bytes_high: 8MiB } }
";
    let expected = "\
tidegate.yaml:3:87: session.pending_bytes_high is 64KiB, expected at most session.pending_bytes_max, which is 32KiB";
    assert_eq!(report(text), expected);
}

#[test]
fn a_missing_file_is_reported() {
    let error = load("/nowhere/tidegate.yaml".as_ref()).unwrap_err().to_string();
    assert_eq!(error, "/nowhere/tidegate.yaml: cannot be read: No such file or directory (os error 2)");
}

#[test]
fn several_listeners_may_use_port_0() {
    let text = "\
listeners:
  - { name: a, transport: tcp, address: 127.0.0.1:0 }
  - { name: b, transport: ws, address: 127.0.0.1:0 }
  - { name: c, transport: tcp, address: 127.0.0.1:1883 }
";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tidegate.yaml");
    fs::write(&file, text).unwrap();
    assert_eq!(load(&file).unwrap().config.listeners().count(), 3);
}

const WRONG_VALUES: &[(&str, &str)] = &[
    (
        "zzz: 1\n",
        "1:1: unknown field `zzz`, expected one of listeners, limits, session, routing, retained, persistence, cores, placement, drain_timeout, strict, log",
    ),
    ("cores: 0\n", "1:1: invalid value: integer `0`, expected a whole number from 1 to 1024"),
    ("cores: two\n", "1:1: invalid value: string \"two\", expected a whole number from 1 to 1024"),
    ("cores: [1]\n", "1:1: invalid type: sequence, expected a whole number from 1 to 1024"),
    ("cores: -1\n", "1:1: invalid value: integer `-1`, expected a whole number from 1 to 1024"),
    ("cores: 1.5\n", "1:1: invalid type: floating point `1.5`, expected a whole number from 1 to 1024"),
    ("cores: 1\ncores: 2\n", "2:1: duplicate mapping key `cores` is not allowed here"),
    (
        "drain_timeout: 10\n",
        "1:1: invalid value: integer `10`, expected a duration from 0s to 1h, such as 10s",
    ),
    (
        "drain_timeout: 10x\n",
        "1:1: invalid value: string \"10x\", expected a duration from 0s to 1h, such as 10s",
    ),
    (
        "drain_timeout: 2h\n",
        "1:1: invalid value: string \"2h\", expected a duration from 0s to 1h, such as 10s",
    ),
    (
        "session:\n  packet_size_max: 1TiB\n",
        "2:3: invalid value: string \"1TiB\", expected a size from 64B to 268435460B, such as 64KiB",
    ),
    (
        "session:\n  packet_size_max: 1B\n",
        "2:3: invalid value: string \"1B\", expected a size from 64B to 268435460B, such as 64KiB",
    ),
    ("session:\n  retain_available: yes\n", "2:21: invalid boolean (true or false expected)"),
    (
        "session:\n  overflow: explode\n",
        "2:13: unknown variant `explode`, expected one of drop_oldest, drop_newest, reject",
    ),
    (
        "session:\n  session_expiry_max: 5\n",
        "2:3: invalid value: integer `5`, expected a duration such as 7d, or never",
    ),
    (
        "session:\n  nonsense: 5\n",
        "2:3: unknown field `nonsense`, expected one of session_expiry_max, receive_maximum, packet_size_max, topic_alias_maximum, outgoing_alias_max, qos_max, retain_available, wildcard_available, identifier_available, shared_available, keep_alive_max, inflight_max, queue_len_max, queue_bytes_max, overflow, pending_bytes_high, pending_bytes_max, client_id_len_max, client_id_strict, response_information, subscriptions_max, ack_queue_len_max, close_timeout",
    ),
    (
        "session:\n  pending_bytes_max: 512KiB\n",
        "2:22: session.pending_bytes_high is 1MiB, expected at most session.pending_bytes_max, which is 512KiB",
    ),
    (
        "session:\n  queue_len_max: null\n",
        "2:3: invalid type: unit value, expected a whole number from 0 to 100000000",
    ),
    (
        "session:\n  inflight_max: 16385\n",
        "2:3: invalid value: integer `16385`, expected a whole number from 1 to 16384",
    ),
    (
        "log:\n  level: loud\n",
        "2:10: unknown variant `loud`, expected one of error, warn, info, debug, trace",
    ),
    ("log: human\n", "1:6: expected mapping start"),
    ("- 1\n", "1:1: expected mapping start"),
    ("listeners: 4\n", "1:12: expected sequence start"),
    (
        "listeners: []\n",
        "1:12: the list of listeners is empty, expected at least one listener, or no field `listeners`",
    ),
    ("log: {\n", "1:6: unclosed bracket '{'"),
    ("log: {}\n---\nlog: {}\n", "3:1: only single YAML document expected but multiple found"),
];
