//! Options for launching the broker's process: a wrapper command, additional environment variables and preloaded
//! libraries.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::Command;

/// Launch options. The default has no wrapper, variables or libraries.
#[derive(Clone, Debug, Default)]
pub struct LaunchOptions {
    wrapper: Vec<OsString>,
    variables: Vec<(OsString, OsString)>,
    preloaded: Vec<OsString>,
}

impl LaunchOptions {
    /// Appends words of a wrapper command. The broker's command line follows as its last arguments.
    #[must_use]
    pub fn wrapped_in(mut self, wrapper: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        self.wrapper.extend(wrapper.into_iter().map(Into::into));
        self
    }

    /// Adds an environment variable.
    #[must_use]
    pub fn with_variable(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// Loads a library before all others (LD_PRELOAD).
    #[must_use]
    pub fn preloading(mut self, library: impl Into<OsString>) -> Self {
        self.preloaded.push(library.into());
        self
    }

    /// Returns the command that starts `program` with these options.
    #[must_use]
    pub fn command(&self, program: &Path) -> Command {
        let mut words = self.wrapper.iter().map(OsString::as_os_str).chain([program.as_os_str()]);
        let mut command = Command::new(words.next().unwrap_or(program.as_os_str()));
        command.args(words).envs(self.variables.iter().map(|(name, value)| (name, value)));
        if !self.preloaded.is_empty() {
            command.env("LD_PRELOAD", self.preloaded.join(OsStr::new(":")));
        }
        command
    }
}
