//! Reads MQTT data types strictly: every encoding that a server must not send is an error.

/// A reader over the part of a packet that has not been read yet.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn byte(&mut self) -> Result<u8, String> {
        Ok(self.take(1)?[0])
    }

    pub(super) fn two_byte_integer(&mut self) -> Result<u16, String> {
        let bytes = self.take(2)?;
        Ok(u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    pub(super) fn four_byte_integer(&mut self) -> Result<u32, String> {
        let bytes = self.take(4)?;
        Ok(u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    /// Reads a Variable Byte Integer, which has to be in its shortest form. `[MQTT5-1.5.5-1]`
    pub(super) fn variable_byte_integer(&mut self) -> Result<u32, String> {
        let mut value = 0;
        for index in 0..4 {
            let byte = self.byte()?;
            value |= u32::from(byte & 0x7F) << (7 * index);
            if byte & 0x80 == 0 {
                let is_overlong = byte == 0 && index > 0;
                return if is_overlong {
                    Err("a Variable Byte Integer that is not in its shortest form".into())
                } else {
                    Ok(value)
                };
            }
        }
        Err("a Variable Byte Integer of five bytes".into())
    }

    /// Reads a UTF-8 string, which must not contain U+0000. `[MQTT5-1.5.4-1]` `[MQTT5-1.5.4-2]`
    pub(super) fn string(&mut self) -> Result<String, String> {
        let string = String::from_utf8(self.binary()?).map_err(|_| "a string that is not UTF-8")?;
        if string.contains('\0') { Err("a string that contains U+0000".into()) } else { Ok(string) }
    }

    pub(super) fn binary(&mut self) -> Result<Vec<u8>, String> {
        let len = self.two_byte_integer()?;
        Ok(self.take(len.into())?.to_vec())
    }

    pub(super) fn section(&mut self, len: usize) -> Result<Reader<'a>, String> {
        self.take(len).map(Reader)
    }

    pub(super) fn rest(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.0).to_vec()
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], String> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or("a packet that ends too early")?;
        self.0 = rest;
        Ok(taken)
    }
}
