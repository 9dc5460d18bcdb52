//! Finds the seat of a session by tenant and client identifier, or by its number. One owner a session: attach and removal happen under its shard.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use hashbrown::HashTable;
use parking_lot::{Mutex, MutexGuard};

use super::session_handle::{SessionHandle, SessionKey};

/// All sessions of the broker, in shards. A place in a table is one pointer: name and number are in the seat.
pub struct Registry {
    hasher: RandomState,
    names: Vec<Shard>,
    numbers: Vec<Shard>,
}

#[derive(Default)]
struct Shard(Mutex<HashTable<Arc<SessionHandle>>>);

impl Default for Registry {
    fn default() -> Self {
        let shards = || (0..SHARDS).map(|_| Shard::default()).collect();
        Self { hasher: RandomState::new(), names: shards(), numbers: shards() }
    }
}

impl Registry {
    /// Runs `attach` with the seat of `key`, made by `make` where there is none, while nobody else can attach or remove it.
    pub fn enter<R>(
        &self,
        key: &SessionKey,
        make: impl FnOnce() -> Arc<SessionHandle>,
        attach: impl FnOnce(&Arc<SessionHandle>) -> R,
    ) -> R {
        let hash = self.hasher.hash_one(key);
        let mut names = shard(&self.names, hash).lock();
        let handle = match names.find(hash, |handle| handle.key() == key) {
            Some(handle) => Arc::clone(handle),
            None => {
                let handle = make();
                names.insert_unique(hash, Arc::clone(&handle), |handle| self.hasher.hash_one(handle.key()));
                self.enter_number(&handle);
                handle
            }
        };
        attach(&handle)
    }

    fn enter_number(&self, handle: &Arc<SessionHandle>) {
        let hash = self.hasher.hash_one(handle.id());
        let mut numbers = shard(&self.numbers, hash).lock();
        numbers.insert_unique(hash, Arc::clone(handle), |handle| self.hasher.hash_one(handle.id()));
    }

    /// Forgets the seat when `ended` still holds for it.
    pub fn remove_if(&self, handle: &Arc<SessionHandle>, ended: impl FnOnce(&SessionHandle) -> bool) -> bool {
        let hash = self.hasher.hash_one(handle.key());
        let mut names = shard(&self.names, hash).lock();
        let Ok(place) = names.find_entry(hash, |present| Arc::ptr_eq(present, handle)) else { return false };
        if !ended(handle) {
            return false;
        }
        place.remove();
        let hash = self.hasher.hash_one(handle.id());
        let mut numbers = shard(&self.numbers, hash).lock();
        if let Ok(place) = numbers.find_entry(hash, |present| Arc::ptr_eq(present, handle)) {
            place.remove();
        }
        true
    }

    /// The seat of the session with this number.
    #[must_use]
    pub fn find(&self, id: u64) -> Option<Arc<SessionHandle>> {
        let hash = self.hasher.hash_one(id);
        shard(&self.numbers, hash).lock().find(hash, |handle| handle.id() == id).cloned()
    }

    /// The seat of the session of that name.
    #[must_use]
    pub fn get(&self, key: &SessionKey) -> Option<Arc<SessionHandle>> {
        let hash = self.hasher.hash_one(key);
        shard(&self.names, hash).lock().find(hash, |handle| handle.key() == key).cloned()
    }

    /// The sessions of one of the shards, which are numbered from 0; `None` beyond the last.
    pub(crate) fn shard(&self, index: usize) -> Option<Vec<Arc<SessionHandle>>> {
        self.names.get(index).map(|shard| shard.lock().iter().cloned().collect())
    }

    /// All sessions at about this moment, a shard at a time.
    pub fn for_each(&self, mut visit: impl FnMut(&Arc<SessionHandle>)) {
        for shard in &self.names {
            let handles: Vec<_> = shard.lock().iter().cloned().collect();
            handles.iter().for_each(&mut visit);
        }
    }

    /// Number of sessions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.iter().map(|shard| shard.lock().len()).sum()
    }

    /// True without a session.
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

/// The tables themselves go by the other bits of the hash.
fn shard(shards: &[Shard], hash: u64) -> &Shard {
    let index = usize::try_from(hash >> 32).unwrap_or(0) % SHARDS;
    let Some(shard) = shards.get(index) else { unreachable!("the remainder is below the number of shards") };
    shard
}

const SHARDS: usize = 256;
