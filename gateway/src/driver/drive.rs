//! The task of one connection: it drives it, lets it part, or hands it to another core and ends.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::Driver;
use super::relocation::Departure;

/// A connection under way, as a core polls it.
///
/// A future by hand: it makes more of its kind.
pub struct Drive(Stage);

enum Stage {
    Connected(Box<Driver>),
    /// Says goodbye.
    Parting(Pin<Box<dyn Future<Output = ()> + Send>>),
    /// It ended, or goes on in a task on another core.
    Left,
}

impl From<Box<Driver>> for Drive {
    fn from(driver: Box<Driver>) -> Self {
        Self(Stage::Connected(driver))
    }
}

impl Future for Drive {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        loop {
            let departure = match &mut self.0 {
                Stage::Connected(driver) => ready!(driver.poll(context)),
                Stage::Parting(parting) => return parting.as_mut().poll(context),
                Stage::Left => return Poll::Ready(()),
            };
            let Stage::Connected(driver) = mem::replace(&mut self.0, Stage::Left) else { continue };
            match departure {
                Departure::End(end) => self.0 = Stage::Parting(Box::pin(driver.finish(end))),
                Departure::To(core) => driver.go(core),
            }
        }
    }
}
