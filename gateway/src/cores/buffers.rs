//! The buffers of one core: one to read into, and a pool of those that sessions write to.

/// A core's buffers.
#[derive(Debug, Default)]
pub struct Buffers {
    read: Option<Box<[u8]>>,
    pool: Vec<Vec<u8>>,
}

impl Buffers {
    /// The buffer that all connections of the core read into. Give it back.
    #[must_use]
    pub fn borrow_read_buffer(&mut self) -> Box<[u8]> {
        self.read.take().unwrap_or_else(|| vec![0; READ_BUFFER_LEN].into_boxed_slice())
    }

    /// Takes the read buffer back.
    pub fn return_read_buffer(&mut self, buffer: Box<[u8]>) {
        self.read = Some(buffer);
    }

    /// An empty buffer, with capacity if one is pooled.
    #[must_use]
    pub fn take(&mut self) -> Vec<u8> {
        self.pool.pop().unwrap_or_default()
    }

    /// Pools a buffer for the next session that needs one.
    pub fn give_back(&mut self, mut buffer: Vec<u8>) {
        if self.pool.len() < POOL_LEN_MAX && (1..=POOLED_CAPACITY_MAX).contains(&buffer.capacity()) {
            buffer.clear();
            self.pool.push(buffer);
        }
    }
}

/// Size of the read buffer in bytes.
const READ_BUFFER_LEN: usize = 64 * 1024;
/// Buffers that a core pools.
const POOL_LEN_MAX: usize = 64;
/// Larger buffers are freed.
const POOLED_CAPACITY_MAX: usize = 256 * 1024;
