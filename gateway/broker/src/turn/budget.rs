//! The work that one turn may do, so that no client makes the others wait.

/// Units of work left. One unit is about one copy of a message to one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget(u32);

impl Budget {
    /// Creates a budget of `units`.
    #[must_use]
    pub const fn new(units: u32) -> Self {
        Self(units)
    }

    /// Subtracts `units`. An operation that has begun is finished, so a turn may spend somewhat more than its budget.
    pub fn charge(&mut self, units: u32) {
        self.0 = self.0.saturating_sub(units);
    }

    /// Whether no units are left.
    #[must_use]
    pub fn is_spent(&self) -> bool {
        self.0 == 0
    }

    /// Whether at least `units` are left.
    #[must_use]
    pub fn covers(&self, units: u32) -> bool {
        units <= self.0
    }
}
