//! The bytes of a data file with pages of 4096 bytes, and the offsets of its parts. This code shares nothing with the
//! code that it tests.

/// A data file.
#[derive(Clone)]
pub struct Image {
    pub bytes: Vec<u8>,
}

/// The offset and the fields of an entry of a page.
pub struct Node {
    pub at: usize,
    /// The offset of the value.
    pub value: usize,
    pub length: u32,
    pub child: u64,
    /// The number of the first overflow page of the value.
    pub overflow: u64,
}

/// The offset and the fields of the record of a database.
pub struct Record {
    pub at: usize,
    pub depth: u16,
    pub overflow: u64,
    pub root: u64,
}

impl Image {
    pub fn new(bytes: Vec<u8>) -> Self {
        Self { bytes }
    }

    /// Returns the offset of the newer header page.
    pub fn header(&self) -> usize {
        if self.u64_at(4096 + 144) > self.u64_at(144) { 4096 } else { 0 }
    }

    pub fn transaction(&self) -> u64 {
        self.u64_at(self.header() + 144)
    }

    pub fn page(&self, number: u64) -> usize {
        usize::try_from(number).unwrap() * 4096
    }

    pub fn node(&self, page: u64, index: usize) -> Node {
        let page = self.page(page);
        let at = page + usize::from(self.u16_at(page + 16 + 2 * index));
        let value = at + 8 + usize::from(self.u16_at(at + 6));
        let length = u32::from_ne_bytes(self.bytes[at..at + 4].try_into().unwrap());
        let child = u64::from(length) | u64::from(self.u16_at(at + 4)) << 32;
        Node {
            at,
            value,
            length,
            child,
            overflow: if value + 8 <= self.bytes.len() { self.u64_at(value) } else { 0 },
        }
    }

    /// Returns the entry of a database in the main database, whose root must be a leaf.
    pub fn main_node(&self, name: &str) -> Node {
        let root = self.u64_at(self.header() + 88 + 40);
        let nodes = (0..3).map(|index| self.node(root, index));
        let mut found = nodes.filter(|node| self.bytes[node.at + 8..].starts_with(name.as_bytes()));
        found.next().unwrap()
    }

    pub fn record(&self, name: &str) -> Record {
        let at = self.main_node(name).value;
        Record { at, depth: self.u16_at(at + 6), overflow: self.u64_at(at + 24), root: self.u64_at(at + 40) }
    }

    pub fn first_leaf(&self, name: &str) -> u64 {
        let Record { depth, root, .. } = self.record(name);
        (1..depth).fold(root, |page, _| self.node(page, 0).child)
    }

    /// Returns the entry of the last list of free pages, in a tree whose root must be a leaf.
    pub fn free_entry(&self) -> Node {
        let root = self.u64_at(self.header() + 40 + 40);
        let last = usize::from(self.u16_at(self.page(root) + 12) - 16) / 2 - 1;
        self.node(root, last)
    }

    pub fn first_free_entry(&self) -> Node {
        self.node(self.u64_at(self.header() + 40 + 40), 0)
    }

    pub fn u16_at(&self, at: usize) -> u16 {
        u16::from_ne_bytes(self.bytes[at..at + 2].try_into().unwrap())
    }

    pub fn u64_at(&self, at: usize) -> u64 {
        u64::from_ne_bytes(self.bytes[at..at + 8].try_into().unwrap())
    }

    pub fn put_u16(&mut self, at: usize, value: u16) {
        self.bytes[at..at + 2].copy_from_slice(&value.to_ne_bytes());
    }

    pub fn put_u32(&mut self, at: usize, value: u32) {
        self.bytes[at..at + 4].copy_from_slice(&value.to_ne_bytes());
    }

    pub fn put_u64(&mut self, at: usize, value: u64) {
        self.bytes[at..at + 8].copy_from_slice(&value.to_ne_bytes());
    }
}
