//! What a long run has to come across, or it tests nothing.

/// Something that happens in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Situation {
    /// The broker crashes.
    Crashed,
    /// The broker crashes between two turns of a publish.
    CrashedBetweenTurns,
    /// A connection ends while its publish takes several turns.
    EndedBetweenTurns,
    /// A client continues its session.
    Resumed,
    /// A CONNECT waits for a publish of the session's former connection.
    WaitedForPublish,
    /// A client sends messages once more.
    Retransmitted,
    /// A client connects while its former connection is open.
    TakenOver,
    /// A client receives a message at QoS 2.
    ExactlyOnce,
    /// A client receives a message at QoS 2 once more, and recognises it.
    Repeated,
    /// A connection with a will is lost.
    WillCaused,
}

/// How often each situation was seen.
#[derive(Debug, Default, Clone)]
pub struct Situations([u64; ALL.len()]);

impl Situations {
    /// It is seen.
    pub(super) fn note(&mut self, situation: Situation) {
        self.0[situation as usize] += 1;
    }

    /// It is seen, if so.
    pub(super) fn note_if(&mut self, is_so: bool, situation: Situation) {
        self.0[situation as usize] += u64::from(is_so);
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (count, more) in self.0.iter_mut().zip(&other.0) {
            *count += more;
        }
    }

    /// Each situation, and how often it was seen.
    pub fn iter(&self) -> impl Iterator<Item = (Situation, u64)> {
        ALL.into_iter().zip(self.0)
    }

    /// Those that were never seen.
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
    Situation::Retransmitted,
    Situation::TakenOver,
    Situation::ExactlyOnce,
    Situation::Repeated,
    Situation::WillCaused,
];
