//! `tidegate pub`: publishes messages, and succeeds only if the broker acknowledges every QoS 1 and 2 message.

mod payload;
mod report;

use clap::Args;
use tidegate_client::{Client, State};
use tidegate_mqtt::topic;
use tidegate_mqtt::{Publish, PublishProperties, QoS, ReasonCode};

use payload::{PayloadArguments, PayloadSource};
use report::PublishReport;

use super::connection::ConnectionArguments;
use super::exit::{self, Failure};
use super::properties::MessageProperties;
use super::run::{interrupted, run as run_command};
use super::value;

/// The arguments of `pub`.
#[derive(Debug, Args)]
#[command(after_help = exit::EXIT_CODES_HELP)]
pub struct Arguments {
    /// Topic to publish to
    #[arg(long, short, value_name = "TOPIC", value_parser = value::parse_topic)]
    topic: topic::Name,
    /// Quality of service: 0 at most once, 1 at least once, 2 exactly once
    #[arg(long, short, value_name = "QOS", value_parser = value::parse_qos, default_value = "0")]
    qos: QoS,
    /// Retain the message: the broker sends it to future subscribers
    #[arg(long, short)]
    retain: bool,
    /// Maximum number of unacknowledged QoS 1 and 2 messages; the broker may set a lower limit
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..), default_value = "1024")]
    inflight_max: u16,
    #[command(flatten)]
    source: PayloadArguments,
    #[command(flatten)]
    properties: MessageProperties,
    #[command(flatten)]
    connection: ConnectionArguments,
}

/// Publishes all payloads of the source.
///
/// # Errors
/// When the connection fails, or the broker refuses a message or does not acknowledge it.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let is_debug = arguments.connection.is_debug();
    run_command(publish(arguments), is_debug)
}

async fn publish(arguments: Arguments) -> Result<(), Failure> {
    arguments.connection.require_v5(arguments.properties.is_used()?, "message properties")?;
    let mut options = arguments.connection.to_options()?;
    options.inflight_max = arguments.inflight_max;
    let template = arguments.template()?;
    let source = PayloadSource::open(&arguments.source).await?;
    let mut client = Client::connect(&options, State::default()).await?;
    tracing::debug!(peer = %client.link().peer(), "connected");
    let mut report = PublishReport::default();
    let interrupted = interrupted()?;
    let is_complete = tokio::select! {
        done = publish_all(&mut client, source, &template, &mut report) => done.map(|()| true),
        () = interrupted => Ok(false),
    };
    report.record_events(&mut client);
    let is_complete = is_complete.map_err(|failure| report.with_unacknowledged(failure))?;
    client.disconnect(ReasonCode::Success).await?;
    report.result(is_complete)
}

impl Arguments {
    /// Returns the message without its payload.
    fn template(&self) -> Result<Publish, Failure> {
        let properties: PublishProperties = self.properties.to_properties()?;
        let mut template = Publish::new(self.topic.to_string(), "");
        template.qos = self.qos;
        template.retain = self.retain;
        template.properties = properties;
        Ok(template)
    }
}

/// Sends all payloads, never exceeding the limit of unacknowledged messages, then waits for the last acknowledgement.
async fn publish_all(
    client: &mut Client,
    mut source: PayloadSource,
    template: &Publish,
    report: &mut PublishReport,
) -> Result<(), Failure> {
    loop {
        report.record_events(client);
        tokio::select! {
            biased;
            payload = source.next(), if client.can_publish() => {
                let Some(payload) = payload? else { break };
                let message = Publish { payload, ..template.clone() };
                report.record_sent(client.publish(message).await?);
            }
            result = client.progress() => result?,
        }
    }
    while !client.has_no_open_exchange() {
        client.progress().await?;
        report.record_events(client);
    }
    Ok(())
}
