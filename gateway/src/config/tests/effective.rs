//! The settings that apply, and where they come from.

use crate::config::{Positions, effective, parse};

const FILE: &str = "\
session:
  packet_size_max: 256KiB
  qos_max: 1
listeners:
  - name: edge
    transport: ws
    address: 127.0.0.1:1883
    session:
      packet_size_max: 1KiB
      qos_max: 2
      receive_maximum: 1024
      keep_alive_max: 30s
  - { name: inner, transport: tcp, address: 127.0.0.1:1884 }
";

fn report() -> Vec<String> {
    let settings = effective(&parse(FILE).unwrap(), "a.yaml".as_ref(), &Positions::of(FILE));
    settings
        .iter()
        .map(|setting| format!("{} = {} ({})", setting.name, setting.value, setting.source))
        .collect()
}

#[test]
fn each_setting_has_its_value_and_source() {
    let report = report();
    for line in [
        "session.packet_size_max = 256KiB (a.yaml:2)",
        "session.queue_len_max = 100000 (default)",
        "session.response_information = none (default)",
        "listeners.edge.address = 127.0.0.1:1883 (a.yaml:7)",
        "listeners.edge.path = /mqtt (default)",
        "listeners.edge.ping_interval = 30s (default)",
        "listeners.inner.transport = tcp (a.yaml:13)",
        "persistence.durability = always (default)",
    ] {
        assert!(report.iter().any(|found| found == line), "{line} is not in {report:#?}");
    }
    assert!(report.iter().any(|line| line.starts_with("cores = ") && line.ends_with(" (default)")));
}

#[test]
fn the_settings_of_a_listener_name_the_stricter_source() {
    let own: Vec<_> = report().into_iter().filter(|line| line.contains(".session.")).collect();
    let expected = [
        "listeners.edge.session.keep_alive_max = 30s (a.yaml:12; other listeners: 0s (default))",
        "listeners.edge.session.packet_size_max = 1KiB (a.yaml:9; other listeners: 256KiB (a.yaml:2))",
        "listeners.edge.session.qos_max = 1 (a.yaml:3; stricter than 2 in a.yaml:10)",
        "listeners.edge.session.receive_maximum = 1024 (a.yaml:11)",
    ];
    assert_eq!(own, expected);
}

#[test]
fn every_setting_is_reported_once() {
    let mut names: Vec<_> = report().iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}
