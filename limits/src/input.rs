//! Backpressure towards one client: whether more is read from it.

use crate::{Decision, Until};

/// What a connection has not finished yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputLoad {
    /// Whether an operation continues in the next turn.
    pub is_busy: bool,
    /// Whether the maximum number of answers waits for a commit, or CONNACK does.
    pub are_answers_full: bool,
    /// Number of bytes that wait to be written to the client.
    pub unwritten: usize,
    /// Number of unwritten bytes above which nothing is read from the client, because it does not read what is sent to
    /// it.
    pub unwritten_max: usize,
    /// If the store cannot keep up: the commit that has to be reached before more is read.
    pub store_commit: Option<u64>,
}

impl InputLoad {
    /// Decides whether more is read from the client. Never refuses: whatever is not read waits in the network.
    #[inline]
    pub fn decide(&self) -> Decision {
        if self.is_busy {
            return Decision::Delay(Until::NextTurn);
        }
        if self.are_answers_full {
            return Decision::Delay(Until::Answers);
        }
        if self.unwritten > self.unwritten_max {
            return Decision::Delay(Until::Unwritten(self.unwritten_max));
        }
        match self.store_commit {
            Some(commit) => Decision::Delay(Until::Commit(commit)),
            None => Decision::Admit,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::InputLoad;
    use crate::{Decision, Until};

    const IDLE: InputLoad = InputLoad {
        is_busy: false,
        are_answers_full: false,
        unwritten: 10,
        unwritten_max: 10,
        store_commit: None,
    };

    #[test]
    fn a_client_is_read_unless_something_has_to_be_finished_first() {
        assert_eq!(IDLE.decide(), Decision::Admit);
        let delays = [
            (InputLoad { is_busy: true, ..IDLE }, Until::NextTurn),
            (InputLoad { are_answers_full: true, ..IDLE }, Until::Answers),
            (InputLoad { unwritten: 11, ..IDLE }, Until::Unwritten(10)),
            (InputLoad { store_commit: Some(7), ..IDLE }, Until::Commit(7)),
        ];
        for (load, until) in delays {
            assert_eq!(load.decide(), Decision::Delay(until));
        }
    }
}
