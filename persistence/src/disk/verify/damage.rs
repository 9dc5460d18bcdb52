//! What can be wrong with a file.

use std::io;

/// A part of a data file that LMDB could not use safely.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("page {page} {flaw}")]
pub struct Damage {
    /// The number of the page, counted from 0.
    pub page: u64,
    /// What is wrong with it.
    pub flaw: Flaw,
}

/// What is wrong with a page, to be read after its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Flaw {
    /// A header page without the type or the number of one.
    #[error("is not a header page")]
    NotHeader,
    /// A header page that differs from the other one in what never changes.
    #[error("contradicts the other header page")]
    HeadersDiffer,
    /// A transaction number that is too high, or belongs on the other header page.
    #[error("has an impossible transaction number")]
    Transaction,
    /// The last page in use is missing in the file.
    #[error("names a last page that the file does not have")]
    LastPage,
    /// A database with flags that Tidegate does not use, or with a record of another length.
    #[error("describes a database of an unknown kind")]
    DatabaseKind,
    /// An empty database with a size, or a tree with too many or no levels.
    #[error("describes a database with an impossible size")]
    DatabaseSize,
    /// A reference to a page that does not exist or is a header page.
    #[error("is referred to, but cannot be part of a tree")]
    OutOfRange,
    /// Two references to one page.
    #[error("is used twice")]
    UsedTwice,
    /// A page that stores the number of another page.
    #[error("has the number of another page")]
    Number,
    /// A page of another type than its place requires.
    #[error("has the wrong type")]
    Kind,
    /// A page whose list of entries and free space do not fit into it.
    #[error("has impossible bounds")]
    Bounds,
    /// A leaf without entries, or a branch with less than two.
    #[error("has too few entries")]
    TooFewEntries,
    /// An entry that is not in the part of the page for entries.
    #[error("has an entry outside of its bounds")]
    EntryOutside,
    /// Entries that share bytes.
    #[error("has entries that overlap")]
    EntriesOverlap,
    /// An entry of a type that its place does not allow.
    #[error("has an entry of the wrong type")]
    EntryKind,
    /// An entry that should have its value on overflow pages.
    #[error("has an entry that is too long")]
    EntryTooLong,
    /// A key of a length that LMDB does not write.
    #[error("has a key of an impossible length")]
    KeyLength,
    /// A key that is not above the one before it, or not within the bounds that the branches above set.
    #[error("has keys that are out of order")]
    KeyOrder,
    /// A leaf on another level than its database says.
    #[error("is on the wrong level of its tree")]
    Level,
    /// Overflow pages that are too few for the value.
    #[error("has too few overflow pages for its value")]
    ValueTooLong,
    /// A tree with other numbers of pages or entries than its record says.
    #[error("is the root of a tree that differs from its recorded size")]
    Counts,
    /// A list of free pages with another length than it says, or of an impossible transaction.
    #[error("has an impossible list of free pages")]
    FreeList,
    /// A list of free pages that is not in descending order.
    #[error("has a list of free pages that is out of order")]
    FreeOrder,
    /// A free page that is also in use, or twice free, or does not exist.
    #[error("is in the list of free pages, but cannot be free")]
    NotFree,
}

/// Why a file does not pass.
#[derive(Debug, thiserror::Error)]
pub(in crate::disk) enum VerifyError {
    /// The file cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The file is damaged.
    #[error(transparent)]
    Damage(#[from] Damage),
}

impl Flaw {
    /// The damage that this flaw of a page is.
    pub(super) const fn on(self, page: u64) -> Damage {
        Damage { page, flaw: self }
    }
}
