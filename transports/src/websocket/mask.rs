//! Masks payload (RFC 6455, 5.3).

/// Applies `mask` to `bytes`, whose first byte is at `offset` in the payload of its frame. Applying the mask twice
/// restores the bytes.
pub(crate) fn toggle(bytes: &mut [u8], mask: [u8; 4], offset: u64) {
    let mut mask = mask;
    mask.rotate_left(usize::try_from(offset % 4).unwrap_or_default());
    let [a, b, c, d] = mask;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (chunks, rest) = bytes.as_chunks_mut::<8>();
    for chunk in chunks {
        *chunk = (u64::from_ne_bytes(*chunk) ^ wide).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
}
