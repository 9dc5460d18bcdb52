//! The connection arguments that `pub` and `sub` share.

mod password;

use std::path::PathBuf;
use std::process;
use std::time::Duration;

use clap::Args;
use tidegate_client::Options;
use tidegate_mqtt::{Connect, ProtocolVersion};
use tidegate_transports::client::Target;

use password::PasswordArguments;

use super::properties::user_properties;
use super::will::WillArguments;
use super::{Failure, value};

/// The connection arguments.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub struct ConnectionArguments {
    /// Broker to connect to: mqtt://, mqtts://, ws://, wss:// or quic:// with HOST[:PORT], or unix:///PATH
    #[arg(long, value_name = "URL", default_value = "mqtt://localhost:1883")]
    url: Target,
    /// MQTT version: 3.1, 3.1.1 or 5
    #[arg(long, short = 'V', value_name = "VERSION", value_parser = value::parse_version, default_value = "5")]
    protocol: ProtocolVersion,
    /// Client identifier; if omitted, the broker assigns one
    #[arg(long, short, value_name = "ID")]
    id: Option<String>,
    /// Resume the existing session of this client identifier instead of starting a new one
    #[arg(long, short = 'c', visible_alias = "disable-clean-session", requires = "id")]
    no_clean_start: bool,
    /// How long the broker keeps the session after the connection ends, in seconds or with a unit, or "never" (MQTT 5)
    #[arg(long, short = 'x', value_name = "TIME", value_parser = value::parse_session_expiry)]
    session_expiry: Option<u32>,
    /// Keep alive interval, in seconds or with a unit; 0 turns it off
    #[arg(long, short, value_name = "TIME", value_parser = value::parse_seconds, default_value = "60")]
    keep_alive: u32,
    /// Maximum number of unacknowledged QoS 1 and 2 messages that the broker may send (MQTT 5)
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..))]
    receive_maximum: Option<u16>,
    /// Maximum size of packets from the broker, in bytes (MQTT 5)
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(1..))]
    packet_size_max: Option<u32>,
    /// User property of CONNECT; may be repeated (MQTT 5)
    #[arg(long, value_name = "NAME=VALUE", value_parser = value::parse_pair)]
    connect_user_property: Vec<(String, String)>,
    /// Time limit for connecting, in seconds or with a unit
    #[arg(long, value_name = "TIME", value_parser = value::parse_seconds, default_value = "10")]
    connect_timeout: u32,
    /// PEM file with certificate authorities to trust instead of those of the system; may be repeated
    #[arg(long, visible_alias = "cafile", value_name = "FILE")]
    ca: Vec<PathBuf>,
    /// Accept any server certificate; for development only
    #[arg(long)]
    insecure: bool,
    /// Server name to expect in the certificate, instead of the URL's host
    #[arg(long, value_name = "NAME")]
    server_name: Option<String>,
    #[command(flatten)]
    password: PasswordArguments,
    /// Write a debug log to standard error
    #[arg(long, short)]
    debug: bool,
    #[command(flatten)]
    will: WillArguments,
}

impl ConnectionArguments {
    /// Whether the command writes a debug log to standard error.
    pub fn is_debug(&self) -> bool {
        self.debug
    }

    /// Returns the options for the client library.
    pub fn to_options(&self) -> Result<Options, Failure> {
        self.check_version()?;
        let mut options = Options::new(self.url.clone(), self.protocol, "");
        options.connect = self.to_connect()?;
        options.tls.ca_files.clone_from(&self.ca);
        options.tls.insecure = self.insecure;
        options.tls.server_name.clone_from(&self.server_name);
        options.connect_timeout = Duration::from_secs(u64::from(self.connect_timeout));
        Ok(options)
    }

    /// Fails if an MQTT 5 feature `is_used` although an older protocol version is selected. `what` names the feature.
    pub fn require_v5(&self, is_used: bool, what: &str) -> Result<(), Failure> {
        if is_used && !self.protocol.is_v5() {
            return Err(Failure::Usage(format!(
                "error: {what}: not available in MQTT {}, use --protocol 5",
                self.protocol
            )));
        }
        Ok(())
    }

    fn check_version(&self) -> Result<(), Failure> {
        self.require_v5(self.session_expiry.is_some(), "--session-expiry")?;
        self.require_v5(self.receive_maximum.is_some(), "--receive-maximum")?;
        self.require_v5(self.packet_size_max.is_some(), "--packet-size-max")?;
        self.require_v5(!self.connect_user_property.is_empty(), "--connect-user-property")?;
        self.require_v5(self.will.is_v5_only()?, "properties of the will")
    }

    fn to_connect(&self) -> Result<Connect, Failure> {
        let mut connect = Connect::new(self.protocol, self.client_id());
        connect.clean_start = !self.no_clean_start;
        connect.keep_alive = u16::try_from(self.keep_alive)
            .map_err(|_| Failure::Usage("error: --keep-alive must be at most 65535 seconds".to_owned()))?;
        connect.session_expiry = self.session_expiry;
        connect.receive_maximum = self.receive_maximum;
        connect.packet_size_max = self.packet_size_max;
        connect.user_properties = user_properties(&self.connect_user_property)?;
        connect.will = self.will.to_will()?;
        (connect.user_name, connect.password) = self.password.read()?;
        Ok(connect)
    }

    /// Returns the client identifier. If `--id` is omitted, it is empty, so that the broker assigns one. Brokers of
    /// MQTT 3.1 cannot assign a client identifier, so for this version a client identifier is generated.
    fn client_id(&self) -> String {
        match &self.id {
            Some(id) => id.clone(),
            None if self.protocol == ProtocolVersion::V3_1 => format!("tidegate-{}", process::id()),
            None => String::new(),
        }
    }
}
