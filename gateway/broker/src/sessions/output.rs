//! Takes the last bytes of a connection that loses its session.

use crate::session_handle::State;

/// Appends the bytes that wait for the present connection to `rest`. If there is not enough memory for them, they are dropped,
/// and the connection gets nothing more.
pub(super) fn take_output(state: &mut State, rest: &mut Vec<u8>) {
    let copied = state.session.write_buffer().take(Vec::new()).try_copy_to(rest);
    if let (Err(_), Some(connection)) = (copied, &state.connection) {
        connection.signals.cut_off();
    }
}
