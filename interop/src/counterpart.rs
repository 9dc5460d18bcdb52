//! Runs scripts that drive MQTT clients of other projects. Each run of a script executes one scenario. The script exits
//! with code 0 if the broker behaved as the scenario requires.

use std::path::PathBuf;
use std::process::Command;
use std::thread;

use crate::broker::Broker;
use crate::process::Process;
use crate::toolbox;
use crate::transport::Transport;

/// A client of another project, driven by a script in `interop/counterparts/`.
#[derive(Clone, Debug)]
pub struct Counterpart {
    name: &'static str,
    program: PathBuf,
    script: PathBuf,
}

impl Counterpart {
    /// Creates a counterpart written in Python. `name` is the folder of the counterpart, which contains `main.py`.
    #[must_use]
    pub fn python(name: &'static str) -> Self {
        let script = toolbox::counterpart_folder(name).join("main.py");
        Self { name, program: toolbox::python(), script }
    }

    /// Creates the counterpart MQTT.js, which runs either in Node (`main.mjs`) or on a page in a headless browser
    /// (`browser.mjs`).
    #[must_use]
    pub fn node(file: &'static str) -> Self {
        Self { name: file, program: "node".into(), script: toolbox::counterpart_folder("mqttjs").join(file) }
    }

    /// Starts a process that executes one scenario against `broker`.
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

    /// Runs every scenario over one transport, for each protocol level in `versions` (3, 4 or 5). Panics if a scenario
    /// fails.
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

/// The options of one run of a scenario.
#[derive(Clone, Copy, Debug)]
pub struct ScenarioRun<'a> {
    /// The transport to connect over.
    pub transport: Transport,
    /// The protocol level in CONNECT: 3, 4 or 5.
    pub version: u8,
    /// The prefix of all topics and client identifiers of this run.
    pub prefix: &'a str,
    /// Additional arguments for the script.
    pub extra_arguments: &'a [&'a str],
}

const SCENARIOS: [&str; 4] = ["qos", "retained", "will", "resume"];
