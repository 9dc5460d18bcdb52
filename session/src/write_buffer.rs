//! Bytes waiting for the socket of one connection: their order and their number. Writes to no socket.

use bytes::Bytes;

mod batch;

pub use batch::Batch;

/// Bytes waiting for the socket: small ones copied into one buffer, large payloads by reference in between.
///
/// The writer takes all of it at once ([`WriteBuffer::take`]), writes outside the session's lock, and gives an unwritten
/// rest back ([`WriteBuffer::put_back`]). What belongs to an earlier connection is dropped then.
#[derive(Debug, Default)]
pub struct WriteBuffer {
    batch: Batch,
}

impl WriteBuffer {
    /// Copies `bytes` to the end.
    pub fn put(&mut self, bytes: &[u8]) {
        self.batch.copied.extend_from_slice(bytes);
    }

    /// Puts `bytes` at the end by reference.
    pub fn put_shared(&mut self, bytes: Bytes) {
        self.batch.push_shared(bytes);
    }

    /// Takes everything; `spare` (its content is dropped, its capacity used) becomes the buffer for what comes next.
    #[must_use = "the batch holds the bytes to be written"]
    pub fn take(&mut self, spare: Vec<u8>) -> Batch {
        let next = Batch::new(spare, self.batch.generation);
        core::mem::replace(&mut self.batch, next)
    }

    /// Puts the unwritten rest of a batch back, in front of what has come since. A batch of a connection that has
    /// ended is dropped.
    pub fn put_back(&mut self, mut batch: Batch) {
        if batch.generation != self.batch.generation || batch.is_empty() {
            return;
        }
        let newer = self.take(Vec::new());
        batch.append(newer);
        self.batch = batch;
    }

    /// Drops everything, what writers have taken out too: a new connection begins.
    pub(crate) fn clear(&mut self) {
        self.batch = Batch::new(Vec::new(), self.batch.generation.wrapping_add(1));
    }

    /// The connection ends: what is here can still be taken as its last bytes, what a writer took out does not come
    /// back.
    pub(crate) fn seal(&mut self) {
        self.batch.generation = self.batch.generation.wrapping_add(1);
    }

    /// Gives the buffer away when nothing waits in it, so that an idle connection holds none.
    #[must_use = "the buffer can be pooled"]
    pub fn release(&mut self) -> Option<Vec<u8>> {
        let reusable = self.batch.copied.capacity() > 0 && self.is_empty();
        reusable.then(|| self.take(Vec::new()).recycle())
    }

    /// Bytes waiting.
    #[must_use]
    pub fn len(&self) -> usize {
        self.batch.len()
    }

    /// True when nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of memory held by the buffers of this connection alone (shared payloads are charged to their messages).
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.batch.capacity()
    }

    /// Where an encoder writes the next packet.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.batch.copied
    }
}

#[cfg(test)]
mod tests;
