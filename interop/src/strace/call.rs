//! A system call as strace printed it: arguments, result, and the trace lines where the call started and returned.

/// A system call that has returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemCall {
    /// The name of the system call.
    pub name: String,
    /// The return value of the system call. The value is negative for errors.
    pub result: i64,
    /// The number of the trace line where the call started.
    pub start_line: usize,
    /// The number of the trace line where the call returned. Other threads can react to the call only on later lines.
    pub end_line: usize,
    /// The text of the arguments, without the opening parenthesis.
    arguments: String,
    /// The text after ` = `: the return value and, for descriptors and errors, its explanation.
    outcome: String,
}

impl SystemCall {
    /// Parses a system call. Returns `None` if the call has no result, for example because a signal interrupted it.
    pub(super) fn parse(text: &str, start_line: usize, end_line: usize) -> Option<Self> {
        let (call, outcome) = text.rsplit_once(" = ")?;
        let (name, arguments) = call.split_once('(')?;
        let result = leading_number(outcome)?;
        assert!(
            !arguments.contains("\"..."),
            "{name}: strace cut an argument off: raise ARGUMENT_LENGTH_MAX"
        );
        Some(Self {
            name: name.to_owned(),
            result,
            start_line,
            end_line,
            arguments: arguments.to_owned(),
            outcome: outcome.to_owned(),
        })
    }

    /// Returns the first argument if it is a file descriptor.
    #[must_use]
    pub fn descriptor(&self) -> Option<i64> {
        leading_number(&self.arguments)
    }

    /// Returns the path or the socket (`socket:[NUMBER]`) to which the file descriptor in the arguments refers.
    #[must_use]
    pub fn target(&self) -> String {
        inside_angle_brackets(&self.arguments)
    }

    /// Returns the path or the socket (`socket:[NUMBER]`) to which the returned file descriptor refers.
    #[must_use]
    pub fn returned_target(&self) -> String {
        inside_angle_brackets(&self.outcome)
    }

    /// Returns whether a flag such as `O_DSYNC` is among the arguments.
    #[must_use]
    pub fn has_flag(&self, flag: &str) -> bool {
        self.arguments.split(['|', ',', ' ', ')']).any(|word| word == flag)
    }

    /// Returns the bytes that the call read or wrote: the contents of its buffers, cut to the returned length.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes: Vec<u8> = self.arguments.split('"').skip(1).step_by(2).flat_map(decode).collect();
        bytes.truncate(usize::try_from(self.result).unwrap_or(0));
        bytes
    }
}

/// Returns the number at the beginning of `text`.
fn leading_number(text: &str) -> Option<i64> {
    let end =
        text.char_indices().position(|(at, letter)| !(letter.is_ascii_digit() || at == 0 && letter == '-'));
    text.get(..end.unwrap_or(text.len()))?.parse().ok()
}

/// Returns the decoded text between the first pair of angle brackets.
fn inside_angle_brackets(text: &str) -> String {
    let inner = text.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inner.map(|(inner, _)| String::from_utf8_lossy(&decode(inner)).into_owned()).unwrap_or_default()
}

/// Decodes a string in which every byte is written as `\xNN`.
fn decode(text: &str) -> Vec<u8> {
    let digits = text.split("\\x").skip(1);
    digits
        .map(|digits| {
            u8::from_str_radix(digits, 16).unwrap_or_else(|_| panic!("not a hexadecimal byte: {digits}"))
        })
        .collect()
}
