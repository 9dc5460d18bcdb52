#![allow(clippy::unwrap_used)]

use aws_lc_rs::hmac;
use quinn::{ConnectionId, ConnectionIdGenerator};

use super::{QuicKeys, QuicSecret};

fn token(keys: &QuicKeys, id: &ConnectionId) -> Vec<u8> {
    hmac::sign(&keys.reset(), id).as_ref().to_vec()
}

#[test]
fn the_same_secret_and_name_give_the_same_keys() {
    let secret = QuicSecret::random();
    let (former, next) = (secret.keys("quic"), QuicSecret::from(secret.to_bytes()).keys("quic"));
    let id = former.connection_ids().generate_cid();
    next.connection_ids().validate(&id).unwrap();
    assert_eq!(token(&former, &id), token(&next, &id));
}

#[test]
fn another_secret_or_name_gives_other_keys() {
    let secret = QuicSecret::random();
    let keys = secret.keys("a");
    let id = keys.connection_ids().generate_cid();
    for other in [secret.keys("b"), secret.keys(""), QuicSecret::random().keys("a"), QuicKeys::random()] {
        other.connection_ids().validate(&id).unwrap_err();
        assert_ne!(token(&keys, &id), token(&other, &id));
    }
}

#[test]
fn only_unchanged_connection_ids_are_recognised() {
    let mut ids = QuicKeys::random().connection_ids();
    let id = ids.generate_cid();
    assert_eq!(id.len(), ids.cid_len());
    for at in 0..id.len() {
        let mut bytes = id.to_vec();
        bytes[at] ^= 1;
        ids.validate(&ConnectionId::new(&bytes)).unwrap_err();
    }
    for length in 0..id.len() {
        ids.validate(&ConnectionId::new(&id[..length])).unwrap_err();
    }
    assert_ne!(ids.generate_cid(), id);
}

#[test]
fn secrets_are_not_printed() {
    let secret = QuicSecret::from([0xAB; 32]);
    assert_eq!(format!("{secret:?} {:?}", secret.keys("a")), "QuicSecret { .. } QuicKeys { .. }");
}
