//! The kinds of damage that a data file can have.

use std::io;

/// Damage in a page of a data file, which LMDB could therefore not use safely.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("page {page} {flaw}")]
pub struct Damage {
    /// The number of the page, counted from 0.
    pub page: u64,
    /// The kind of damage.
    pub flaw: Flaw,
}

/// The kind of damage of a page. Its text follows the number of the page in messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Flaw {
    /// A header page with the wrong type or page number.
    #[error("is not a header page")]
    NotHeader,
    /// A header page that differs from the other header page in a field that never changes.
    #[error("contradicts the other header page")]
    HeadersDiffer,
    /// A transaction number that is too high, or that must be on the other header page.
    #[error("has an impossible transaction number")]
    Transaction,
    /// The last page in use is missing in the file.
    #[error("names a last page that the file does not have")]
    LastPage,
    /// A database with flags that Tidegate does not use, or with a record of the wrong length.
    #[error("describes a database of an unknown kind")]
    DatabaseKind,
    /// An empty database with counts above zero, or a tree with too many levels or none.
    #[error("describes a database with an impossible size")]
    DatabaseSize,
    /// A reference to a page that does not exist or is a header page.
    #[error("is referred to, but cannot be part of a tree")]
    OutOfRange,
    /// Two references to one page.
    #[error("is used twice")]
    UsedTwice,
    /// A page whose header has the number of another page.
    #[error("has the number of another page")]
    Number,
    /// A page of the wrong type for its place in the tree.
    #[error("has the wrong type")]
    Kind,
    /// A page whose bounds of entry list and free space exceed the page.
    #[error("has impossible bounds")]
    Bounds,
    /// A leaf without entries, or a branch with fewer than two entries.
    #[error("has too few entries")]
    TooFewEntries,
    /// An entry outside the part of the page that contains entries.
    #[error("has an entry outside of its bounds")]
    EntryOutside,
    /// Entries that overlap.
    #[error("has entries that overlap")]
    EntriesOverlap,
    /// An entry of a type that this database does not allow.
    #[error("has an entry of the wrong type")]
    EntryKind,
    /// An entry that is so large that its value must be on overflow pages.
    #[error("has an entry that is too long")]
    EntryTooLong,
    /// A key whose length is zero or above LMDB's maximum.
    #[error("has a key of an impossible length")]
    KeyLength,
    /// A key that is not greater than the preceding key, or not within the bounds set by the branches above.
    #[error("has keys that are out of order")]
    KeyOrder,
    /// A leaf that is not on the last level of the tree.
    #[error("is on the wrong level of its tree")]
    Level,
    /// Too few overflow pages for the value.
    #[error("has too few overflow pages for its value")]
    ValueTooLong,
    /// A tree whose numbers of pages or entries differ from the numbers recorded for the tree.
    #[error("is the root of a tree that differs from its recorded size")]
    Counts,
    /// A list of free pages with a wrong length, or of an impossible transaction.
    #[error("has an impossible list of free pages")]
    FreeList,
    /// A list of free pages that is not in descending order.
    #[error("has a list of free pages that is out of order")]
    FreeOrder,
    /// A free page that is also in use, is listed twice, or does not exist.
    #[error("is in the list of free pages, but cannot be free")]
    NotFree,
}

/// The reason why the verification of a file failed.
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
    /// Returns the damage of this kind on a page.
    pub(super) const fn on(self, page: u64) -> Damage {
        Damage { page, flaw: self }
    }
}
