//! Loads what survived the last crash. There is nothing to maintain.

use std::path::Path;

use tidegate_persistence::{
    Contents, Directory, Findings, Item, Leases, LoadError, Maintenance, Progress, ReadError, SessionId,
    SnapshotError, Written,
};

use super::CrashStore;

impl Directory for CrashStore {
    fn load(&self, visit: &mut dyn FnMut(Item<'_>, Progress)) -> Result<(), LoadError> {
        self.state.lock().disk.contents.load(visit);
        Ok(())
    }

    fn load_session(&self, session: SessionId, visit: &mut dyn FnMut(Item<'_>)) -> Result<(), LoadError> {
        self.state.lock().disk.contents.load_session(session, visit);
        Ok(())
    }

    fn leases(&self) -> &dyn Leases {
        &self.leases
    }
}

impl Maintenance for CrashStore {
    fn snapshot(&self, _: &Path) -> Result<Written, ReadError> {
        Err(SnapshotError::NothingStored.into())
    }

    fn check(&self) -> Result<Findings, ReadError> {
        Ok(Findings::default())
    }

    fn contents(&self) -> Result<Contents, ReadError> {
        Ok(Contents::default())
    }
}
