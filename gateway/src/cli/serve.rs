//! `tidegate serve`: gathers what the broker needs and runs it.

use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

use clap::Args;
use tracing::{error, info, warn};

use super::exit::{self, Failure};
use crate::config::{self, Config, Level, Loaded, LogFormat};
use crate::{development, logging, serve};

/// What `serve` is called with.
#[derive(Debug, Args)]
#[command(after_help = exit::CODES)]
pub struct Arguments {
    /// The configuration file. Without one, every transport listens on loopback, for anyone, with a development
    /// certificate
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder for what the broker keeps; made if it is not there
    #[arg(long, short, value_name = "DIR", default_value = "tidegate-data")]
    data: PathBuf,
    /// How log lines look, whatever the configuration says
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<LogFormat>,
    /// The least severe level that is logged, whatever the configuration says
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<Level>,
}

/// Serves until SIGTERM or SIGINT, then drains.
///
/// # Errors
/// When the configuration is wrong or the broker cannot start.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Loaded { mut config, warnings } = load(arguments)?;
    config.log.format = arguments.log_format.unwrap_or(config.log.format);
    config.log.level = arguments.log_level.unwrap_or(config.log.level);
    logging::start(config.log);
    warnings.iter().for_each(|warning| warn!("{warning}"));
    start(config, arguments).map_err(|error| {
        error!("{error}");
        Failure::AlreadyReported
    })
}

fn load(arguments: &Arguments) -> Result<Loaded, Failure> {
    match &arguments.config {
        Some(file) => Ok(config::load(file)?),
        None => Ok(Loaded { config: Config::default(), warnings: Vec::new() }),
    }
}

fn start(mut config: Config, arguments: &Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let data = &arguments.data;
    fs::create_dir_all(data).map_err(|error| format!("{}: {error}", data.display()))?;
    if config.listeners.is_none() {
        let certificates = development::certificates(data, SystemTime::now())?;
        let authority = fs::canonicalize(&certificates.authority).unwrap_or(certificates.authority.clone());
        info!(ca = %authority.display(), "development certificate: clients trust this file");
        config.listeners = Some(config::development_listeners(&certificates.tls_files()).into());
    }
    Ok(serve::run(&config, data)?)
}
