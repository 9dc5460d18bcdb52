//! Finds the seat of a session by tenant and client identifier, or by its number. One owner a session: attach and removal happen under its shard.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::Arc;

use parking_lot::Mutex;

use super::seat::{Seat, SessionKey};

/// All sessions of the broker, in shards.
pub struct Registry {
    hasher: std::collections::hash_map::RandomState,
    shards: Vec<Mutex<HashMap<SessionKey, Arc<Seat>>>>,
    numbers: Vec<Mutex<HashMap<u64, Arc<Seat>>>>,
}

impl Default for Registry {
    fn default() -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::new(HashMap::new())).collect();
        let numbers = (0..SHARDS).map(|_| Mutex::new(HashMap::new())).collect();
        Self { hasher: std::collections::hash_map::RandomState::new(), shards, numbers }
    }
}

impl Registry {
    /// Runs `attach` with the seat of `key`, made by `make` where there is none, while nobody else can attach or remove it.
    pub fn enter<R>(
        &self,
        key: &SessionKey,
        make: impl FnOnce() -> Arc<Seat>,
        attach: impl FnOnce(&Arc<Seat>) -> R,
    ) -> R {
        let mut shard = self.shard(key).lock();
        let seat = match shard.get(key) {
            Some(seat) => Arc::clone(seat),
            None => {
                let seat = make();
                shard.insert(key.clone(), Arc::clone(&seat));
                self.numbered(seat.id()).lock().insert(seat.id(), Arc::clone(&seat));
                seat
            }
        };
        attach(&seat)
    }

    /// Forgets the seat when `ended` still holds for it.
    pub fn remove_if(&self, seat: &Arc<Seat>, ended: impl FnOnce(&Seat) -> bool) -> bool {
        let mut shard = self.shard(seat.key()).lock();
        let same = shard.get(seat.key()).is_some_and(|present| Arc::ptr_eq(present, seat));
        if same && ended(seat) {
            shard.remove(seat.key());
            self.numbered(seat.id()).lock().remove(&seat.id());
            return true;
        }
        false
    }

    /// The seat of the session with this number.
    #[must_use]
    pub fn find(&self, id: u64) -> Option<Arc<Seat>> {
        self.numbered(id).lock().get(&id).cloned()
    }

    /// The seat of the session of that name.
    #[must_use]
    pub fn get(&self, key: &SessionKey) -> Option<Arc<Seat>> {
        self.shard(key).lock().get(key).cloned()
    }

    /// All seats at about this moment, a shard at a time.
    pub fn for_each(&self, mut visit: impl FnMut(&Arc<Seat>)) {
        for shard in &self.shards {
            let seats: Vec<_> = shard.lock().values().cloned().collect();
            seats.iter().for_each(&mut visit);
        }
    }

    /// Number of sessions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().len()).sum()
    }

    /// True without a session.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn numbered(&self, id: u64) -> &Mutex<HashMap<u64, Arc<Seat>>> {
        let index = usize::try_from(id % u64::from(SHARDS)).unwrap_or(0);
        let Some(shard) = self.numbers.get(index) else {
            unreachable!("the remainder is below the number of shards")
        };
        shard
    }

    fn shard(&self, key: &SessionKey) -> &Mutex<HashMap<SessionKey, Arc<Seat>>> {
        let hash = usize::try_from(self.hasher.hash_one(key) % u64::from(SHARDS)).unwrap_or(0);
        let Some(shard) = self.shards.get(hash) else {
            unreachable!("the remainder is below the number of shards")
        };
        shard
    }
}

const SHARDS: u32 = 256;
