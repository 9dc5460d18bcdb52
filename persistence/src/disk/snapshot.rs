//! A consistent copy of the store in one file, made while it works on.

use std::fs::{self, File};
use std::path::Path;

use heed::CompactionOption;

use super::engine::Map;
use super::fault::Fault;
use crate::error::{Reason, SnapshotError};

/// Copies the present state to a new file, without its holes, and syncs it. A file that is there is not touched.
pub(super) fn snapshot(map: &Map, path: &Path) -> Result<(), SnapshotError> {
    let failed = |source| SnapshotError::Io { path: path.to_owned(), source };
    let mut file = File::options().write(true).create_new(true).open(path).map_err(failed)?;
    let copied = copy(map, &mut file).and_then(|()| file.sync_all().map_err(failed));
    if copied.is_err()
        && let Err(error) = fs::remove_file(path)
    {
        tracing::warn!(%error, "a snapshot that failed cannot be removed");
    }
    copied
}

fn copy(map: &Map, file: &mut File) -> Result<(), SnapshotError> {
    let _still = map.hold_still().map_err(Reason::from)?;
    let copied = map.env().copy_to_file(file, CompactionOption::Enabled);
    copied.map_err(|error| SnapshotError::Engine(Reason::from(Fault::from(error))))
}
