//! The future of one connection. It drives the connection until the connection ends or moves to another core.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::Driver;
use super::relocation::Departure;

/// The future that drives one connection on its core.
///
/// This is not an `async` function, because it passes a future of its own type to the other core.
pub struct Drive(Stage);

#[expect(
    clippy::large_enum_variant,
    reason = "almost every connection is connected, and a box would cost it memory"
)]
enum Stage {
    Connected(Driver),
    /// The connection sends its last bytes and closes.
    Closing(Pin<Box<dyn Future<Output = ()> + Send>>),
    /// The connection has ended, or continues on another core.
    Done,
}

impl From<Driver> for Drive {
    fn from(driver: Driver) -> Self {
        Self(Stage::Connected(driver))
    }
}

impl Future for Drive {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        loop {
            let departure = match &mut self.0 {
                Stage::Connected(driver) => ready!(driver.poll(context)),
                Stage::Closing(closing) => return closing.as_mut().poll(context),
                Stage::Done => return Poll::Ready(()),
            };
            let Stage::Connected(driver) = mem::replace(&mut self.0, Stage::Done) else { continue };
            match departure {
                Departure::End(end) => self.0 = Stage::Closing(Box::pin(driver.finish(end))),
                Departure::To(core) => driver.move_to(core),
            }
        }
    }
}
