//! Decides how the broker reacts to each signal, depending on the signals received before.

use tokio::signal::unix::SignalKind;

/// A signal that the broker handles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    Hangup,
    User1,
    User2,
    Alarm,
    Terminate,
    Interrupt,
    Quit,
}

/// The reaction to a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    Stop,
    Reload,
    LogCounters,
    Ignore,
    /// End the process at once: the broker has not opened its listeners yet.
    EndStart,
    /// End the process at once: the operator does not want to wait for the stop in progress.
    EndAtOnce,
}

/// The state that results from the signals received so far.
#[derive(Debug, Default)]
pub(super) struct State {
    is_stopping: bool,
}

impl State {
    /// Decides how to react to the next signal. `is_started` says whether the broker may have connections, which it has
    /// to drain before it stops.
    pub(super) fn decide(&mut self, signal: Signal, is_started: bool) -> Decision {
        match signal {
            Signal::Hangup => Decision::Reload,
            Signal::User1 => Decision::LogCounters,
            Signal::User2 | Signal::Alarm => Decision::Ignore,
            Signal::Terminate | Signal::Interrupt | Signal::Quit if !is_started => Decision::EndStart,
            Signal::Terminate | Signal::Interrupt if self.is_stopping => Decision::EndAtOnce,
            Signal::Terminate | Signal::Interrupt | Signal::Quit => {
                self.is_stopping = true;
                Decision::Stop
            }
        }
    }
}

impl Signal {
    /// All signals that the broker handles.
    pub(super) const ALL: [Self; 7] =
        [Self::Hangup, Self::User1, Self::User2, Self::Alarm, Self::Terminate, Self::Interrupt, Self::Quit];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Hangup => "SIGHUP",
            Self::User1 => "SIGUSR1",
            Self::User2 => "SIGUSR2",
            Self::Alarm => "SIGALRM",
            Self::Terminate => "SIGTERM",
            Self::Interrupt => "SIGINT",
            Self::Quit => "SIGQUIT",
        }
    }

    pub(super) fn kind(self) -> SignalKind {
        match self {
            Self::Hangup => SignalKind::hangup(),
            Self::User1 => SignalKind::user_defined1(),
            Self::User2 => SignalKind::user_defined2(),
            Self::Alarm => SignalKind::alarm(),
            Self::Terminate => SignalKind::terminate(),
            Self::Interrupt => SignalKind::interrupt(),
            Self::Quit => SignalKind::quit(),
        }
    }
}
