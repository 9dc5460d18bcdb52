//! The keys with which a restarted server recognises packets of connections of its former process. The server answers
//! these packets with a stateless reset (RFC 9000 section 10.3), so that the clients close these connections.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::hmac::{HMAC_SHA256, Key, Tag, sign};
use quinn::{ConnectionId, ConnectionIdGenerator};
use quinn_proto::{InvalidCid, RandomConnectionIdGenerator};

/// The secret from which the keys of all QUIC listeners of a server are derived. The secret must be kept confidential,
/// and no other server may use it.
#[derive(Clone, Copy)]
pub struct QuicSecret([u8; Self::LEN]);

/// The keys of one QUIC listener.
///
/// A packet for an unknown connection is answered with a reset if its connection id was created with these keys. A
/// server that has the same keys after a restart therefore ends each connection of its former process when the client
/// sends the next packet.
///
/// Resets need no rate limit. Resets cannot amplify an attack, because a reset is smaller than the packet that it
/// answers. Resets cannot cause a loop, because the bytes of a reset at the place of the connection id are random: even
/// a reset that is sent back is not answered. Only a peer that has the key, or had a connection to this listener, can
/// send a connection id that is answered.
#[derive(Clone)]
pub struct QuicKeys {
    reset: Arc<Key>,
    connection_id: Arc<Key>,
}

impl QuicSecret {
    /// Number of bytes of the secret.
    pub const LEN: usize = 32;

    /// Creates a new random secret.
    #[must_use]
    pub fn random() -> Self {
        let mut bytes = [0; Self::LEN];
        let (first, second) = bytes.split_at_mut(Self::LEN / 2);
        fill_randomly(first);
        fill_randomly(second);
        Self(bytes)
    }

    /// Returns the bytes of the secret, to be stored for the next start.
    #[must_use]
    pub fn to_bytes(self) -> [u8; Self::LEN] {
        self.0
    }

    /// Derives the keys of one listener. Two listeners must not have the same name: with the same keys, one listener
    /// would reveal the reset tokens of the other's connections.
    #[must_use]
    pub fn keys(&self, listener: &str) -> QuicKeys {
        let secret = Key::new(HMAC_SHA256, &self.0);
        let key = |purpose: &str| derive(&secret, purpose, listener);
        QuicKeys { reset: key("reset"), connection_id: key("connection id") }
    }
}

impl From<[u8; Self::LEN]> for QuicSecret {
    fn from(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for QuicSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QuicSecret").finish_non_exhaustive()
    }
}

impl QuicKeys {
    /// Creates random keys, which are valid for this process only.
    #[must_use]
    pub fn random() -> Self {
        QuicSecret::random().keys("")
    }

    pub(super) fn reset(&self) -> Arc<Key> {
        Arc::clone(&self.reset)
    }

    pub(super) fn connection_ids(&self) -> SignedConnectionIds {
        SignedConnectionIds(Arc::clone(&self.connection_id))
    }
}

impl fmt::Debug for QuicKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QuicKeys").finish_non_exhaustive()
    }
}

fn derive(secret: &Key, purpose: &str, listener: &str) -> Arc<Key> {
    let label = format!("{purpose}\0{listener}");
    Arc::new(Key::new(HMAC_SHA256, sign(secret, label.as_bytes()).as_ref()))
}

/// Creates connection ids that consist of a random number and its signature.
///
/// The ids of quinn's own generator have 24 random bits, and a signature from which the key can be computed. This is
/// not sufficient for keys that survive a restart: a server must not reuse an id after it has revealed the id's reset
/// token (RFC 9000 section 10.3.2).
pub(super) struct SignedConnectionIds(Arc<Key>);

impl SignedConnectionIds {
    fn tag(&self, nonce: &[u8]) -> Tag {
        sign(&self.0, nonce)
    }
}

impl ConnectionIdGenerator for SignedConnectionIds {
    fn generate_cid(&mut self) -> ConnectionId {
        let mut bytes = [0; ID_LEN];
        let (nonce, signature) = bytes.split_at_mut(NONCE_LEN);
        fill_randomly(nonce);
        for (to, from) in signature.iter_mut().zip(self.tag(nonce).as_ref()) {
            *to = *from;
        }
        ConnectionId::new(&bytes)
    }

    fn validate(&self, id: &ConnectionId) -> Result<(), InvalidCid> {
        let (nonce, signature) = id.split_at_checked(NONCE_LEN).ok_or(InvalidCid)?;
        let is_ours = id.len() == ID_LEN && self.tag(nonce).as_ref().starts_with(signature);
        if is_ours { Ok(()) } else { Err(InvalidCid) }
    }

    fn cid_len(&self) -> usize {
        ID_LEN
    }

    fn cid_lifetime(&self) -> Option<std::time::Duration> {
        None
    }
}

/// Fills at most 20 bytes with random numbers from the generator that quinn uses for its own ids.
fn fill_randomly(bytes: &mut [u8]) {
    let random = RandomConnectionIdGenerator::new(bytes.len()).generate_cid();
    for (to, from) in bytes.iter_mut().zip(random.iter()) {
        *to = *from;
    }
}

/// Number of random bytes of an id. With 56 bits and a million ids a day, the first repetition is expected after about
/// one year.
const NONCE_LEN: usize = 7;
/// Number of signature bytes of an id. With 40 bits, one of a trillion random ids is mistaken for an id of this
/// listener.
const SIGNATURE_LEN: usize = 5;
const ID_LEN: usize = NONCE_LEN + SIGNATURE_LEN;

#[cfg(test)]
mod tests;
