//! What is put around the broker's process: a command in wrapper of it, variables in its environment.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

/// How the broker is started; by default with nothing around it.
#[derive(Clone, Debug, Default)]
pub struct LaunchOptions {
    wrapper: Vec<OsString>,
    variables: Vec<(OsString, OsString)>,
}

impl LaunchOptions {
    /// The same wrapped_in another command, which is given the broker's as its last arguments.
    #[must_use]
    pub fn wrapped_in(mut self, wrapper: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        self.wrapper.extend(wrapper.into_iter().map(Into::into));
        self
    }

    /// The same with one more variable of the environment.
    #[must_use]
    pub fn with_variable(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// The command that starts `program` in them.
    #[must_use]
    pub fn command(&self, program: &Path) -> Command {
        let mut words = self.wrapper.iter().map(OsString::as_os_str).chain([program.as_os_str()]);
        let mut command = Command::new(words.next().unwrap_or(program.as_os_str()));
        command.args(words).envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }
}
