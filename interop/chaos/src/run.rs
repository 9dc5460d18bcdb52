//! Carries out a plan, and checks whether the broker kept its promises.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::{Duration, Instant};

use tidegate_interop::disk_faults::Fault;

use crate::clients::Order;
use crate::crowd::{ClientThread, Settings};
use crate::ledger::Totals;
use crate::machine::Machine;
use crate::plan::{Event, Plan, Signal};

/// A run in which the broker broke a promise.
#[derive(Debug)]
pub struct Failure {
    /// Number of events that had happened or begun.
    pub events: usize,
    /// The promise that the broker broke, and its log.
    pub reason: String,
}

/// Carries out a plan.
///
/// # Errors
/// If the broker broke a promise.
pub fn run(plan: &Plan) -> Result<Totals, Failure> {
    let mut events = 0;
    let outcome = catch_unwind(AssertUnwindSafe(|| carry_out(plan, &mut events)));
    let outcome = outcome.unwrap_or_else(|panic| Err(panic_message(panic.as_ref())));
    outcome.map_err(|reason| Failure { events, reason })
}

fn carry_out(plan: &Plan, events: &mut usize) -> Result<Totals, String> {
    let mut machine = Machine::start(plan);
    let settings = Settings { relays: true, pace: PUBLISH_INTERVAL, extra: |_, _| {} };
    let crowd = ClientThread::start(&machine.broker, plan.seed, &settings)?;
    let outcome = plan.steps.iter().try_for_each(|step| {
        wait_for_acknowledgements(&crowd, step.after);
        *events += 1;
        apply_event(step.event, &mut machine, &crowd)?;
        check(&mut machine, &crowd)
    });
    let outcome = outcome.and_then(|()| {
        crowd.set_network(|condition| condition.loss = 0);
        crowd.finish()
    });
    outcome.and_then(|()| check(&mut machine, &crowd)).map_err(|reason| {
        let violations = crowd.world.ledger().violations().join("\n");
        format!("{violations}\n{reason}\nthe end of the broker's log:\n{}", machine.log())
    })?;
    machine.finish()?;
    Ok(crowd.world.ledger().totals())
}

fn apply_event(event: Event, machine: &mut Machine, crowd: &ClientThread) -> Result<(), String> {
    let outcome = match event {
        Event::Kill { reboot } => restart(crowd, reboot, || machine.kill(reboot)),
        Event::Stop { reboot } => restart(crowd, reboot, || machine.stop(reboot)),
        Event::DiskFull { time, kill } => disk_full(machine, crowd, time, kill),
        Event::WriteError(signal) => break_disk(machine, crowd, Fault::WriteError, signal),
        Event::SyncError(signal) => break_disk(machine, crowd, Fault::SyncError, signal),
        Event::Reload => machine.reload(),
        other => {
            disturb(other, machine, crowd);
            Ok(())
        }
    };
    outcome.and_then(|()| crowd.wait_for_progress())
}

/// Causes an event after which the broker need not be started or repaired.
fn disturb(event: Event, machine: &mut Machine, crowd: &ClientThread) {
    match event {
        Event::Cut => crowd.set_network(|condition| condition.cuts += 1),
        Event::BlackHole(time) => {
            crowd.set_network(|condition| condition.is_black_hole = true);
            thread::sleep(time);
            crowd.set_network(|condition| condition.is_black_hole = false);
        }
        Event::Loss { percent } => crowd.set_network(|condition| condition.loss = percent),
        Event::ClockStep { seconds } => machine.step_clock(seconds),
        Event::Takeover { client } => crowd.order(client, Order::TakeOver),
        Event::Rest { client, time } => crowd.order(client, Order::Rest(time)),
        _ => {}
    }
}

/// Restarts the broker. If the machine is restarted as well, lifetimes may grow by its downtime and by the time since
/// the store's last time mark, because the broker need not count these times.
fn restart(
    crowd: &ClientThread,
    reboot: bool,
    restart: impl FnOnce() -> Result<(), String>,
) -> Result<(), String> {
    let lengthen = || {
        if reboot {
            crowd.world.ledger().lengthen_lifetimes(UNCOUNTED_TIME_MAX);
        }
    };
    // The second call covers the messages that were acknowledged after the first call.
    lengthen();
    let outcome = restart();
    lengthen();
    outcome
}

fn disk_full(machine: &mut Machine, crowd: &ClientThread, time: Duration, kill: bool) -> Result<(), String> {
    crowd.world.ledger().begin_disk_fault();
    machine.fail(Fault::NoSpace);
    thread::sleep(time);
    if kill {
        machine.replace_disk(Signal::Kill)?;
    } else {
        machine.recover();
    }
    crowd.wait_for_progress()?;
    crowd.world.ledger().end_disk_fault();
    Ok(())
}

fn break_disk(
    machine: &mut Machine,
    crowd: &ClientThread,
    fault: Fault,
    signal: Signal,
) -> Result<(), String> {
    crowd.world.ledger().begin_disk_fault();
    machine.fail(fault);
    // During this time publishers send some messages, which the broker must not acknowledge.
    thread::sleep(BROKEN_DISK_TIME);
    machine.replace_disk(signal)?;
    crowd.wait_for_progress()?;
    crowd.world.ledger().end_disk_fault();
    Ok(())
}

fn check(machine: &mut Machine, crowd: &ClientThread) -> Result<(), String> {
    machine.check()?;
    if crowd.world.ledger().violations().is_empty() {
        return Ok(());
    }
    Err("a promise was broken".to_owned())
}

/// Waits for `count` acknowledgements, but only for a limited time: clients that wait for the network may receive few.
fn wait_for_acknowledgements(crowd: &ClientThread, count: u64) {
    let acknowledged = || crowd.world.ledger().totals().acknowledged;
    let (wanted, end) = (acknowledged() + count, Instant::now() + ACKNOWLEDGEMENTS_WAIT_MAX);
    while acknowledged() < wanted && Instant::now() < end {
        thread::sleep(POLL_INTERVAL);
    }
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    text.unwrap_or_else(|| "a panic without a text".to_owned())
}

/// Upper bound of the time of a restart plus the time since the last time mark. A store under load writes a time mark
/// every second.
const UNCOUNTED_TIME_MAX: Duration = Duration::from_secs(10);
const PUBLISH_INTERVAL: Duration = Duration::from_millis(5);
const BROKEN_DISK_TIME: Duration = Duration::from_millis(300);
const ACKNOWLEDGEMENTS_WAIT_MAX: Duration = Duration::from_secs(2);
const POLL_INTERVAL: Duration = Duration::from_millis(5);
