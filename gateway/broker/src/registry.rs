//! Finds the handle of a session by tenant and client identifier, or by session id. Attaching a connection to a session
//! and removing the session both happen under the lock of its shard, so a session never has two owners.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use hashbrown::HashTable;
use parking_lot::{Mutex, MutexGuard};

use super::session_handle::{SessionHandle, SessionKey};

/// All sessions of the broker, in sharded hash tables. A table slot is one pointer: the handle holds the key and the
/// id.
pub struct Registry {
    hasher: RandomState,
    by_key: Vec<Shard>,
    by_id: Vec<Shard>,
}

/// The key of a session with its hash in a registry, which is computed once per connection.
pub struct HashedKey {
    pub(crate) key: SessionKey,
    pub(crate) hash: u64,
}

#[derive(Default)]
struct Shard(Mutex<HashTable<Arc<SessionHandle>>>);

impl Default for Registry {
    fn default() -> Self {
        let shards = || (0..SHARD_COUNT).map(|_| Shard::default()).collect();
        Self { hasher: RandomState::new(), by_key: shards(), by_id: shards() }
    }
}

impl Registry {
    /// Runs `attach` with the handle of the session `key`. If there is no such session, `create` creates it. Until
    /// `attach` returns, no other thread can attach to the session or remove it.
    pub fn enter<R>(
        &self,
        key: SessionKey,
        create: impl FnOnce(HashedKey) -> Arc<SessionHandle>,
        attach: impl FnOnce(&Arc<SessionHandle>) -> R,
    ) -> R {
        let hashed = self.hash(key);
        let (hash, key) = (hashed.hash, &hashed.key);
        let mut by_key = shard_of(&self.by_key, hash).lock();
        let handle = match by_key.find(hash, |handle| handle.key() == key) {
            Some(handle) => Arc::clone(handle),
            None => {
                let handle = create(hashed);
                by_key.insert_unique(hash, Arc::clone(&handle), |handle| handle.key_hash());
                self.insert_by_id(&handle);
                handle
            }
        };
        attach(&handle)
    }

    /// Hashes the key of a session.
    pub(crate) fn hash(&self, key: SessionKey) -> HashedKey {
        HashedKey { hash: self.hasher.hash_one(&key), key }
    }

    fn insert_by_id(&self, handle: &Arc<SessionHandle>) {
        let hash = hash_id(handle.id());
        let mut by_id = shard_of(&self.by_id, hash).lock();
        by_id.insert_unique(hash, Arc::clone(handle), |handle| hash_id(handle.id()));
    }

    /// Removes a session if `ended` returns true for it under the lock of its shard. Returns whether the session was
    /// removed.
    pub fn remove_if(&self, handle: &Arc<SessionHandle>, ended: impl FnOnce(&SessionHandle) -> bool) -> bool {
        let hash = handle.key_hash();
        let mut by_key = shard_of(&self.by_key, hash).lock();
        let Ok(entry) = by_key.find_entry(hash, |present| Arc::ptr_eq(present, handle)) else { return false };
        if !ended(handle) {
            return false;
        }
        entry.remove();
        let hash = hash_id(handle.id());
        let mut by_id = shard_of(&self.by_id, hash).lock();
        if let Ok(entry) = by_id.find_entry(hash, |present| Arc::ptr_eq(present, handle)) {
            entry.remove();
        }
        true
    }

    /// Returns the handle of the session with this id.
    #[must_use]
    pub fn find(&self, id: u64) -> Option<Arc<SessionHandle>> {
        let hash = hash_id(id);
        shard_of(&self.by_id, hash).lock().find(hash, |handle| handle.id() == id).cloned()
    }

    /// Returns the handle of the session with this key.
    #[must_use]
    pub fn get(&self, key: &SessionKey) -> Option<Arc<SessionHandle>> {
        let hash = self.hasher.hash_one(key);
        shard_of(&self.by_key, hash).lock().find(hash, |handle| handle.key() == key).cloned()
    }

    /// Returns the sessions of the shard `index`, which counts from 0; `None` beyond the last shard.
    pub(crate) fn sessions_of_shard(&self, index: usize) -> Option<Vec<Arc<SessionHandle>>> {
        self.by_key.get(index).map(|shard| shard.lock().iter().cloned().collect())
    }

    /// Calls `visit` for every session, one shard at a time. No lock of the registry is held while `visit` runs.
    /// Sessions that are added or removed during the call may be missed.
    pub fn for_each(&self, mut visit: impl FnMut(&Arc<SessionHandle>)) {
        for shard in &self.by_key {
            let handles: Vec<_> = shard.lock().iter().cloned().collect();
            handles.iter().for_each(&mut visit);
        }
    }

    /// Returns the number of sessions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_key.iter().map(|shard| shard.lock().len()).sum()
    }

    /// Whether there is no session.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Shard {
    fn lock(&self) -> MutexGuard<'_, HashTable<Arc<SessionHandle>>> {
        self.0.lock()
    }
}

/// Returns the hash of a session id. The broker assigns the ids one after the other, so no client can choose ids with
/// equal hashes, and a multiplication (Fibonacci hashing) distributes them evenly.
fn hash_id(id: u64) -> u64 {
    id.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Returns the shard of a hash. The upper half of the hash selects the shard, because the hash table uses the lower
/// bits.
fn shard_of(shards: &[Shard], hash: u64) -> &Shard {
    let index = usize::try_from(hash >> 32).unwrap_or(0) % SHARD_COUNT;
    let Some(shard) = shards.get(index) else { unreachable!("the remainder is below the number of shards") };
    shard
}

/// Number of locks among which the sessions are divided: far more than cores, so that two cores rarely need the same
/// one.
const SHARD_COUNT: usize = 256;
