//! `tidegate serve`: loads the configuration, prepares the data folder, and runs the broker.

use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

use clap::Args;
use tidegate_persistence::{check_access, create_private_folder};
use tracing::{error, info, warn};

use super::check::DEFAULT_DATA_FOLDER;
use super::exit::{self, Failure};
use crate::config::{self, Config, Level, Loaded, LogFormat};
use crate::{development, logging, serve};

/// The arguments of `serve`.
#[derive(Debug, Args)]
#[command(after_help = format!("{SIGNALS_HELP}\n\n{}", exit::EXIT_CODES_HELP))]
pub struct Arguments {
    /// Configuration file. Without it, every transport listens on loopback only, with a development certificate
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder for the store and the development certificate; created if missing
    #[arg(long, short, value_name = "DIR", default_value = DEFAULT_DATA_FOLDER)]
    data: PathBuf,
    /// Format of log lines; overrides the configuration
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<LogFormat>,
    /// Least severe level to log; overrides the configuration
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<Level>,
}

/// Runs the broker until SIGTERM, SIGINT or SIGQUIT, then drains its connections.
///
/// # Errors
/// When the configuration is invalid or the broker cannot start.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Loaded { mut config, warnings, .. } = load(arguments)?;
    config.log.format = arguments.log_format.unwrap_or(config.log.format);
    config.log.level = arguments.log_level.unwrap_or(config.log.level);
    let _flush = logging::start(config.log)?;
    warnings.iter().for_each(|warning| warn!("{warning}"));
    start(config, arguments).map_err(|error| {
        error!("{error}");
        Failure::AlreadyReported
    })
}

fn load(arguments: &Arguments) -> Result<Loaded, Failure> {
    match &arguments.config {
        Some(file) => Ok(config::load(file)?),
        None => Ok(Loaded::default()),
    }
}

fn start(mut config: Config, arguments: &Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let data = &arguments.data;
    create_private_folder(data)
        .map_err(|error| format!("cannot create the data folder {}: {error}", data.display()))?;
    check_access(data)?;
    if config.listeners.is_none() {
        let certificates = development::prepare_certificates(data, SystemTime::now())?;
        let authority = fs::canonicalize(&certificates.authority).unwrap_or(certificates.authority.clone());
        info!(ca = %authority.display(), "using a development certificate; clients must trust this CA file");
        config.listeners = Some(config::development_listeners(&certificates.tls_files()).into());
    }
    Ok(serve::run(&config, data, Vec::new())?)
}

/// The signals, as `--help` lists them.
const SIGNALS_HELP: &str = "\
Signals:
  SIGTERM, SIGINT   drain the connections for at most `drain_timeout`, and exit. The second of
                    these signals ends the broker at once, with exit code 1
  SIGQUIT           drain the connections for at most `drain_timeout`, and exit
  SIGHUP            reload the certificates of all listeners; ignored under nohup
  SIGUSR1           log the counters
  SIGUSR2, SIGALRM  ignored";
