//! `tidegate check`: checks a configuration file without starting the broker, and prints the settings that apply.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use super::exit::{self, Failure};
use crate::config::{self, Config, Loaded};
use crate::development;

/// The arguments of `check`.
#[derive(Debug, Args)]
#[command(after_help = exit::EXIT_CODES_HELP)]
pub struct Arguments {
    /// Configuration file to check; optional with --effective
    #[arg(long, short, value_name = "FILE", required_unless_present = "effective")]
    config: Option<PathBuf>,
    /// Print every setting that applies: its value, and the default or the file and line that it comes from
    #[arg(long)]
    effective: bool,
}

/// Checks the configuration file. Prints its warnings, if any, and then `OK` or the settings that apply.
///
/// # Errors
/// When the configuration is invalid; the error lists every fault.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let loaded = match &arguments.config {
        Some(file) => config::load(file)?,
        None => Loaded::default(),
    };
    for warning in &loaded.warnings {
        exit::print_error(&format!("warning: {warning}"));
    }
    let file = arguments.config.as_deref().unwrap_or(Path::new(""));
    if arguments.effective {
        print_effective(loaded, file)?;
    } else {
        writeln!(io::stdout(), "{}: OK", file.display())?;
    }
    Ok(())
}

fn print_effective(loaded: Loaded, file: &Path) -> io::Result<()> {
    let mut config: Config = loaded.config;
    if config.listeners.is_none() {
        let files = development::certificate_paths(DEFAULT_DATA_FOLDER.as_ref());
        config.listeners = Some(config::development_listeners(&files).into());
    }
    let settings = config::effective(&config, file, &loaded.positions);
    let widest =
        |width: fn(&config::EffectiveSetting) -> usize| settings.iter().map(width).max().unwrap_or(0);
    let name_width = widest(|setting| setting.name.len());
    let value_width = widest(|setting| setting.value.len());
    let mut out = io::stdout().lock();
    for config::EffectiveSetting { name, value, source } in &settings {
        writeln!(out, "{name:name_width$}  {value:value_width$}  {source}")?;
    }
    Ok(())
}

/// The data folder of `tidegate serve` without `--data`.
pub(super) const DEFAULT_DATA_FOLDER: &str = "tidegate-data";
