//! The command line: which tests to run against which broker, and how to report the outcomes.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use tidegate_interop::transport::Transport;
use tokio::runtime::Builder;

use crate::case::Case;
use crate::counterpart::Counterpart;
use crate::gaps;
use crate::report;
use crate::runner::{self, Outcome};
use crate::statement::Tables;
use crate::suite;
use crate::target::Target;

/// Tests a broker against every normative statement of MQTT 3.1.1 and 5.0.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Arguments {
    /// The broker under test, such as mqtt://localhost:1883 (also mqtts, ws, wss, quic). Without this option, the
    /// program starts Tidegate's own binary and tests it over every transport.
    #[arg(long, value_name = "URL")]
    target: Option<String>,
    /// A PEM file with the certificate authorities to trust when connecting to the target.
    #[arg(long, value_name = "FILE", requires = "target")]
    ca: Option<PathBuf>,
    /// Runs only tests whose path contains this text, or that cover this statement or trap. May be given more than
    /// once.
    #[arg(long, value_name = "TEXT")]
    only: Vec<String>,
    /// Runs over this transport only: tcp, tls, ws, wss or quic.
    #[arg(long, value_name = "NAME", value_parser = transport)]
    transport: Option<Transport>,
    /// The number of tests to run at the same time.
    #[arg(long, default_value_t = 64)]
    jobs: usize,
    /// Lists the tests and the statements that they cover, without running them.
    #[arg(long)]
    list: bool,
    /// Writes the tables in `docs/conformance/` from this run.
    #[arg(long, conflicts_with_all = ["target", "only", "transport"])]
    write_docs: bool,
    /// Fails if the tables in `docs/conformance/` differ from the results of this run.
    #[arg(long, conflicts_with_all = ["target", "only", "transport", "write_docs"])]
    check_docs: bool,
    /// Starts another broker, tests it, and writes the tests that it fails to `docs/conformance/`.
    #[arg(long, value_name = "BROKER", conflicts_with_all = ["target", "only", "transport", "write_docs", "check_docs"])]
    against: Option<Counterparts>,
}

/// Brokers that this program can start for a comparison.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Counterparts {
    /// Debian's mosquitto.
    Mosquitto,
}

/// Runs the suite with the given arguments. Returns a failure if a test fails, a statement is not covered, a table is
/// out of date or the broker panics. Against a counterpart such as mosquitto, failed tests are expected. The run
/// against a counterpart fails if its outcomes contradict the statements that the counterpart is known to break or to
/// follow.
#[must_use]
pub fn run(arguments: &Arguments) -> ExitCode {
    let cases: Vec<_> = suite::cases().into_iter().filter(|case| arguments.is_selected(case)).collect();
    if arguments.list {
        list(&cases);
        return ExitCode::SUCCESS;
    }
    let target = match arguments.target(&cases) {
        Ok(target) => target,
        Err(error) => {
            println!("{error}");
            return ExitCode::from(2);
        }
    };
    let tables = Tables::load();
    let outcomes = run_tests(arguments, &cases, &target);
    let mut problems = match &target {
        Target::Counterpart(counterpart) => report::compare(&tables, &outcomes, &counterpart.label),
        Target::Tidegate(_) | Target::External(_) => arguments.report_outcomes(&tables, &cases, &outcomes),
    };
    for panic in target.stop() {
        problems.push(format!("the broker panicked: {panic}"));
    }
    if outcomes.is_empty() {
        problems.push("no test ran: check --only, --transport and --target".to_owned());
    }
    for problem in &problems {
        println!("{problem}");
    }
    report::print_count(&outcomes);
    if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

impl Arguments {
    fn is_selected(&self, case: &Case) -> bool {
        let covers = |text: &String| case.covers.iter().any(|id| *id == text || report::key(id) == *text);
        let fits = |text: &String| case.path().contains(text) || covers(text);
        self.only.is_empty() || self.only.iter().any(fits)
    }

    fn target(&self, cases: &[&'static Case]) -> Result<Target, String> {
        match (&self.target, self.against) {
            (Some(url), _) => Target::external(url, self.ca.as_ref()),
            (None, Some(Counterparts::Mosquitto)) => Ok(Target::Counterpart(Counterpart::mosquitto())),
            (None, None) => Ok(Target::start(cases.iter().map(|case| case.broker_config))),
        }
    }

    fn report_outcomes(&self, tables: &Tables, cases: &[&'static Case], outcomes: &[Outcome]) -> Vec<String> {
        let mut problems = report::print(outcomes);
        if self.only.is_empty() && self.transport.is_none() {
            problems.extend(gaps::find(tables, cases, outcomes, self.target.is_none()));
        }
        if self.write_docs {
            problems.extend(report::write(tables, outcomes));
        }
        if self.check_docs {
            problems.extend(report::check(tables, outcomes));
        }
        problems
    }
}

/// Prints one line per test to standard output. Stops without an error if the reader has closed the pipe.
fn list(cases: &[&'static Case]) {
    let mut out = io::stdout().lock();
    let line = |case: &&Case| writeln!(out, "{}: {}", case.path(), case.covers.join(" "));
    let _ = cases.iter().try_for_each(line);
}

fn run_tests(arguments: &Arguments, cases: &[&'static Case], target: &Target) -> Vec<Outcome> {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let plan = runner::plan(cases, target, arguments.transport);
    runner::capture_panics();
    runtime.block_on(runner::run(plan, arguments.jobs.max(1)))
}

fn transport(name: &str) -> Result<Transport, String> {
    let found = Transport::ALL.into_iter().find(|transport| transport.name() == name);
    found.ok_or_else(|| "expected tcp, tls, ws, wss or quic".to_owned())
}
