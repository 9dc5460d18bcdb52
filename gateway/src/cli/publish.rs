//! `tidegate pub`: publishes, and ends well only when every message is acknowledged.

mod ledger;
mod source;

use clap::Args;
use tidegate_mqtt::topic;
use tidegate_mqtt::{Publish, PublishProperties, QoS, ReasonCode};

use ledger::Ledger;
use source::{Source, SourceArguments};

use super::connection::ConnectionArguments;
use super::exit::{self, Failure};
use super::properties::MessageProperties;
use super::run::{interrupted, run as run_command};
use super::value;
use crate::client::{Client, State};

/// What `pub` is called with.
#[derive(Debug, Args)]
#[command(after_help = exit::CODES)]
pub struct Arguments {
    /// Where to publish
    #[arg(long, short, value_name = "TOPIC", value_parser = value::topic)]
    topic: topic::Name,
    /// 0: at most once, 1: at least once, 2: exactly once
    #[arg(long, short, value_name = "QOS", value_parser = value::qos, default_value = "0")]
    qos: QoS,
    /// Let the broker keep the message for later subscribers
    #[arg(long, short)]
    retain: bool,
    /// QoS 1 and 2 messages that may be unacknowledged, if the broker allows so many
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..), default_value = "1024")]
    inflight_max: u16,
    #[command(flatten)]
    source: SourceArguments,
    #[command(flatten)]
    properties: MessageProperties,
    #[command(flatten)]
    connection: ConnectionArguments,
}

/// Publishes what the source has.
///
/// # Errors
/// When a message was refused or not acknowledged, or there is no connection.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let is_debug = arguments.connection.is_debug();
    run_command(publish(arguments), is_debug)
}

async fn publish(arguments: Arguments) -> Result<(), Failure> {
    arguments.connection.require_v5(arguments.properties.is_used()?, "message properties")?;
    let mut options = arguments.connection.to_options()?;
    options.inflight_max = arguments.inflight_max;
    let draft = arguments.draft()?;
    let source = Source::open(&arguments.source).await?;
    let mut client = Client::connect(&options, State::default()).await?;
    tracing::debug!(peer = %client.link().peer(), "connected");
    let mut ledger = Ledger::default();
    let interrupted = interrupted()?;
    let is_complete = tokio::select! {
        done = publish_all(&mut client, source, &draft, &mut ledger) => done.map(|()| true),
        () = interrupted => Ok(false),
    };
    ledger.note_all(&mut client);
    let is_complete = is_complete.map_err(|failure| ledger.explain(failure))?;
    client.disconnect(ReasonCode::Success).await?;
    ledger.verdict(is_complete)
}

impl Arguments {
    /// A message that lacks only its payload.
    fn draft(&self) -> Result<Publish, Failure> {
        let properties: PublishProperties = self.properties.to_properties()?;
        let mut draft = Publish::new(self.topic.to_string(), "");
        draft.qos = self.qos;
        draft.retain = self.retain;
        draft.properties = properties;
        Ok(draft)
    }
}

/// Sends as the window allows, and waits for the last acknowledgement.
async fn publish_all(
    client: &mut Client,
    mut source: Source,
    draft: &Publish,
    ledger: &mut Ledger,
) -> Result<(), Failure> {
    loop {
        ledger.note_all(client);
        tokio::select! {
            biased;
            payload = source.next(), if client.can_publish() => {
                let Some(payload) = payload? else { break };
                let message = Publish { payload, ..draft.clone() };
                ledger.sent(client.publish(message).await?);
            }
            moved = client.progress() => moved?,
        }
    }
    while !client.is_settled() {
        client.progress().await?;
        ledger.note_all(client);
    }
    Ok(())
}
