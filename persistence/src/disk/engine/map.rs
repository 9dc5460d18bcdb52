//! The LMDB environment and its memory map, shared by the writer and readers. A lock prevents reads while the map is
//! resized.

use std::mem;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use heed::{Env, EnvFlags, FlagSetMode, RoTxn, WithoutTls};
use parking_lot::{Mutex, RwLock, RwLockReadGuard};
use tidegate_limits::memory;

use crate::config::Config;
use crate::disk::fault::Fault;
use crate::disk::file;
use crate::disk::lock::Lock;
use crate::disk::tables::{SCHEMA, SCHEMA_KEY, Tables};

/// The environment and its tables.
pub(in crate::disk) struct Map {
    env: Env<WithoutTls>,
    tables: Tables,
    folder: PathBuf,
    /// Whether LMDB has a map. `false` after a failed resize; the store must not be read then. Readers hold this lock
    /// for reading, and the writer holds it for writing while it resizes the map.
    mapped: RwLock<bool>,
    /// Memory that is given back for the moment of a resize, see [`Self::hold_cushion`].
    cushion: Mutex<Vec<u8>>,
    /// The lock that prevents other processes from opening the store. The lock is the last field, so it is released
    /// last.
    lock: Arc<Lock>,
}

/// A read transaction on one state of the store. While the view exists, the map is not resized.
pub(in crate::disk) struct ReadView<'m> {
    pub(in crate::disk) tables: &'m Tables,
    pub(in crate::disk) txn: RoTxn<'m, WithoutTls>,
    _resize_guard: RwLockReadGuard<'m, bool>,
}

impl Map {
    pub(in crate::disk) fn new(
        env: Env<WithoutTls>,
        tables: Tables,
        config: &Config,
        lock: Arc<Lock>,
    ) -> Self {
        let folder = config.folder.clone();
        Self { env, tables, folder, mapped: RwLock::new(true), cushion: Mutex::default(), lock }
    }

    /// Begins a read transaction.
    pub(in crate::disk) fn read_view(&self) -> Result<ReadView<'_>, Fault> {
        let resize_guard = self.block_resize()?;
        Ok(ReadView { tables: &self.tables, txn: self.env.read_txn()?, _resize_guard: resize_guard })
    }

    /// Prevents a resize while the returned guard exists.
    pub(in crate::disk) fn block_resize(&self) -> Result<RwLockReadGuard<'_, bool>, Fault> {
        let resize_guard = self.mapped.read();
        if *resize_guard { Ok(resize_guard) } else { Err(unmapped_fault()) }
    }

    pub(in crate::disk) fn env(&self) -> &Env<WithoutTls> {
        &self.env
    }

    pub(in crate::disk) fn tables(&self) -> &Tables {
        &self.tables
    }

    /// Returns the lock on the folder.
    pub(in crate::disk) fn lock(&self) -> &Lock {
        &self.lock
    }

    pub(in crate::disk) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(in crate::disk) fn size(&self) -> usize {
        self.env.info().map_size
    }

    /// Returns the number of bytes of the pages in use, without free pages.
    pub(in crate::disk) fn used(&self) -> Result<usize, Fault> {
        let view = self.read_view()?;
        let pages = view.tables.pages(&view.txn)?;
        Ok(pages.saturating_mul(self.page_size()))
    }

    /// Removes readers of processes that have ended from LMDB's reader table. A reader in another process, for example
    /// a snapshot, prevents pages from being reused, and a killed reader would prevent this permanently. Returns
    /// `false` if there were none.
    pub(in crate::disk) fn clear_stale_readers(&self) -> Result<bool, Fault> {
        Ok(self.env.clear_stale_readers()? > 0)
    }

    /// Commits a transaction that changes no data.
    pub(in crate::disk) fn rewrite_meta(&self) -> Result<(), Fault> {
        let mut txn = self.env.write_txn()?;
        self.tables.meta.put(&mut txn, SCHEMA_KEY, &SCHEMA.to_le_bytes())?;
        Ok(txn.commit()?)
    }

    /// Returns the size of the file up to its last page, and the size of the map, in bytes.
    pub(in crate::disk) fn sizes(&self) -> (usize, usize) {
        let Ok(_resize_guard) = self.block_resize() else { return (0, 0) };
        let info = self.env.info();
        (info.last_page_number.saturating_add(1).saturating_mul(self.page_size()), info.map_size)
    }

    fn page_size(&self) -> usize {
        usize::try_from(self.env.unnamed_database_stat().page_size).unwrap_or_default()
    }

    /// Syncs the data file.
    pub(in crate::disk) fn sync(&self) -> Result<(), Fault> {
        Ok(self.env.force_sync()?)
    }

    /// Makes LMDB pass further commits to the operating system without a sync.
    #[allow(unsafe_code)]
    pub(in crate::disk) fn stop_syncing(&self) -> Result<(), Fault> {
        // SAFETY: only the writer calls this. If a power failure reorders the writes, the sync point restores a
        // consistent state.
        Ok(unsafe { self.env.set_flags(EnvFlags::NO_SYNC, FlagSetMode::Enable) }?)
    }

    /// Checks whether a map of that size fits into memory. LMDB unmaps the file before it maps the file again, so check
    /// this before [`Self::resize`].
    pub(in crate::disk) fn check_memory(&self, size: usize) -> Result<(), Fault> {
        match size.checked_sub(self.size()) {
            Some(additional) if additional > 0 => Ok(memory::probe_accepted(additional)?),
            _ => Ok(()),
        }
    }

    /// Allocates memory that nobody uses, if there is enough. LMDB unmaps the file before it maps it again. In between,
    /// another thread may allocate what a limited address space then has free: glibc reserves 128 MiB for a heap. The
    /// cushion makes up for that, because without its map the store could not continue.
    pub(in crate::disk) fn hold_cushion(&self) {
        let mut cushion = self.cushion.lock();
        if cushion.capacity() == 0 {
            // Without a cushion, a resize can fail as described.
            let _ = cushion.try_reserve_exact(CUSHION_SIZE);
        }
    }

    /// Resizes the map. Only the writer may call this, outside of any transaction.
    #[allow(unsafe_code)]
    pub(in crate::disk) fn resize(&self, size: usize) -> Result<(), Fault> {
        let mut mapped = self.mapped.write();
        file::extend(&self.env.try_clone_inner_file()?, size)?;
        let had_cushion = mem::take(&mut *self.cushion.lock()).capacity() > 0;
        // SAFETY: no transaction is active: every reader holds `mapped`, and the only writer is the caller. The file is
        // at least as long as the map, and all of its pages in use were verified at the start or written by LMDB since.
        let result = unsafe { self.env.resize(size) };
        *mapped = result.is_ok();
        if had_cushion {
            self.hold_cushion();
        }
        result.map_err(|error| Fault::Engine(format!("the memory map cannot be resized: {error}")))
    }
}

fn unmapped_fault() -> Fault {
    Fault::Engine("the memory map was lost in a failed resize".to_owned())
}

/// Size in bytes of the cushion: a reserved heap of glibc, and some more.
const CUSHION_SIZE: usize = 160 << 20;

/// Rounds a size up to whole pages.
pub(in crate::disk) fn whole_pages(size: usize) -> usize {
    size.saturating_add(PAGE_MAX - 1) / PAGE_MAX * PAGE_MAX
}

/// The largest possible page size in bytes, a multiple of all others.
pub(super) const PAGE_MAX: usize = 65_536;
