//! Takes the last bytes of a connection that loses its session.

use crate::session_handle::State;

/// Moves the bytes that wait to be written to the present connection to `rest`. If there is not enough memory for them,
/// they are dropped and nothing more may be written to the connection.
pub(super) fn take_output(state: &mut State, rest: &mut Vec<u8>) {
    let copied = state.session.write_buffer().take(Vec::new()).try_copy_to(rest);
    if let (Err(_), Some(connection)) = (copied, &state.connection) {
        connection.signals.forbid_writing();
    }
}
