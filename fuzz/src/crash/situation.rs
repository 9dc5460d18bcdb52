//! Situations that a long run must reach. A run that does not reach a situation does not test it.

/// A situation that a run can reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Situation {
    /// The broker crashes.
    Crashed,
    /// The broker crashes between two turns of a publish.
    CrashedBetweenTurns,
    /// A connection ends while its publish takes several turns.
    EndedBetweenTurns,
    /// A client resumes its session.
    Resumed,
    /// A CONNECT waits until a publish of the session's former connection is complete.
    WaitedForPublish,
    /// A client retransmits messages.
    ClientRetransmitted,
    /// A client connects while its former connection is open.
    TakenOver,
    /// A client receives a message at QoS 2.
    QoS2Received,
    /// A client receives a retransmitted QoS 2 message and recognises it.
    QoS2Retransmitted,
    /// A connection with a will is lost.
    WillTriggered,
}

/// Counts how often each situation occurred.
#[derive(Debug, Default, Clone)]
pub struct Situations([u64; ALL.len()]);

impl Situations {
    /// Counts a situation.
    pub(super) fn note(&mut self, situation: Situation) {
        self.0[situation as usize] += 1;
    }

    /// Counts a situation if `occurred` is true.
    pub(super) fn note_if(&mut self, occurred: bool, situation: Situation) {
        self.0[situation as usize] += u64::from(occurred);
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (count, more) in self.0.iter_mut().zip(&other.0) {
            *count += more;
        }
    }

    /// Returns each situation with the number of times it occurred.
    pub fn iter(&self) -> impl Iterator<Item = (Situation, u64)> {
        ALL.into_iter().zip(self.0)
    }

    /// Returns the situations that never occurred.
    #[must_use]
    pub fn missing(&self) -> Vec<Situation> {
        self.iter().filter(|(_, count)| *count == 0).map(|(situation, _)| situation).collect()
    }
}

const ALL: [Situation; 10] = [
    Situation::Crashed,
    Situation::CrashedBetweenTurns,
    Situation::EndedBetweenTurns,
    Situation::Resumed,
    Situation::WaitedForPublish,
    Situation::ClientRetransmitted,
    Situation::TakenOver,
    Situation::QoS2Received,
    Situation::QoS2Retransmitted,
    Situation::WillTriggered,
];
