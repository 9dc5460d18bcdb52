use std::cell::Cell;
use std::future::poll_fn;
use std::io::Write;
use std::os::unix::net::UnixStream as StdStream;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;
use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;

use super::{Connections, Inbox, Order, POLLS_MAX};

/// A record of the connections that were polled, in order.
type Record = Arc<Mutex<Vec<u32>>>;

/// Adds a connection that wakes itself until it has been polled `polls` times. If `polls` is 0, the connection panics
/// when it is polled.
fn add(inbox: &Inbox, record: &Record, tenant: u64, number: u32, polls: u32) {
    let (record, left) = (Arc::clone(record), Cell::new(polls));
    inbox.add(
        tenant,
        Box::pin(poll_fn(move |context: &mut Context<'_>| {
            record.lock().push(number);
            assert!(left.get() > 0, "planted: the code of this connection has a defect");
            left.set(left.get() - 1);
            context.waker().wake_by_ref();
            if left.get() == 0 { Poll::Ready(()) } else { Poll::Pending }
        })),
    );
}

/// Polls until no connection is left.
fn run(order: Order, add_all: impl FnOnce(&Inbox, &Record)) -> Vec<u32> {
    let (inbox, record) = (Arc::<Inbox>::default(), Record::default());
    let mut connections = Connections::new(Arc::clone(&inbox), order);
    add_all(&inbox, &record);
    let mut context = Context::from_waker(Waker::noop());
    connections.poll_ready(&mut context);
    while !connections.slots.is_empty() {
        connections.poll_ready(&mut context);
    }
    drop(connections);
    assert_eq!(Arc::strong_count(&inbox), 1, "an entry keeps the inbox");
    let record = record.lock();
    record.clone()
}

#[test]
fn the_order_decides_who_is_polled_first_and_nothing_else() {
    let add_all = |inbox: &Inbox, record: &Record| {
        for (tenant, number) in [(1, 10), (1, 11), (1, 12), (2, 20)] {
            add(inbox, record, tenant, number, 2);
        }
    };
    assert_eq!(run(Order::FirstInFirstOut, add_all), [10, 11, 12, 20, 10, 11, 12, 20]);
    assert_eq!(run(Order::ByTenant, add_all), [10, 20, 11, 12, 20, 10, 11, 12]);
}

#[test]
fn a_connection_that_panics_ends_alone() {
    let polled = run(Order::FirstInFirstOut, |inbox, record| {
        add(inbox, record, 1, 1, 0);
        add(inbox, record, 1, 2, 2);
    });
    assert_eq!(polled, [1, 2, 2]);
}

#[test]
fn a_late_wake_up_of_an_ended_connection_does_not_wake_the_one_in_its_place() {
    let inbox = Arc::<Inbox>::default();
    let mut connections = Connections::new(Arc::clone(&inbox), Order::default());
    let (waker, record) = (Arc::<Mutex<Option<Waker>>>::default(), Record::default());
    let kept = Arc::clone(&waker);
    let first = poll_fn(move |context: &mut Context<'_>| {
        *kept.lock() = Some(context.waker().clone());
        Poll::Ready(())
    });
    inbox.add(1, Box::pin(first));
    let mut context = Context::from_waker(Waker::noop());
    connections.poll_ready(&mut context);
    let count = Arc::clone(&record);
    inbox.add(
        1,
        Box::pin(poll_fn(move |_: &mut Context<'_>| {
            count.lock().push(1);
            Poll::<()>::Pending
        })),
    );
    connections.poll_ready(&mut context);
    if let Some(waker) = waker.lock().take() {
        waker.wake();
    }
    connections.poll_ready(&mut context);
    assert_eq!(*record.lock(), [1], "only its first poll");
}

/// For the runtime, all connections are one task, and by itself the runtime looks for input only after a number of
/// tasks.
#[tokio::test]
async fn connections_that_are_always_ready_let_the_runtime_look_for_input() {
    let (sender, receiver) = StdStream::pair().unwrap();
    receiver.set_nonblocking(true).unwrap();
    let mut receiver = UnixStream::from_std(receiver).unwrap();
    let (inbox, polls) = (Arc::<Inbox>::default(), Arc::<Mutex<usize>>::default());
    let sender = Arc::new(Mutex::new(Some(sender)));
    for _ in 0..POLLS_MAX {
        let (count, sender) = (Arc::clone(&polls), Arc::clone(&sender));
        let connection = poll_fn(move |context: &mut Context<'_>| {
            // The input arrives while the connections are busy.
            if let Some(mut sender) = sender.lock().take() {
                sender.write_all(b"x").unwrap();
            }
            *count.lock() += 1;
            context.waker().wake_by_ref();
            Poll::<()>::Pending
        });
        inbox.add(1, Box::pin(connection));
    }
    tokio::spawn(Connections::new(inbox, Order::default()).run());
    receiver.read_u8().await.unwrap();
    let polls = *polls.lock();
    assert!(polls <= 2 * POLLS_MAX, "{polls} polls before the input was seen");
}
