//! The order in which a core polls its connections: those that were woken, first in, first out, or fairly by tenant.

use std::collections::{BTreeMap, VecDeque};

/// The order in which ready connections are polled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The connection that was woken first is polled first.
    #[default]
    FirstInFirstOut,
    /// The tenants take turns. Within a tenant, the connection that was woken first is polled first.
    ByTenant,
}

/// The ready connections of a core. `T` stands for a connection.
#[derive(Debug)]
pub(super) enum ReadyQueue<T> {
    FirstInFirstOut(VecDeque<T>),
    ByTenant {
        /// The ready connections of each tenant that has any.
        tenants: BTreeMap<u64, VecDeque<T>>,
        /// The tenant whose connection was taken last.
        last: u64,
    },
}

impl<T> ReadyQueue<T> {
    pub(super) fn new(order: Order) -> Self {
        match order {
            Order::FirstInFirstOut => Self::FirstInFirstOut(VecDeque::new()),
            Order::ByTenant => Self::ByTenant { tenants: BTreeMap::new(), last: 0 },
        }
    }

    /// Adds a connection of the tenant with this number.
    pub(super) fn push(&mut self, tenant: u64, connection: T) {
        match self {
            Self::FirstInFirstOut(queue) => queue.push_back(connection),
            Self::ByTenant { tenants, .. } => tenants.entry(tenant).or_default().push_back(connection),
        }
    }

    /// Takes the next connection.
    pub(super) fn pop(&mut self) -> Option<T> {
        match self {
            Self::FirstInFirstOut(queue) => queue.pop_front(),
            Self::ByTenant { tenants, last } => {
                let following = tenants.range(*last + 1..).next().or_else(|| tenants.iter().next());
                let tenant = *following?.0;
                *last = tenant;
                let queue = tenants.get_mut(&tenant)?;
                let connection = queue.pop_front();
                if queue.is_empty() {
                    tenants.remove(&tenant);
                }
                connection
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Order, ReadyQueue};

    fn drain(order: Order) -> Vec<(u64, u32)> {
        let mut queue = ReadyQueue::new(order);
        for connection in [(1, 1), (1, 2), (1, 3), (2, 4), (3, 5), (2, 6)] {
            queue.push(connection.0, connection);
        }
        let taken: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(queue.pop(), None);
        taken
    }

    #[test]
    fn connections_are_served_in_the_order_in_which_they_were_woken() {
        assert_eq!(drain(Order::FirstInFirstOut), [(1, 1), (1, 2), (1, 3), (2, 4), (3, 5), (2, 6)]);
    }

    #[test]
    fn tenants_take_turns() {
        assert_eq!(drain(Order::ByTenant), [(1, 1), (2, 4), (3, 5), (1, 2), (2, 6), (1, 3)]);
    }
}
