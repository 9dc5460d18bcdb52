//! Reads the broker's answer as raw bytes, for tests where the protocol version of the answer is not defined.

use tokio::time::timeout;

use super::{Client, RECEIVE_TIMEOUT};

impl Client {
    /// Returns every byte that arrives until the broker closes the connection. A test that calls this function must not
    /// read packets from the same client.
    pub(crate) async fn read_to_end(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        loop {
            let Ok(read) = timeout(RECEIVE_TIMEOUT, self.link.read(&mut bytes)).await else {
                panic!("{}: the broker did not close the connection within {RECEIVE_TIMEOUT:?}", self.name)
            };
            if read.expect("bytes or the end of the stream") == 0 {
                self.transcript.note(&self.name, "< until closed", &bytes);
                return bytes;
            }
        }
    }
}
