//! The hooks of a broker, and the phases in which each takes part.

use std::ops::BitOr;
use std::sync::Arc;

use tidegate_limits::Refusal;
use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_session::GrantedOptions;

use super::{Action, Hooks, Publication};
use crate::context::ClientContext;
use crate::end::End;

/// A set of phases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Phases(u8);

/// All hooks of a broker, in the order in which they are called. The first hook that refuses decides.
#[derive(Default)]
pub(crate) struct HookChain {
    hooks: Vec<(Phases, Arc<dyn Hooks>)>,
    /// All phases in which at least one hook takes part.
    used: Phases,
}

impl Phases {
    /// The connect phase.
    pub const CONNECT: Self = Self(1);
    /// The authenticate phase.
    pub const AUTHENTICATE: Self = Self(1 << 1);
    /// The authorise phase.
    pub const AUTHORISE: Self = Self(1 << 2);
    /// The publish phase.
    pub const PUBLISH: Self = Self(1 << 3);
    /// The deliver phase.
    pub const DELIVER: Self = Self(1 << 4);
    /// The subscribe phase.
    pub const SUBSCRIBE: Self = Self(1 << 5);
    /// The disconnect phase.
    pub const DISCONNECT: Self = Self(1 << 6);
    /// All phases.
    pub const ALL: Self = Self(0x7f);

    /// Whether a phase of `other` is in this set.
    #[must_use]
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl BitOr for Phases {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl HookChain {
    pub(crate) fn new(hooks: Vec<Arc<dyn Hooks>>) -> Self {
        let hooks: Vec<_> = hooks.into_iter().map(|hook| (hook.phases(), hook)).collect();
        let used = hooks.iter().fold(Phases::default(), |used, (phases, _)| used | *phases);
        Self { hooks, used }
    }

    /// Whether a hook takes part in one of these phases.
    #[inline]
    pub(crate) fn uses(&self, phases: Phases) -> bool {
        self.used.intersects(phases)
    }

    /// Returns the hooks that take part in one of these phases.
    pub(crate) fn of(&self, phase: Phases) -> impl Iterator<Item = &Arc<dyn Hooks>> {
        self.hooks.iter().filter(move |(phases, _)| phases.intersects(phase)).map(|(_, hook)| hook)
    }

    /// Runs the authorise and publish phases of a publish. If no hook takes part, this costs one test, and
    /// `publication` is not called.
    #[inline]
    pub(crate) fn publish<'p>(
        &self,
        client: &ClientContext,
        publication: impl FnOnce() -> Publication<'p>,
    ) -> Result<(), Refusal> {
        if !self.uses(Phases::AUTHORISE | Phases::PUBLISH) {
            return Ok(());
        }
        self.run_publish(client, publication())
    }

    #[cold]
    fn run_publish(&self, client: &ClientContext, publication: Publication<'_>) -> Result<(), Refusal> {
        self.authorise(client, Action::Publish(publication))?;
        self.of(Phases::PUBLISH).for_each(|hook| hook.publish(client, publication));
        Ok(())
    }

    /// Runs the authorise phase.
    #[cold]
    pub(crate) fn authorise(&self, client: &ClientContext, action: Action<'_>) -> Result<(), Refusal> {
        self.of(Phases::AUTHORISE).try_for_each(|hook| hook.authorise(client, action))
    }

    /// Runs the deliver phase. If no hook takes part, this costs one test, and `publication` is not called.
    #[inline]
    pub(crate) fn deliver<'p>(
        &self,
        client: &ClientContext,
        publication: impl FnOnce() -> Publication<'p>,
    ) -> Result<(), Refusal> {
        if !self.uses(Phases::DELIVER) {
            return Ok(());
        }
        self.run_deliver(client, publication())
    }

    #[cold]
    fn run_deliver(&self, client: &ClientContext, publication: Publication<'_>) -> Result<(), Refusal> {
        self.of(Phases::DELIVER).try_for_each(|hook| hook.deliver(client, publication))
    }

    /// Runs the subscribe phase.
    pub(crate) fn subscribe(
        &self,
        client: &ClientContext,
        filter: &SubscriptionFilter,
        granted: &GrantedOptions,
    ) {
        self.of(Phases::SUBSCRIBE).for_each(|hook| hook.subscribe(client, filter, granted));
    }

    /// Runs the disconnect phase.
    pub(crate) fn disconnect(&self, client: &ClientContext, end: &End) {
        self.of(Phases::DISCONNECT).for_each(|hook| hook.disconnect(client, end));
    }
}
