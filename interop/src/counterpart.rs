//! Scripts of other MQTT clients: one scenario a run, exit code 0 when the broker did what it asks.

use std::path::PathBuf;
use std::process::Command;
use std::thread;

use crate::broker::Broker;
use crate::process::Process;
use crate::toolbox;
use crate::transport::Transport;

/// One counterpart in `interop/counterparts/`.
#[derive(Clone, Debug)]
pub struct Counterpart {
    name: &'static str,
    program: PathBuf,
    script: PathBuf,
}

impl Counterpart {
    /// A Python counterpart.
    #[must_use]
    pub fn python(name: &'static str) -> Self {
        let script = toolbox::counterpart_folder(name).join("main.py");
        Self { name, program: toolbox::python(), script }
    }

    /// A Node counterpart: MQTT.js itself (`main.mjs`), or in a page of a browser (`browser.mjs`).
    #[must_use]
    pub fn node(file: &'static str) -> Self {
        Self { name: file, program: "node".into(), script: toolbox::counterpart_folder("mqttjs").join(file) }
    }

    /// Starts one scenario.
    #[must_use]
    pub fn start(&self, scenario: &str, broker: &Broker, run: ScenarioRun<'_>) -> Process {
        let name = format!("{} {scenario} over {:?}, version {}", self.name, run.transport, run.version);
        let mut command = Command::new(&self.program);
        command.arg(&self.script).args([scenario, "--url", &broker.url(run.transport)]);
        command.args(["--version", &run.version.to_string(), "--prefix", run.prefix]);
        if run.transport.is_encrypted() {
            command.arg("--ca").arg(broker.authority());
        }
        Process::start(&name, command.args(run.extra_arguments))
    }

    /// Runs every scenario for each of `versions` (3, 4 or 5: the protocol level) over one transport.
    pub fn run_all_scenarios(&self, transport: Transport, versions: &[u8]) {
        let broker = Broker::start();
        for &version in versions {
            thread::scope(|scope| {
                for scenario in SCENARIOS {
                    let broker = &broker;
                    scope.spawn(move || {
                        let prefix = format!("{scenario}{version}");
                        let run = ScenarioRun { transport, version, prefix: &prefix, extra_arguments: &[] };
                        self.start(scenario, broker, run).expect_success()
                    });
                }
            });
        }
        broker.stop();
    }
}

/// What a scenario runs with.
#[derive(Clone, Copy, Debug)]
pub struct ScenarioRun<'a> {
    /// The way to the broker.
    pub transport: Transport,
    /// The protocol level of CONNECT.
    pub version: u8,
    /// Begins its topics and client identifiers.
    pub prefix: &'a str,
    /// Further arguments.
    pub extra_arguments: &'a [&'a str],
}

const SCENARIOS: [&str; 4] = ["qos", "retained", "will", "resume"];
