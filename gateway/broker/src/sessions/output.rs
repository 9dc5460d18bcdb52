//! The last bytes of a connection that loses its session.

use crate::session_handle::State;

/// The bytes that wait for the present connection. If there is not enough memory to keep them, they are dropped, and the
/// connection gets nothing more.
pub(super) fn take_output(state: &mut State) -> Vec<u8> {
    let mut bytes = Vec::new();
    let copied = state.session.write_buffer().take(Vec::new()).try_copy_to(&mut bytes);
    if let (Err(_), Some(connection)) = (copied, &state.connection) {
        connection.signals.cut_off();
    }
    bytes
}
