//! Draws curves as SVG. The drawing consists of panels below each other, each with a legend and two logarithmic axes.

use std::fmt::Write;

use super::{Report, Step};
use crate::latencies::Percentiles;
use crate::number::{count, float};

/// A line of a panel.
#[derive(Debug)]
pub struct Line {
    name: &'static str,
    points: Vec<(f64, f64)>,
}

impl Line {
    /// Creates a line. Points with a coordinate of zero or less are left out, because a logarithmic scale cannot show
    /// them.
    pub fn new(name: &'static str, points: Vec<(f64, f64)>) -> Self {
        Self { name, points: points.into_iter().filter(|(x, y)| *x > 0.0 && *y > 0.0).collect() }
    }
}

/// A panel of the drawing: a chart with titles, axes and lines.
#[derive(Debug)]
pub struct Panel<'a> {
    /// Title of the vertical axis.
    pub title: &'a str,
    /// Title of the horizontal axis.
    pub x_title: &'a str,
    /// The lines of the panel.
    pub lines: &'a [Line],
}

/// Draws a report as SVG: latency and processor time as functions of the rate.
pub fn draw_report(report: &Report) -> String {
    let line = |name, value: &dyn Fn(&Step) -> Option<f64>| {
        let point = |step: &Step| Some((float(step.rate), value(step)?));
        Line::new(name, report.steps.iter().filter_map(point).collect())
    };
    let latency = |name, value: fn(Percentiles) -> f64| {
        line(name, &move |step: &Step| step.traffic.latency_micros.map(value))
    };
    let latencies = [
        latency("p50", |times| times.p50),
        latency("p99", |times| times.p99),
        latency("p99.9", |times| times.p999),
    ];
    let costs = [line("broker", &|step| step.traffic.broker.map(|used| used.micros_per_message))];
    let title = report.steps.first().map_or_else(String::new, |step| {
        let traffic = &step.traffic;
        format!("{}, MQTT {} over {}, QoS {}", traffic.case, traffic.version, traffic.transport, traffic.qos)
    });
    let x_title = "messages published per second";
    draw(
        &title,
        &[
            Panel { title: "latency, \u{b5}s", x_title, lines: &latencies },
            Panel { title: "processor time per message, \u{b5}s", x_title, lines: &costs },
        ],
    )
}

/// Draws the panels under a title.
pub fn draw(title: &str, panels: &[Panel<'_>]) -> String {
    let height = TITLE_HEIGHT + PANEL_HEIGHT * float(count(panels.len()));
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    draw_text(&mut out, WIDTH / 2.0, 20.0, "middle", title);
    for (index, panel) in panels.iter().enumerate() {
        draw_panel(&mut out, TITLE_HEIGHT + PANEL_HEIGHT * float(count(index)), panel);
    }
    out.push_str("</svg>\n");
    out
}

fn draw_panel(out: &mut String, top: f64, panel: &Panel<'_>) {
    let points = || panel.lines.iter().flat_map(|line| &line.points);
    let across = Scale::new(points().map(|point| point.0), LEFT_MARGIN, WIDTH - RIGHT_MARGIN);
    let up = Scale::new(points().map(|point| point.1), top + PANEL_HEIGHT - BOTTOM_MARGIN, top + TOP_MARGIN);
    for decade in across.powers_of_ten() {
        let x = across.coordinate(decade);
        draw_grid_line(out, (x, up.start_pixel), (x, up.end_pixel));
        draw_text(out, x, up.start_pixel + 16.0, "middle", &axis_label(decade));
    }
    for decade in up.powers_of_ten() {
        let y = up.coordinate(decade);
        draw_grid_line(out, (across.start_pixel, y), (across.end_pixel, y));
        draw_text(out, across.start_pixel - 6.0, y + 4.0, "end", &axis_label(decade));
    }
    draw_text(
        out,
        f64::midpoint(across.start_pixel, across.end_pixel),
        up.start_pixel + 32.0,
        "middle",
        panel.x_title,
    );
    draw_text(out, across.start_pixel, up.end_pixel - 8.0, "start", panel.title);
    for (index, (line, colour)) in panel.lines.iter().zip(COLOURS.iter().cycle()).enumerate() {
        let place = |(x, y): &(f64, f64)| format!("{:.1},{:.1}", across.coordinate(*x), up.coordinate(*y));
        let path: Vec<String> = line.points.iter().map(place).collect();
        let path = path.join(" ");
        let _ = writeln!(
            out,
            "<polyline points=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>"
        );
        let y = up.end_pixel + 14.0 + 18.0 * float(count(index));
        let x = across.end_pixel + 10.0;
        let _ = writeln!(
            out,
            "<line x1=\"{x}\" y1=\"{y}\" x2=\"{}\" y2=\"{y}\" stroke=\"{colour}\" stroke-width=\"2\"/>",
            x + 18.0
        );
        draw_text(out, x + 24.0, y + 4.0, "start", line.name);
    }
}

/// A logarithmic axis that covers whole powers of ten.
struct Scale {
    /// Exponents of the powers of ten at both ends.
    low_exponent: i32,
    high_exponent: i32,
    /// Coordinates of both ends, in pixels.
    start_pixel: f64,
    end_pixel: f64,
}

impl Scale {
    fn new(values: impl Iterator<Item = f64>, start_pixel: f64, end_pixel: f64) -> Self {
        let (least, most) =
            values.fold((f64::MAX, 0.0), |(least, most), value| (value.min(least), value.max(most)));
        if most <= 0.0 {
            return Self { low_exponent: 0, high_exponent: 1, start_pixel, end_pixel };
        }
        let (low_exponent, high_exponent) = (exponent(least.log10().floor()), exponent(most.log10().ceil()));
        Self { low_exponent, high_exponent: high_exponent.max(low_exponent + 1), start_pixel, end_pixel }
    }

    fn coordinate(&self, value: f64) -> f64 {
        let part = (value.log10() - f64::from(self.low_exponent))
            / f64::from(self.high_exponent - self.low_exponent);
        self.start_pixel + (self.end_pixel - self.start_pixel) * part
    }

    fn powers_of_ten(&self) -> impl Iterator<Item = f64> {
        (self.low_exponent..=self.high_exponent).map(|exponent| 10f64.powi(exponent))
    }
}

#[expect(clippy::as_conversions, reason = "a power of ten, below 309")]
fn exponent(value: f64) -> i32 {
    value as i32
}

fn draw_grid_line(out: &mut String, from: (f64, f64), to: (f64, f64)) {
    let ((x1, y1), (x2, y2)) = (from, to);
    let _ =
        writeln!(out, "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" stroke=\"#ddd\"/>");
}

fn draw_text(out: &mut String, x: f64, y: f64, anchor: &str, text: &str) {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(out, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>");
}

fn axis_label(value: f64) -> String {
    match value {
        1e6.. => format!("{}M", value / 1e6),
        1e3.. => format!("{}k", value / 1e3),
        _ => format!("{value}"),
    }
}

/// Sizes of the parts of the drawing, in pixels.
const WIDTH: f64 = 720.0;
const TITLE_HEIGHT: f64 = 30.0;
const PANEL_HEIGHT: f64 = 300.0;
const LEFT_MARGIN: f64 = 60.0;
const RIGHT_MARGIN: f64 = 90.0;
const TOP_MARGIN: f64 = 30.0;
const BOTTOM_MARGIN: f64 = 50.0;
/// Colours of the lines, which people with colour blindness can distinguish.
const COLOURS: [&str; 3] = ["#0072b2", "#e69f00", "#cc3311"];
