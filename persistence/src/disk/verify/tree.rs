//! Walks through one tree and checks each of its pages. The depth is bounded and the walk is not recursive.

use super::damage::{Damage, Flaw, VerifyError};
use super::format::{Counts, DatabaseRecord, ON_OVERFLOW_PAGES, OVERFLOW, read_u16, read_u32, read_u64};
use super::order::{KeyType, Order};
use super::page::{Entry, PAGE_HEADER_SIZE, Page};
use super::pages::Pages;

/// A walk through a tree.
pub(super) struct Tree<'p, 'f> {
    pages: &'p mut Pages<'f>,
    record: DatabaseRecord,
    /// The entry flags that are allowed.
    allowed: &'static [u16],
    order: Order,
    counts: Counts,
    /// The branches from the root to the current page.
    path: Vec<Level>,
    /// Page buffers that are free for reuse.
    unused: Vec<Vec<u8>>,
    entry_ranges: Vec<(usize, usize)>,
}

/// A branch, and the index of its next entry to visit.
struct Level {
    number: u64,
    bytes: Vec<u8>,
    next: usize,
}

/// An entry of a leaf.
pub(super) struct Leaf<'a> {
    /// The page of the leaf.
    pub(super) page: u64,
    pub(super) entry: Entry<'a>,
}

/// A function that is called with each entry of the leaves.
pub(super) type Visit<'v> = &'v mut dyn FnMut(&mut Pages<'_>, &Leaf<'_>) -> Result<(), VerifyError>;

impl<'p, 'f> Tree<'p, 'f> {
    pub(super) fn new(
        pages: &'p mut Pages<'f>,
        record: DatabaseRecord,
        key_type: KeyType,
        allowed: &'static [u16],
    ) -> Self {
        Self {
            pages,
            record,
            allowed,
            order: Order::new(key_type),
            counts: Counts::default(),
            path: Vec::new(),
            unused: Vec::new(),
            entry_ranges: Vec::new(),
        }
    }

    /// Checks the whole tree. `page` is the number of the page with the record of the tree, which the error names if
    /// the record is wrong.
    pub(super) fn verify(mut self, page: u64, visit: Visit<'_>) -> Result<(), VerifyError> {
        let DatabaseRecord { depth, counts, root, .. } = self.record;
        if self.record.is_empty() {
            return Ok(());
        }
        if !(1..=DEPTH_MAX).contains(&usize::from(depth)) {
            return Err(Flaw::DatabaseSize.on(page).into());
        }
        self.visit_page(root, visit)?;
        while let Some(level) = self.path.last_mut() {
            match level.next_child(&mut self.order)? {
                Some(child) => self.visit_page(child, visit)?,
                None => self.unused.extend(self.path.pop().map(|level| level.bytes)),
            }
        }
        if self.counts == counts { Ok(()) } else { Err(Flaw::Counts.on(root).into()) }
    }

    /// Reads and checks a page. A branch is appended to the path. The entries of a leaf are checked immediately.
    fn visit_page(&mut self, number: u64, visit: Visit<'_>) -> Result<(), VerifyError> {
        self.pages.claim(number, 1, Flaw::OutOfRange, Flaw::UsedTwice)?;
        let mut bytes = self.unused.pop().unwrap_or_default();
        self.pages.read(number, &mut bytes)?;
        let page = Page::new(number, &bytes)?;
        page.check_entries(&mut self.entry_ranges)?;
        let is_last_level = self.path.len() + 1 == usize::from(self.record.depth);
        if page.is_branch() == is_last_level {
            return Err(Flaw::Level.on(number).into());
        }
        if page.is_branch() {
            self.counts.branch_pages += 1;
            self.path.push(Level { number, bytes, next: 0 });
            return Ok(());
        }
        self.counts.leaf_pages += 1;
        for index in 0..page.len() {
            self.leaf(&Leaf { page: number, entry: page.entry(index)? }, visit)?;
        }
        self.unused.push(bytes);
        Ok(())
    }

    fn leaf(&mut self, leaf: &Leaf<'_>, visit: Visit<'_>) -> Result<(), VerifyError> {
        let Leaf { page, entry } = leaf;
        if !self.allowed.contains(&entry.flags) {
            return Err(Flaw::EntryKind.on(*page).into());
        }
        if !self.order.leaf(entry.key) {
            return Err(Flaw::KeyOrder.on(*page).into());
        }
        self.counts.entries += 1;
        if entry.flags == ON_OVERFLOW_PAGES {
            self.overflow(leaf)?;
        }
        visit(self.pages, leaf)
    }

    /// Checks the overflow pages of a value. Only the first of these pages has a header.
    fn overflow(&mut self, leaf: &Leaf<'_>) -> Result<(), VerifyError> {
        let first = leaf.entry.overflow_page().ok_or(Flaw::EntryOutside.on(leaf.page))?;
        self.pages.claim(first, 1, Flaw::OutOfRange, Flaw::UsedTwice)?;
        let mut header = [0; PAGE_HEADER_SIZE];
        self.pages.read_at(first, 0, &mut header)?;
        let count = overflow_count(first, &header)?;
        if count > 1 {
            self.pages.claim(first + 1, count - 1, Flaw::OutOfRange, Flaw::UsedTwice)?;
        }
        let room = usize::try_from(count).unwrap_or(usize::MAX).saturating_mul(self.pages.page_size());
        let needed = usize::try_from(leaf.entry.value_length).unwrap_or(usize::MAX);
        if room - PAGE_HEADER_SIZE < needed {
            return Err(Flaw::ValueTooLong.on(first).into());
        }
        self.counts.overflow_pages += count;
        Ok(())
    }
}

impl Level {
    /// Returns the number of the next page below the branch, or `None` after the last page.
    fn next_child(&mut self, order: &mut Order) -> Result<Option<u64>, Damage> {
        let branch = Page::new(self.number, &self.bytes)?;
        if self.next == branch.len() {
            return Ok(None);
        }
        let entry = branch.entry(self.next)?;
        if self.next > 0 && !order.branch(entry.key) {
            return Err(Flaw::KeyOrder.on(self.number));
        }
        self.next += 1;
        Ok(Some(entry.child()))
    }
}

/// Returns the number of overflow pages of a value, from the header of the first page.
fn overflow_count(page: u64, header: &[u8]) -> Result<u64, Damage> {
    if read_u64(header, 0) != Some(page) {
        return Err(Flaw::Number.on(page));
    }
    if read_u16(header, 10) != Some(OVERFLOW) {
        return Err(Flaw::Kind.on(page));
    }
    match read_u32(header, 12) {
        None | Some(0) => Err(Flaw::Bounds.on(page)),
        Some(count) => Ok(count.into()),
    }
}

/// Maximum number of levels of a tree. LMDB supports 32 levels, and adds one when it splits a root. A tree of 24 levels
/// has at least 32 GiB.
const DEPTH_MAX: usize = 24;
