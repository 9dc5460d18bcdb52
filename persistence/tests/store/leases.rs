//! A session has one owner: if several nodes name the same epoch, only one of them gets the lease.

use std::sync::Arc;

use tidegate_persistence::{Lease, LeaseEpoch, LeaseRefused, Memory, NodeId, SessionId, Store};

use crate::harness::Harness;
use crate::watch::Watch;

const SESSION: SessionId = SessionId(7);
const FIRST: NodeId = NodeId(1);
const SECOND: NodeId = NodeId(2);

/// Calls `test` with a store of each kind.
fn with_each_store(test: impl Fn(&dyn Store)) {
    Harness::new().with_store(|store, _| test(store));
    test(&Memory::new(Arc::<Watch>::default()));
}

fn refused(current: Option<Lease>) -> LeaseRefused {
    LeaseRefused { session: SESSION, current }
}

#[test]
fn a_lease_is_taken_renewed_and_returned() {
    with_each_store(|store| {
        let lease = store.leases().take(SESSION, FIRST, None).unwrap();
        assert_eq!((lease.session, lease.holder), (SESSION, FIRST));
        assert_eq!(store.leases().renew(&lease), Ok(()));
        assert_eq!(store.leases().take(SESSION, SECOND, None), Err(refused(Some(lease))));
        assert_eq!(store.leases().give_back(&lease), Ok(()));
        assert_eq!(store.leases().renew(&lease), Err(refused(None)));
        assert!(store.leases().take(SESSION, SECOND, None).is_ok());
    });
}

#[test]
fn a_stale_epoch_is_refused() {
    with_each_store(|store| {
        let former = store.leases().take(SESSION, FIRST, None).unwrap();
        let lease = store.leases().take(SESSION, SECOND, Some(former.epoch)).unwrap();
        assert!(lease.epoch > former.epoch);
        for refusal in [
            store.leases().take(SESSION, FIRST, Some(former.epoch)).map(drop),
            store.leases().renew(&former),
            store.leases().give_back(&former),
        ] {
            assert_eq!(refusal, Err(refused(Some(lease))));
        }
        assert_eq!(store.leases().renew(&lease), Ok(()));
    });
}

#[test]
fn an_epoch_is_not_used_again_after_its_lease_was_returned() {
    with_each_store(|store| {
        let returned = store.leases().take(SESSION, FIRST, None).unwrap();
        store.leases().give_back(&returned).unwrap();
        let lease = store.leases().take(SESSION, FIRST, None).unwrap();
        assert!(lease.epoch > returned.epoch);
        assert_eq!(store.leases().give_back(&returned), Err(refused(Some(lease))));
        assert_eq!(store.leases().take(SESSION, FIRST, Some(LeaseEpoch(0))), Err(refused(Some(lease))));
    });
}

#[test]
fn one_of_many_nodes_gets_the_lease() {
    with_each_store(|store| {
        let first = store.leases().take(SESSION, FIRST, None).unwrap();
        let taken = std::thread::scope(|scope| {
            let threads: Vec<_> = (2..10)
                .map(|node| {
                    scope.spawn(move || store.leases().take(SESSION, NodeId(node), Some(first.epoch)).is_ok())
                })
                .collect();
            threads.into_iter().filter_map(|thread| thread.join().ok()).filter(|taken| *taken).count()
        });
        assert_eq!(taken, 1);
    });
}
