//! A certificate for localhost that is its own authority, as files.

use std::path::{Path, PathBuf};

pub struct Certificate {
    pub chain: PathBuf,
    pub key: PathBuf,
}

impl Certificate {
    pub fn new(name: &str) -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let path = |kind: &str| {
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}-{kind}.pem", std::process::id()))
        };
        let (chain, key) = (path("chain"), path("key"));
        std::fs::write(&chain, made.cert.pem()).unwrap();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        Self { chain, key }
    }
}

impl Drop for Certificate {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.chain);
        let _ = std::fs::remove_file(&self.key);
    }
}
