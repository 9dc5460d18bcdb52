//! Models the lifecycle of a session and its will. A session is attached, detached or ended.

use std::time::{Duration, Instant};

use tidegate_mqtt::{ReasonCode, Will};
use tidegate_session::{Cause, Negotiated};

/// The expected state of the session.
pub(super) struct LifecycleModel {
    state: State,
    will: Option<Will>,
    expiry: u32,
    expiry_max: u32,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Ended,
    Attached,
    Detached { will_at: Option<Instant>, ends_at: Option<Instant> },
}

/// The expected result of an event: the will that must be published, and whether the session ends.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) will: Option<Will>,
    pub(super) session_ended: bool,
}

impl LifecycleModel {
    pub(super) fn new(expiry_max: u32) -> Self {
        Self { state: State::Ended, will: None, expiry: 0, expiry_max }
    }

    /// Attaches a connection. Returns whether the connection resumes the session, and the expected result of the event.
    pub(super) fn attach(&mut self, negotiated: &Negotiated, now: Instant) -> (bool, Outcome) {
        let mut outcome = Outcome::default();
        if self.state == State::Attached {
            outcome = self.detach(Cause::Takeover, now);
        }
        let due = self.timeout(now);
        outcome.will = outcome.will.or(due.will);
        let present = self.state != State::Ended && !negotiated.clean_start;
        if self.state != State::Ended && negotiated.clean_start {
            outcome.will = outcome.will.or(self.will.take());
        }
        self.state = State::Attached;
        self.expiry = negotiated.session_expiry;
        self.will = negotiated.will.clone();
        (present, outcome)
    }

    pub(super) fn detach(&mut self, cause: Cause, now: Instant) -> Outcome {
        let mut keeps_will = true;
        if let Cause::Disconnect { reason, session_expiry } = cause {
            let raised = self.expiry == 0 && session_expiry.is_some_and(|requested| requested > 0);
            keeps_will = raised || reason != ReasonCode::Success;
            if !raised {
                self.expiry = session_expiry.unwrap_or(self.expiry).min(self.expiry_max);
            }
        }
        if !keeps_will {
            self.will = None;
        }
        if self.expiry == 0 {
            return self.end();
        }
        let after = |seconds: u32| now.checked_add(Duration::from_secs(seconds.into()));
        let ends_at = if self.expiry == u32::MAX { None } else { after(self.expiry) };
        let delay = self.will.as_ref().map_or(0, |will| will.delay.min(self.expiry));
        let will_at = if delay == 0 { None } else { after(delay) };
        self.state = State::Detached { will_at, ends_at };
        Outcome { will: if delay == 0 { self.will.take() } else { None }, session_ended: false }
    }

    /// Returns the expected result of a timeout at `now`.
    pub(super) fn timeout(&mut self, now: Instant) -> Outcome {
        let State::Detached { will_at, ends_at } = self.state else { return Outcome::default() };
        if ends_at.is_some_and(|at| at <= now) {
            return self.end();
        }
        if will_at.is_some_and(|at| at <= now) {
            self.state = State::Detached { will_at: None, ends_at };
            return Outcome { will: self.will.take(), session_ended: false };
        }
        Outcome::default()
    }

    /// Returns the next time at which the will or the end of the session is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        match self.state {
            State::Detached { will_at, ends_at } => will_at.into_iter().chain(ends_at).min(),
            State::Ended | State::Attached => None,
        }
    }

    pub(super) fn is_attached(&self) -> bool {
        self.state == State::Attached
    }

    fn end(&mut self) -> Outcome {
        self.state = State::Ended;
        Outcome { will: self.will.take(), session_ended: true }
    }
}
