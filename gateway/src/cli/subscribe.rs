//! `tidegate sub`: subscribes and prints the messages received.

mod format;

use std::io::{self, Write};
use std::time::Duration;

use clap::Args;
use tidegate_client::{Client, State, reason_text};
use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{Publish, QoS, ReasonCode, RetainHandling, SubAck, SubscriptionOptions};
use tokio::time::{Instant, sleep_until, timeout};

use format::{Format, print};

use super::connection::ConnectionArguments;
use super::exit::{self, Failure};
use super::properties::user_properties;
use super::run::{interrupted, run as run_command};
use super::value;

/// The arguments of `sub`.
#[derive(Debug, Args)]
#[command(after_help = exit::EXIT_CODES_HELP)]
pub struct Arguments {
    /// Topic filter to subscribe to, also $share/GROUP/FILTER; may be repeated
    #[arg(long, short, value_name = "FILTER", value_parser = value::parse_filter, required = true)]
    topic: Vec<SubscriptionFilter>,
    /// Maximum QoS of the messages to receive
    #[arg(long, short, value_name = "QOS", value_parser = value::parse_qos, default_value = "0")]
    qos: QoS,
    /// Exit after this many messages
    #[arg(long, short = 'C', value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// Exit after this time, in seconds or with a unit; with --count, exit code 1 if messages are missing
    #[arg(long, short = 'W', value_name = "TIME", value_parser = value::parse_seconds)]
    wait: Option<u32>,
    /// Print the topic before the payload, and report the subscriptions on standard error
    #[arg(long, short)]
    verbose: bool,
    /// Output format of a message
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Do not print a newline after each message
    #[arg(long, short = 'N')]
    no_line_end: bool,
    /// Do not receive messages published by this client (MQTT 5)
    #[arg(long)]
    no_local: bool,
    /// Receive messages with the retain flag as published (MQTT 5)
    #[arg(long)]
    retain_as_published: bool,
    /// Retained messages to receive when subscribing: 0 all, 1 only for a new subscription, 2 none (MQTT 5)
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u8).range(0..=2), default_value = "0")]
    retain_handling: u8,
    /// Subscription identifier (MQTT 5)
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=268_435_455))]
    subscription_identifier: Option<u32>,
    /// Highest topic alias that the broker may use (MQTT 5)
    #[arg(long, value_name = "NUMBER")]
    topic_alias_maximum: Option<u16>,
    /// User property of SUBSCRIBE; may be repeated (MQTT 5)
    #[arg(long, value_name = "NAME=VALUE", value_parser = value::parse_pair)]
    user_property: Vec<(String, String)>,
    #[command(flatten)]
    connection: ConnectionArguments,
}

/// Prints messages until `--count` is reached, `--wait` has passed, or SIGINT or SIGTERM arrives.
///
/// # Errors
/// When a filter is refused, the connection fails, or `--wait` passes before `--count` is reached.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let is_debug = arguments.connection.is_debug();
    run_command(subscribe(arguments), is_debug)
}

async fn subscribe(arguments: Arguments) -> Result<(), Failure> {
    arguments.check_version()?;
    let mut options = arguments.connection.to_options()?;
    options.connect.topic_alias_maximum = arguments.topic_alias_maximum;
    let deadline = arguments.wait.map(|wait| Instant::now() + Duration::from_secs(u64::from(wait)));
    let mut client = Client::connect(&options, State::default()).await?;
    tracing::debug!(peer = %client.link().peer(), session_present = client.connack().session_present, "connected");
    let mut remaining = arguments.count;
    let interrupted = interrupted()?;
    let done = tokio::select! {
        done = receive(&mut client, &arguments, &mut remaining) => done,
        () = interrupted => Ok(()),
        () = wait_until(deadline) => arguments.timeout_result(remaining),
    };
    if done.is_ok() {
        // Complete the QoS 2 handshakes, so that no message is delivered again. Do not wait long for the broker.
        let _ = timeout(QOS_2_TIMEOUT, client.finish_exchanges()).await;
        client.disconnect(ReasonCode::Success).await?;
    } else {
        // Best effort, because the connection itself may have failed.
        let _ = client.disconnect(ReasonCode::Success).await;
    }
    done
}

/// Subscribes, and prints messages until `remaining` is 0.
async fn receive(
    client: &mut Client,
    arguments: &Arguments,
    remaining: &mut Option<u64>,
) -> Result<(), Failure> {
    let user_properties = user_properties(&arguments.user_property)?;
    let filters = arguments.topic.iter().map(|filter| (filter.clone(), arguments.options()));
    let suback = client.subscribe(filters, arguments.subscription_identifier, user_properties).await?;
    arguments.check_granted(&suback)?;
    let mut output = io::stdout().lock();
    while *remaining != Some(0) {
        let message = client.message().await?;
        arguments.print(&message, &mut output)?;
        *remaining = remaining.map(|remaining| remaining - 1);
    }
    Ok(())
}

async fn wait_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

impl Arguments {
    fn check_version(&self) -> Result<(), Failure> {
        let has_options = self.no_local || self.retain_as_published || self.retain_handling != 0;
        self.connection.require_v5(has_options, "subscription options")?;
        self.connection.require_v5(self.subscription_identifier.is_some(), "--subscription-identifier")?;
        self.connection.require_v5(self.topic_alias_maximum.is_some(), "--topic-alias-maximum")?;
        self.connection.require_v5(!self.user_property.is_empty(), "--user-property")
    }

    fn options(&self) -> SubscriptionOptions {
        let retain_handling = match self.retain_handling {
            0 => RetainHandling::Send,
            1 => RetainHandling::SendIfNew,
            _ => RetainHandling::Never,
        };
        let (no_local, retain_as_published) = (self.no_local, self.retain_as_published);
        SubscriptionOptions { qos: self.qos, no_local, retain_as_published, retain_handling }
    }

    /// Reports refused filters, and fails if there are any.
    fn check_granted(&self, suback: &SubAck) -> Result<(), Failure> {
        let reason_string =
            suback.properties.as_ref().and_then(|properties| properties.reason_string.as_deref());
        let mut is_refused = false;
        for (filter, reason) in self.topic.iter().zip(&suback.reasons) {
            if reason.is_error() {
                is_refused = true;
                exit::print_error(&format!("refused: {filter}: {}", reason_text(*reason, reason_string)));
            } else if self.verbose {
                exit::print_error(&format!("subscribed: {filter} (QoS {})", reason.value()));
            }
        }
        if is_refused { Err(Failure::AlreadyReported) } else { Ok(()) }
    }

    fn print(&self, message: &Publish, output: &mut impl Write) -> Result<(), Failure> {
        print(self.format, self.verbose, message, output)?;
        if !self.no_line_end {
            output.write_all(b"\n")?;
        }
        Ok(output.flush()?)
    }

    fn timeout_result(&self, remaining: Option<u64>) -> Result<(), Failure> {
        match (remaining, self.count) {
            (Some(remaining), Some(count)) if remaining > 0 => {
                let seconds = self.wait.unwrap_or_default();
                let received = count - remaining;
                let text =
                    format!("error: timed out after {seconds} s: received {received} of {count} messages");
                Err(Failure::Runtime(text))
            }
            _ => Ok(()),
        }
    }
}

/// Time limit for completing the QoS 2 handshakes before the client disconnects.
const QOS_2_TIMEOUT: Duration = Duration::from_secs(2);
