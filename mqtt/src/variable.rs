//! The variable byte integer: one to four bytes with seven bits each, low bits first.

#[cfg(test)]
mod tests;

/// The largest value that fits into four bytes.
pub(crate) const MAX: u32 = 268_435_455;

/// The result of decoding an integer at the beginning of a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Variable {
    /// A value, and the size of its encoding in bytes. `padded` is true if fewer bytes would suffice.
    Value { value: u32, size: usize, padded: bool },
    /// More bytes are needed.
    Incomplete,
    /// The fourth byte announces a fifth byte.
    TooLong,
}

/// Decodes an integer at the beginning of `bytes`.
#[inline]
pub(crate) fn decode(bytes: &[u8]) -> Variable {
    match bytes.first() {
        Some(&byte) if byte < 0x80 => Variable::Value { value: u32::from(byte), size: 1, padded: false },
        _ => decode_long(bytes),
    }
}

fn decode_long(bytes: &[u8]) -> Variable {
    let mut value = 0;
    for (index, byte) in bytes.iter().take(4).enumerate() {
        value |= u32::from(byte & 0x7F) << (7 * index);
        if byte & 0x80 == 0 {
            return Variable::Value { value, size: index + 1, padded: index > 0 && *byte == 0 };
        }
    }
    if bytes.len() < 4 { Variable::Incomplete } else { Variable::TooLong }
}

/// Returns the size of the encoded `value` in bytes. Above [`MAX`], the result is 5, which is not a valid encoding.
#[inline]
pub(crate) const fn size(value: usize) -> usize {
    match value {
        0..=0x7F => 1,
        0x80..=0x3FFF => 2,
        0x4000..=0x1F_FFFF => 3,
        0x20_0000..=0xFFF_FFFF => 4,
        _ => 5,
    }
}

/// Appends the encoded `value`, which must not be above [`MAX`].
#[inline]
pub(crate) fn put(value: usize, out: &mut Vec<u8>) {
    debug_assert!(size(value) <= 4, "a variable byte integer above its maximum");
    let mut rest = value;
    while rest > 0x7F {
        out.push(low_bits(rest) | 0x80);
        rest >>= 7;
    }
    out.push(low_bits(rest));
}

fn low_bits(value: usize) -> u8 {
    u8::try_from(value & 0x7F).unwrap_or_default()
}
