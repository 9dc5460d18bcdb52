//! The buffers of one core: a read buffer that all its connections share, and a pool of write buffers for sessions.

/// The buffers of one core.
#[derive(Debug, Default)]
pub struct Buffers {
    /// The read buffer; `None` before its first use and while it is lent.
    read: Option<Box<[u8]>>,
    pool: Vec<Vec<u8>>,
}

impl Buffers {
    /// Lends the read buffer of the core, 64 KiB. Return it with [`Self::return_read_buffer`].
    #[must_use]
    pub fn borrow_read_buffer(&mut self) -> Box<[u8]> {
        self.read.take().unwrap_or_else(|| vec![0; READ_BUFFER_LEN].into_boxed_slice())
    }

    /// Gives the read buffer back to the core.
    pub fn return_read_buffer(&mut self, buffer: Box<[u8]>) {
        self.read = Some(buffer);
    }

    /// Takes an empty write buffer from the pool. If the pool is empty, creates a buffer without capacity.
    #[must_use]
    pub fn take(&mut self) -> Vec<u8> {
        self.pool.pop().unwrap_or_default()
    }

    /// Puts a write buffer back into the pool. Frees the buffer instead if the pool is full or the buffer is too large.
    pub fn give_back(&mut self, mut buffer: Vec<u8>) {
        if self.pool.len() < POOL_LEN_MAX && (1..=POOLED_CAPACITY_MAX).contains(&buffer.capacity()) {
            buffer.clear();
            self.pool.push(buffer);
        }
    }
}

/// Size of the read buffer in bytes. All connections of a core share this buffer. One read takes many small packets.
const READ_BUFFER_LEN: usize = 64 * 1024;
/// Maximum number of write buffers in the pool of a core. Further buffers are allocated and freed as they are needed.
const POOL_LEN_MAX: usize = 64;
/// Capacity in bytes above which a write buffer is freed instead of pooled. Together with `POOL_LEN_MAX`, this limits
/// the pool to 16 MiB per core.
const POOLED_CAPACITY_MAX: usize = 256 * 1024;
