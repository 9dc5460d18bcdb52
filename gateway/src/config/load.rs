//! Loads a `Config` from a file: reads, parses, resolves relative paths, and validates. Any error rejects the whole
//! file.

use std::fs;
use std::path::{Path, PathBuf};

use serde_saphyr::{Error, MessageFormatter, UserMessageFormatter};

use super::{Config, ConfigError, Fault, Located, Position, Positions, validate};

/// A valid configuration. The default is that of a broker without a file.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// The positions of the settings in the file.
    pub positions: Positions,
    /// Warnings about problems that do not make the configuration invalid, such as an expired certificate.
    pub warnings: Vec<String>,
}

/// Loads a configuration file and checks the files it refers to.
///
/// # Errors
/// When the file cannot be read or is invalid. If the text parses, the error lists every fault with its position.
pub fn load(file: &Path) -> Result<Loaded, ConfigError> {
    let text = fs::read_to_string(file)
        .map_err(|source| ConfigError::Unreadable { file: file.to_owned(), source })?;
    let faulty = |faults| ConfigError::Faulty { file: file.to_owned(), faults };
    let mut config = parse(&text).map_err(|fault| faulty(vec![fault]))?;
    resolve_paths(&mut config, file.parent().unwrap_or(Path::new("")));
    let positions = Positions::of(&text);
    let warnings = validate::validate(&config, &positions).map_err(faulty)?;
    Ok(Loaded { config, positions, warnings })
}

/// Parses the text of a configuration. Does not check the files it refers to.
///
/// # Errors
/// The first fault in the text.
pub fn parse(text: &str) -> Result<Config, Fault> {
    serde_saphyr::from_str_with_options(text, options()).map_err(|error| to_fault(&error))
}

/// Returns the options with which the text of a configuration is parsed.
pub(super) fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        strict_booleans: true,
        with_snippet: false,
        duplicate_keys: serde_saphyr::DuplicateKeyPolicy::Error,
        merge_keys: serde_saphyr::MergeKeyPolicy::Error,
    }
}

fn to_fault(error: &Error) -> Fault {
    let position = error.location().map(Position::from).unwrap_or_default();
    let message = UserMessageFormatter.format_message(error.without_snippet());
    Fault::new(position, message)
}

/// Resolves relative paths against the folder of the configuration file.
fn resolve_paths(config: &mut Config, folder: &Path) {
    let listeners = config.listeners.iter_mut().flat_map(|list| list.iter_mut());
    for tls in listeners.filter_map(|listener| listener.tls.as_mut()) {
        resolve(&mut tls.certificate, folder);
        resolve(&mut tls.key, folder);
    }
}

fn resolve(path: &mut Located<PathBuf>, folder: &Path) {
    **path = folder.join(&**path);
}
