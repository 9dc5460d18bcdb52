//! Converts bytes to choices, so that targets can convert a fuzzer's input to operations and packets.

/// A source of choices. Each choice consumes bytes; after the last byte, every choice is the first alternative.
#[derive(Debug, Clone)]
pub struct Source<'a> {
    rest: &'a [u8],
}

impl<'a> Source<'a> {
    /// Creates a source of choices from `bytes`.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Returns the next byte, or 0 after the last one.
    pub fn next_byte(&mut self) -> u8 {
        let Some((first, rest)) = self.rest.split_first() else { return 0 };
        self.rest = rest;
        *first
    }

    /// Returns the next two bytes as a number.
    pub fn next_u16(&mut self) -> u16 {
        u16::from_be_bytes([self.next_byte(), self.next_byte()])
    }

    /// Returns the next four bytes as a number.
    pub fn next_u32(&mut self) -> u32 {
        u32::from_be_bytes([self.next_byte(), self.next_byte(), self.next_byte(), self.next_byte()])
    }

    /// Returns true or false.
    pub fn next_bool(&mut self) -> bool {
        self.next_byte() & 1 == 1
    }

    /// Returns true with a probability of 1 / `cases`.
    pub fn rarely(&mut self, cases: u8) -> bool {
        self.next_byte() % cases == cases - 1
    }

    /// Returns a number below `bound`, which must be 1 to 256.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::from(self.next_byte()) % bound
    }

    /// Returns one of `choices`.
    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// Returns the result of `make`, or `None`.
    pub fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.next_bool().then(|| make(self))
    }

    /// Consumes and returns up to `count` bytes.
    pub fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(count.min(self.rest.len()));
        self.rest = rest;
        taken
    }

    /// Consumes and returns all remaining bytes.
    pub fn rest(&mut self) -> &'a [u8] {
        self.take(usize::MAX)
    }

    /// Returns whether all bytes are consumed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }
}
