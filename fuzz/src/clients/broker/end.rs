//! How a connection ends: the session is let go first, then the peer hears why.

use tidegate_mqtt::{Disconnect, Packet, ProtocolVersion, ReasonCode};
use tidegate_session::{Cause, Violation};

use super::attach::Aftermath;
use super::{Broker, ConnectionId, take_pending};

/// Why a connection ends, and what the peer is told.
pub(super) struct End {
    cause: Cause,
    farewell: Option<ReasonCode>,
}

impl End {
    pub(super) fn by(cause: Cause) -> Self {
        let farewell = match cause {
            Cause::KeepAlive => Some(ReasonCode::KeepAliveTimeout),
            Cause::Shutdown => Some(ReasonCode::ServerShuttingDown),
            _ => None,
        };
        Self { cause, farewell }
    }

    /// A packet that has no place here `[MQTT5-3.1.0-2]`.
    pub(super) fn unexpected() -> Self {
        Self { cause: Cause::Violation, farewell: Some(ReasonCode::ProtocolError) }
    }
}

impl From<Violation> for End {
    fn from(violation: Violation) -> Self {
        Self { cause: Cause::Violation, farewell: Some(violation.reason()) }
    }
}

impl Broker {
    pub(super) fn finish(&mut self, id: ConnectionId, end: &End) {
        let now = self.now;
        let Some(line) = self.lines.get(&id) else { return };
        let (number, epoch, version) = (line.number, line.epoch, line.version);
        // A session that is over took its seat with it; a connection of it has nothing left to say.
        let Some(seat) = self.seats.get_mut(&number) else { return };
        let Some(detached) = seat.session.detach(epoch, end.cause, now) else { return };
        seat.connection = None;
        let mut rest = take_pending(&mut seat.session);
        encode_farewell(end.farewell, version, &mut rest);
        self.line(id).rest = Some(rest);
        let Self { accounts, seats, .. } = self;
        if let Some(seat) = seats.get_mut(&number) {
            accounts.add(&seat.session.take_drops());
        }
        self.settle(
            number,
            Aftermath { will: detached.will, unacknowledged: detached.unacknowledged, ended: detached.ended },
        );
    }
}

/// A DISCONNECT exists from servers in 5.0 only.
pub(super) fn encode_farewell(reason: Option<ReasonCode>, version: ProtocolVersion, into: &mut Vec<u8>) {
    let Some(reason) = reason.filter(|_| version.is_v5()) else { return };
    Packet::Disconnect(Disconnect::new(reason)).encode(version, into).expect("a farewell");
}
