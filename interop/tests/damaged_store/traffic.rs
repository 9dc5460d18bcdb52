//! Starts a broker on a damaged store. If it starts, clients use it: writing makes LMDB allocate, split and free pages.

use std::fs;
use std::path::Path;
use std::time::Duration;

use tidegate_gateway::client::{Client, ClientError, Options, State};
use tidegate_interop::broker::serve;
use tidegate_interop::config::free_port;
use tidegate_interop::process::DEADLINE;
use tidegate_interop::tidegate_client::{message, with_persistent_session};
use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{ProtocolVersion, Publish, QoS, ReasonCode, SubscriptionOptions, UserProperties};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use crate::run::{self, Outcome};

/// A broker's configuration.
pub struct Server {
    port: u16,
    runtime: Runtime,
}

impl Server {
    pub fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        Self { port: free_port(), runtime }
    }

    /// Starts a broker on the data in a folder, uses it if it starts, and stops it. Returns also whether clients could use it.
    pub fn serve(&self, what: &str, data: &Path, durability: &str) -> (Outcome, bool) {
        let config = data.join("tidegate.yaml");
        let port = self.port;
        let yaml = format!(
            "listeners:\n  - name: tcp\n    transport: tcp\n    address: 127.0.0.1:{port}\n\
             persistence:\n  durability: {durability}\n"
        );
        fs::write(&config, yaml).expect("a configuration file");
        let process = serve(Some(&config), data);
        let mut is_useful = false;
        if process.errors.wait_for(|line| line.contains("\"ready\""), DEADLINE).is_ok() {
            // The store may fail, and then the broker refuses; but it goes on.
            let used = self.runtime.block_on(async { timeout(TRAFFIC_MAX, traffic(port)).await });
            is_useful = matches!(used, Ok(Ok(())));
            process.terminate();
        }
        (run::outcome(what, &process.wait_for_exit(DEADLINE)), is_useful)
    }
}

async fn traffic(port: u16) -> Result<(), ClientError> {
    let options = |id: &str| {
        let url = format!("mqtt://127.0.0.1:{port}").parse().expect("a URL");
        with_persistent_session(Options::new(url, ProtocolVersion::V5, id))
    };
    // A session of the sample gets what is queued for it.
    let mut known = Client::connect(&options("client-2"), State::default()).await?;
    let _ = timeout(QUEUED_WAIT_MAX, known.message()).await;
    let mut client = Client::connect(&options("new"), State::default()).await?;
    let all = SubscriptionFilter::parse("#").expect("a filter");
    let granted = SubscriptionOptions { qos: QoS::AtLeastOnce, ..SubscriptionOptions::default() };
    let _ = client.subscribe([(all, granted)], None, UserProperties::new()).await?;
    let _ = known.settle().await;
    let state = client.abandon();
    for number in 0..60 {
        let retained = Publish { retain: true, ..message(&format!("retained/{number}"), "new", 1) };
        known.publish(retained).await?;
        known.publish(message(&format!("more/{number}"), &"y".repeat(100 * number), 1)).await?;
    }
    known.settle().await?;
    let mut client = Client::connect(&options("new"), state).await?;
    let _ = timeout(QUEUED_WAIT_MAX, client.message()).await;
    let _ = client.disconnect(ReasonCode::Success).await?;
    Ok(())
}

const TRAFFIC_MAX: Duration = Duration::from_secs(20);
const QUEUED_WAIT_MAX: Duration = Duration::from_millis(500);
