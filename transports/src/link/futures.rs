//! Async versions of a link's `poll_*` methods, for callers that perform one operation at a time.

use std::future::poll_fn;
use std::io::{self, IoSlice};

use super::Link;

impl Link {
    /// Reads into `buf`. Returns the number of bytes read; 0 means the end of the stream.
    ///
    /// # Errors
    /// Returns the errors of [`Link::poll_read`].
    pub async fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        poll_fn(|cx| self.poll_read(cx, buf)).await
    }

    /// Writes all of `bytes` and flushes the link.
    ///
    /// # Errors
    /// Returns the errors of [`Link::poll_write`].
    pub async fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let written = poll_fn(|cx| self.poll_write(cx, &[IoSlice::new(bytes)])).await?;
            bytes = match bytes.split_at_checked(written) {
                Some((_, rest)) if written > 0 => rest,
                _ => return Err(io::ErrorKind::WriteZero.into()),
            };
        }
        self.flush().await
    }

    /// Flushes the written bytes.
    ///
    /// # Errors
    /// Returns the errors of [`Link::poll_flush`].
    pub async fn flush(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.poll_flush(cx)).await
    }

    /// Closes the link's own side in an orderly way.
    ///
    /// # Errors
    /// Returns the errors of [`Link::poll_close`].
    pub async fn close(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.poll_close(cx)).await
    }
}
