//! What is admitted while the store has no room, or has failed.

use crate::{Decision, Refusal};

/// The condition of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreCondition {
    /// The store accepts new data, or there is no store.
    Working,
    /// The store has no room for new data. Changes that free room are still stored.
    Full,
    /// The store has failed and will store nothing more.
    Failed,
}

/// What a new connection means for the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionInStore {
    /// Whether the session of the client is in the store.
    pub is_stored: bool,
    /// Whether the session has to be stored, because it will outlive the connection.
    pub is_to_store: bool,
    /// Whether the client asks for a new session.
    pub clean_start: bool,
}

impl StoreCondition {
    /// Decides about new data: a QoS 1 or 2 message, a subscription of a stored session, a retained message.
    pub fn admit_data(self) -> Decision {
        match self {
            Self::Working => Decision::Admit,
            Self::Full => Decision::Refuse(Refusal::StoreFull),
            Self::Failed => Decision::Refuse(Refusal::StoreFailed),
        }
    }

    /// Decides about a connection. A full store has no room to record a new session or the end of an existing one, but
    /// a client may resume its session and fetch the messages that fill the store.
    pub fn admit_connection(self, session: SessionInStore) -> Decision {
        let SessionInStore { is_stored, is_to_store, clean_start } = session;
        let resumes = is_stored && is_to_store && !clean_start;
        match self {
            _ if !is_stored && !is_to_store => Decision::Admit,
            Self::Full if resumes => Decision::Admit,
            condition => condition.admit_data(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{SessionInStore, StoreCondition};
    use crate::{Decision, Refusal};

    fn connection(condition: StoreCondition, flags: [bool; 3]) -> Decision {
        let [is_stored, is_to_store, clean_start] = flags;
        condition.admit_connection(SessionInStore { is_stored, is_to_store, clean_start })
    }

    #[test]
    fn a_full_store_admits_sessions_without_store_and_resumed_ones() {
        let full = |flags| connection(StoreCondition::Full, flags);
        assert_eq!(full([false, false, true]), Decision::Admit);
        assert_eq!(full([true, true, false]), Decision::Admit);
        for flags in [[false, true, false], [true, true, true], [true, false, false]] {
            assert_eq!(full(flags), Decision::Refuse(Refusal::StoreFull), "{flags:?}");
        }
    }

    #[test]
    fn a_failed_store_admits_only_sessions_without_store() {
        let failed = |flags| connection(StoreCondition::Failed, flags);
        assert_eq!(failed([false, false, false]), Decision::Admit);
        for flags in [[false, true, false], [true, true, false], [true, false, true]] {
            assert_eq!(failed(flags), Decision::Refuse(Refusal::StoreFailed), "{flags:?}");
        }
    }

    #[test]
    fn a_working_store_admits_everything() {
        assert_eq!(StoreCondition::Working.admit_data(), Decision::Admit);
        assert_eq!(connection(StoreCondition::Working, [true, false, true]), Decision::Admit);
    }
}
