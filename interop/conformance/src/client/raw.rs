//! What the broker sent as bytes, where it is not said which version they are to be read in.

use tokio::time::timeout;

use super::{Client, PATIENCE};

impl Client {
    /// Everything that comes until the broker closes. Not to be mixed with reading packets.
    pub(crate) async fn read_to_end(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        loop {
            let Ok(read) = timeout(PATIENCE, self.link.read(&mut bytes)).await else {
                panic!("{}: the broker did not close within {PATIENCE:?}", self.name)
            };
            if read.expect("bytes or the end") == 0 {
                self.transcript.note(&self.name, "< until the end", &bytes);
                return bytes;
            }
        }
    }
}
