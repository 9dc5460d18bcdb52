//! Real clients against the real binary, one counterpart a file.
