//! An anchor that a store left behind: after a failure of the machine its state is put back, else it is just removed.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::slot::{self, Slot};
use super::{DISTRUSTED, NAME, boot_id};
use crate::disk::file;
use crate::error::OpenError;

/// Makes the data file one that LMDB can open, whatever ended its former owner; afterwards there is no anchor.
pub(in crate::disk) fn settle(folder: &Path, data: &Path) -> Result<(), OpenError> {
    let (distrusted, left) = (folder.join(DISTRUSTED), folder.join(NAME));
    settle_one(&distrusted, data, |_| Ok(true))?;
    settle_one(&left, data, |slot| Ok(slot.boot_id != boot_id()?))
}

/// Whether [`settle`] would put a former state back.
pub(in crate::disk) fn is_unsettled(folder: &Path) -> Result<bool, OpenError> {
    let (distrusted, left) = (folder.join(DISTRUSTED), folder.join(NAME));
    let slot = |path: &Path| match File::open(path).and_then(|file| newest(&file)) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        slot => slot.map_err(|source| OpenError::Io { path: path.to_owned(), source }),
    };
    let is_earlier = |slot: Slot| match boot_id() {
        Ok(id) => Ok(slot.boot_id != id),
        Err(source) => Err(OpenError::Io { path: left.clone(), source }),
    };
    Ok(slot(&distrusted)?.is_some() || slot(&left)?.map_or(Ok(false), is_earlier)?)
}

/// `restores`: whether the state of the slot is to be put back.
fn settle_one(
    path: &Path,
    data: &Path,
    restores: impl Fn(&Slot) -> io::Result<bool>,
) -> Result<(), OpenError> {
    let at = |path: &Path, source| OpenError::Io { path: path.to_owned(), source };
    let slot = match File::open(path).and_then(|file| newest(&file)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        slot => slot.map_err(|error| at(path, error))?,
    };
    let slot = match slot {
        Some(slot) if restores(&slot).map_err(|error| at(path, error))? => Some(slot),
        _ => None,
    };
    settle_data(data, slot.as_ref()).map_err(|error| at(data, error))?;
    fs::remove_file(path).map_err(|error| at(path, error))
}

/// Puts the meta pages back, when there is a slot; syncs all there is in the page cache.
fn settle_data(data: &Path, restore: Option<&Slot>) -> io::Result<()> {
    let file = match File::options().read(true).write(true).open(data) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if let Some(slot) = restore {
        tracing::warn!("the machine went down or a sync failed: going back to the last sync");
        file::put_heads(&file, &slot.heads)?;
    }
    file.sync_all()
}

/// The later of the slots that are whole. None was ever whole: nothing was committed under this anchor.
fn newest(anchor: &File) -> io::Result<Option<Slot>> {
    let mut newest: Option<Slot> = None;
    for place in slot::PLACES {
        let mut bytes = [0; slot::SIZE];
        match anchor.read_exact_at(&mut bytes, place) {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => continue,
            result => result?,
        }
        newest = newest.into_iter().chain(Slot::of(&bytes)).max_by_key(|slot| slot.turn);
    }
    Ok(newest)
}
