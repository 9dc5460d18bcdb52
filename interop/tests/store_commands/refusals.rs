//! Tests the cases in which the store commands fail, and their error messages.

use std::fs::{self, File};
use std::process::Command;

use tidegate_interop::process::{EVENT_TIMEOUT, Process};
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::toolbox;

use crate::command::{create_session, publish_retained, run_successfully, run_to_failure, start_broker};

#[test]
fn with_durability_memory_every_command_reports_that_there_is_no_store() {
    let broker = start_broker("memory");
    let data = broker.file("data");
    let file = broker.file("snapshot");
    for message in [
        run_to_failure(&["snapshot"], &[("", &file), ("--data", &data)]),
        run_to_failure(&["store", "check"], &[("--data", &data)]),
        run_to_failure(&["store", "stats"], &[("--data", &data)]),
    ] {
        assert!(message.contains("there is no store at ") && message.contains("durability"), "{message}");
    }
    assert!(!file.exists() && !data.join("store").exists());
    broker.stop();
}

#[tokio::test(flavor = "current_thread")]
async fn restore_and_check_refuse_the_store_of_a_running_broker() {
    let mut broker = start_broker("always");
    let _ = create_session(&broker).await;
    let (data, file) = (broker.file("data"), broker.file("snapshot"));
    let output = run_successfully(&["snapshot"], &[("", &file), ("--data", &data)]);
    assert!(output.starts_with(&format!("{}: 2 records, ", file.display())), "{output}");
    for arguments in [&["restore"][..], &["restore", "--replace"]] {
        let message = run_to_failure(arguments, &[("", &file), ("--data", &data)]);
        assert!(message.contains("is in use by another process"), "{message}");
    }
    let message = run_to_failure(&["store", "check"], &[("--file", &data.join("store/data.mdb"))]);
    assert!(message.contains("is in use by another process"), "{message}");
    broker.kill();
    let message = run_to_failure(&["restore"], &[("", &file), ("--data", &data)]);
    assert!(message.contains("already exists") && message.contains("--replace"), "{message}");
    broker.restart();
    broker.stop();
}

#[tokio::test(flavor = "current_thread")]
async fn snapshot_does_not_overwrite_a_file() {
    let broker = start_broker("always");
    let (data, file) = (broker.file("data"), broker.file("snapshot"));
    fs::write(&file, "mine").expect("a file");
    let message = run_to_failure(&["snapshot"], &[("", &file), ("--data", &data)]);
    assert!(message.contains("exists"), "{message}");
    assert_eq!(fs::read(&file).expect("the file"), b"mine");
    let nowhere = broker.file("nowhere/snapshot");
    let message = run_to_failure(&["snapshot"], &[("", &nowhere), ("--data", &data)]);
    assert!(message.contains("nowhere/snapshot") && message.contains("No such file"), "{message}");
    let partial = fs::read_dir(broker.file("")).expect("the folder").filter_map(Result::ok);
    assert!(partial.map(|entry| entry.file_name()).all(|name| !name.to_string_lossy().contains("partial")));
    broker.stop();
}

#[tokio::test(flavor = "current_thread")]
async fn an_invalid_snapshot_is_not_restored() {
    let broker = start_broker("always");
    let _ = create_session(&broker).await;
    publish_retained(&broker, "kept", "x").await;
    let (data, file, fresh) = (broker.file("data"), broker.file("snapshot"), broker.file("fresh"));
    run_successfully(&["snapshot"], &[("", &file), ("--data", &data)]);
    let valid = fs::read(&file).expect("the snapshot");
    // Replaces the first byte of the client identifier by an invalid UTF-8 byte wherever the identifier occurs, even in
    // free pages.
    let mut broken = valid.clone();
    let positions: Vec<_> =
        (0..broken.len() - 10).filter(|at| broken[*at..].starts_with(b"subscriber")).collect();
    assert!(!positions.is_empty(), "the client identifier is not in the snapshot");
    positions.into_iter().for_each(|at| broken[at] = 0xFE);
    // Without a checksum, as in a snapshot of an earlier version.
    broken[256..288].fill(0);
    fs::write(&file, broken).expect("the snapshot");
    let exit = Process::run_tidegate(&["store", "check"], &[("--file", &file)]);
    assert_eq!(exit.status.code(), Some(1));
    assert!(exit.output[0].contains("in sessions is not valid"), "{exit:?}");
    assert!(exit.errors[0].contains("faults in "), "{exit:?}");
    let message = run_to_failure(&["restore"], &[("", &file), ("--data", &fresh)]);
    assert!(message.contains("is inconsistent") && message.contains("in sessions is not valid"), "{message}");
    fs::write(&file, valid).expect("the snapshot");
    File::options()
        .write(true)
        .open(&file)
        .and_then(|file| file.set_len(8192))
        .expect("a truncated snapshot");
    let message = run_to_failure(&["restore"], &[("", &file), ("--data", &fresh)]);
    assert!(message.contains("its end is missing") || message.contains("needed"), "{message}");
    fs::write(&file, "something else").expect("the snapshot");
    let message = run_to_failure(&["restore"], &[("", &file), ("--data", &fresh)]);
    assert!(message.contains("is not a Tidegate store"), "{message}");
    assert!(!fresh.exists(), "restore created a data folder");
    broker.stop();
}

#[tokio::test(flavor = "current_thread")]
async fn an_interrupted_snapshot_leaves_no_file() {
    let broker = start_broker("interval");
    // The messages have about 35 MB together, so that the snapshot takes long enough to be interrupted.
    for number in 0..40 {
        publish_retained(&broker, &format!("large/{number}"), &"x".repeat(900_000)).await;
    }
    let folder = broker.file("snapshots");
    fs::create_dir(&folder).expect("a folder");
    let is_empty = || fs::read_dir(&folder).expect("the folder").next().is_none();
    let mut command = Command::new(toolbox::broker());
    command.arg("snapshot").arg(folder.join("a")).arg("--data").arg(broker.file("data"));
    let snapshot = Process::start("snapshot", &mut command);
    let started = async {
        while is_empty() {
            tokio::task::yield_now().await;
        }
    };
    within_deadline("the snapshot to start", started).await;
    snapshot.terminate();
    let exit = snapshot.wait_for_exit(EVENT_TIMEOUT);
    // On a fast machine, the snapshot may have completed before the signal.
    assert!(is_empty() || exit.status.success(), "{exit:?}");
    assert!(!folder.join("a").exists() || exit.status.success(), "{exit:?}");
    broker.stop();
}
