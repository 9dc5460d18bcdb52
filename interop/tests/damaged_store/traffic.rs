//! Starts a broker on a damaged store. If it starts, clients use it: writing makes LMDB allocate, split and free pages.

use std::fs;
use std::path::Path;
use std::time::Duration;

use tidegate_client::{Client, ClientError, Options, State};
use tidegate_interop::broker::serve;
use tidegate_interop::config::free_port;
use tidegate_interop::process::EVENT_TIMEOUT;
use tidegate_interop::tidegate_client::{message, with_persistent_session};
use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{ProtocolVersion, Publish, QoS, ReasonCode, SubscriptionOptions, UserProperties};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use crate::run::{self, Outcome};

/// Starts brokers on a fixed port, and a runtime for the clients that use them.
pub struct Server {
    port: u16,
    runtime: Runtime,
}

impl Server {
    pub fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        Self { port: free_port(), runtime }
    }

    /// Starts a broker on a data folder, connects clients if the broker starts, and stops it. Returns the outcome, and
    /// whether the clients could publish and receive.
    pub fn serve(&self, description: &str, data: &Path, durability: &str) -> (Outcome, bool) {
        let config = data.join("tidegate.yaml");
        let port = self.port;
        let yaml = format!(
            "listeners:\n  - name: tcp\n    transport: tcp\n    address: 127.0.0.1:{port}\n\
             persistence:\n  durability: {durability}\n"
        );
        fs::write(&config, yaml).expect("a configuration file");
        let process = serve(Some(&config), data);
        let mut was_usable = false;
        if process.errors.wait_for(|line| line.contains("\"ready\""), EVENT_TIMEOUT).is_ok() {
            // If the store fails, the broker refuses messages, but must not exit.
            let used = self.runtime.block_on(async { timeout(TRAFFIC_MAX, run_clients(port)).await });
            was_usable = matches!(used, Ok(Ok(())));
            process.terminate();
        }
        (run::check_outcome(description, &process.wait_for_exit(EVENT_TIMEOUT)), was_usable)
    }
}

async fn run_clients(port: u16) -> Result<(), ClientError> {
    let options = |id: &str| {
        let url = format!("mqtt://127.0.0.1:{port}").parse().expect("a URL");
        with_persistent_session(Options::new(url, ProtocolVersion::V5, id))
    };
    // A session of the sample store receives its queued messages.
    let mut stored_client = Client::connect(&options("client-2"), State::default()).await?;
    let _ = timeout(QUEUED_WAIT_MAX, stored_client.message()).await;
    let mut client = Client::connect(&options("new"), State::default()).await?;
    let all = SubscriptionFilter::parse("#").expect("a filter");
    let granted = SubscriptionOptions { qos: QoS::AtLeastOnce, ..SubscriptionOptions::default() };
    let _ = client.subscribe([(all, granted)], None, UserProperties::new()).await?;
    let _ = stored_client.finish_exchanges().await;
    let state = client.drop_without_disconnect();
    for number in 0..60 {
        let retained = Publish { retain: true, ..message(&format!("retained/{number}"), "new", 1) };
        stored_client.publish(retained).await?;
        stored_client.publish(message(&format!("more/{number}"), &"y".repeat(100 * number), 1)).await?;
    }
    stored_client.finish_exchanges().await?;
    let mut client = Client::connect(&options("new"), state).await?;
    let _ = timeout(QUEUED_WAIT_MAX, client.message()).await;
    let _ = client.disconnect(ReasonCode::Success).await?;
    Ok(())
}

const TRAFFIC_MAX: Duration = Duration::from_secs(20);
const QUEUED_WAIT_MAX: Duration = Duration::from_millis(500);
