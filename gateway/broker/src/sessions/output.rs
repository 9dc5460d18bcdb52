//! Takes the last bytes of a connection that loses its session.

use crate::session_handle::State;

/// Takes the bytes waiting to be written to the current connection.
pub(super) fn take_output(state: &mut State) -> Vec<u8> {
    let mut bytes = Vec::new();
    state.session.write_buffer().take(Vec::new()).copy_to(&mut bytes);
    bytes
}
