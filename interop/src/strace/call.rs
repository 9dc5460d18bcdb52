//! One system call: what strace wrote of its arguments, and when it began and returned.

/// A call that returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemCall {
    /// Its name.
    pub name: String,
    /// What it returned; errors are negative.
    pub result: i64,
    /// The number of the line at which it began.
    pub start_line: usize,
    /// The number of the line at which it returned. What another thread did because of it comes later.
    pub end_line: usize,
    arguments: String,
    outcome: String,
}

impl SystemCall {
    /// `None` for one without a result, such as a call that a signal interrupts.
    pub(super) fn parse(text: &str, start_line: usize, end_line: usize) -> Option<Self> {
        let (call, outcome) = text.rsplit_once(" = ")?;
        let (name, arguments) = call.split_once('(')?;
        let result = leading_number(outcome)?;
        assert!(!arguments.contains("\"..."), "{name}: strace cut an argument off");
        Some(Self {
            name: name.to_owned(),
            result,
            start_line,
            end_line,
            arguments: arguments.to_owned(),
            outcome: outcome.to_owned(),
        })
    }

    /// The descriptor that is its first argument.
    #[must_use]
    pub fn descriptor(&self) -> Option<i64> {
        leading_number(&self.arguments)
    }

    /// What that descriptor is: a path, or `socket:[NUMBER]`.
    #[must_use]
    pub fn target(&self) -> String {
        inside_angle_brackets(&self.arguments)
    }

    /// The same for the descriptor that it returned.
    #[must_use]
    pub fn returned_target(&self) -> String {
        inside_angle_brackets(&self.outcome)
    }

    /// Whether a flag such as `O_DSYNC` is among its arguments.
    #[must_use]
    pub fn has_flag(&self, flag: &str) -> bool {
        self.arguments.split(['|', ',', ' ', ')']).any(|word| word == flag)
    }

    /// The bytes that it moved: those of its buffers, as many as it says.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes: Vec<u8> = self.arguments.split('"').skip(1).step_by(2).flat_map(decode).collect();
        bytes.truncate(usize::try_from(self.result).unwrap_or(0));
        bytes
    }
}

/// The number at the beginning.
fn leading_number(text: &str) -> Option<i64> {
    let end =
        text.char_indices().position(|(at, letter)| !(letter.is_ascii_digit() || at == 0 && letter == '-'));
    text.get(..end.unwrap_or(text.len()))?.parse().ok()
}

/// What stands inside_angle_brackets the first angle brackets.
fn inside_angle_brackets(text: &str) -> String {
    let inner = text.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inner.map(|(inner, _)| String::from_utf8_lossy(&decode(inner)).into_owned()).unwrap_or_default()
}

/// Bytes that are all written as `\xNN`.
fn decode(text: &str) -> Vec<u8> {
    let digits = text.split("\\x").skip(1);
    digits
        .map(|digits| u8::from_str_radix(digits, 16).unwrap_or_else(|_| panic!("no byte: {digits}")))
        .collect()
}
