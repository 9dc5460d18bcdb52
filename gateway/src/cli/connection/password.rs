//! User name and password. The command line takes no password, because other users could see it there.

use std::path::PathBuf;
use std::{env, fs};

use bytes::Bytes;
use clap::Args;

use crate::cli::Failure;

/// User name and password.
#[derive(Debug, Args)]
pub struct PasswordArguments {
    /// User name for the broker
    #[arg(long, short, visible_alias = "username", value_name = "NAME")]
    user: Option<String>,
    /// File with the password in its first line
    #[arg(long, value_name = "FILE", requires = "user", conflicts_with = "password_env")]
    password_file: Option<PathBuf>,
    /// Environment variable with the password
    #[arg(long, value_name = "VARIABLE", requires = "user")]
    password_env: Option<String>,
}

impl PasswordArguments {
    /// Returns the user name and password for CONNECT.
    pub fn read(&self) -> Result<(Option<String>, Option<Bytes>), Failure> {
        Ok((self.user.clone(), self.password()?.map(Bytes::from)))
    }

    fn password(&self) -> Result<Option<String>, Failure> {
        if let Some(file) = &self.password_file {
            let unreadable =
                |error| Failure::Usage(format!("error: cannot read {}: {error}", file.display()));
            let text = fs::read_to_string(file).map_err(unreadable)?;
            return Ok(Some(text.lines().next().unwrap_or_default().to_owned()));
        }
        let Some(variable) = &self.password_env else { return Ok(None) };
        let missing = |_| {
            Failure::Usage(format!("error: the environment variable {variable} is not set, or is not UTF-8"))
        };
        env::var(variable).map(Some).map_err(missing)
    }
}
