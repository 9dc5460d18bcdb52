//! Tests of the rates and of the drawings.

use std::time::Duration;

use super::{Report, Scenario, rates, svg};
use crate::streams::{self, LoadModel, Topology};

fn scenario(first_rate: u64, rate_max: u64, steps_per_decade: u32) -> Scenario {
    let (topology, load_model, burst_interval) = (Topology::Pairs(1), LoadModel::Window(1), Duration::ZERO);
    let streams = streams::Scenario { topology, load_model, burst_interval, qos: 0, payload_len: 64 };
    Scenario { streams, first_rate, rate_max, steps_per_decade }
}

#[test]
fn rates_are_evenly_spaced_and_end_at_the_highest_requested_rate() {
    assert_eq!(rates(&scenario(1000, 100_000, 1)).collect::<Vec<_>>(), [1000, 10_000, 100_000]);
    assert_eq!(rates(&scenario(1000, 10_000, 3)).collect::<Vec<_>>(), [1000, 2154, 4642, 10_000]);
    assert_eq!(rates(&scenario(1000, 999, 3)).count(), 0);
}

#[test]
fn a_panel_covers_whole_powers_of_ten_and_draws_each_line_once() {
    let lines =
        [svg::Line::new("p50", vec![(1000.0, 20.0), (10_000.0, 30.0)]), svg::Line::new("p99", vec![])];
    let panel = svg::Panel { title: "latency, \u{b5}s", x_title: "messages/s", lines: &lines };
    let text = svg::draw("a < b", &[panel]);
    assert_eq!(text.matches("<polyline").count(), 2);
    assert!(text.contains("a &lt; b"), "{text}");
    for label in [">1k<", ">10k<", ">10<", ">100<", ">p50<", ">p99<"] {
        assert!(text.contains(label), "{label}: {text}");
    }
    assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
}

#[test]
fn a_report_without_steps_is_drawn_as_an_empty_svg() {
    let text = svg::draw_report(&Report { case: "curve", steps: Vec::new() });
    assert!(text.starts_with("<svg") && text.ends_with("</svg>\n"));
}
