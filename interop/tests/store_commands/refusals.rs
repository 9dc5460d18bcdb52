//! What the commands refuse, in words that tell the operator why.

use std::fs::{self, File};
use std::process::Command;

use tidegate_interop::process::{DEADLINE, Process};
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::toolbox;

use crate::command::{durable, fail, leave_a_session, publish_retained, run, succeed};

#[test]
fn a_broker_that_keeps_nothing_has_no_store() {
    let broker = durable("memory");
    let data = broker.file("data");
    let file = broker.file("snapshot");
    for words in [
        fail(&["snapshot"], &[("", &file), ("--data", &data)]),
        fail(&["store", "check"], &[("--data", &data)]),
        fail(&["store", "stats"], &[("--data", &data)]),
    ] {
        assert!(words.contains("there is no store at ") && words.contains("durability"), "{words}");
    }
    assert!(!file.exists() && !data.join("store").exists());
    broker.stop();
}

#[tokio::test(flavor = "current_thread")]
async fn a_running_broker_is_not_replaced_and_its_file_is_no_snapshot() {
    let mut broker = durable("always");
    let _ = leave_a_session(&broker).await;
    let (data, file) = (broker.file("data"), broker.file("snapshot"));
    let said = succeed(&["snapshot"], &[("", &file), ("--data", &data)]);
    assert!(said.starts_with(&format!("{}: 2 records, ", file.display())), "{said}");
    for arguments in [&["restore"][..], &["restore", "--replace"]] {
        let words = fail(arguments, &[("", &file), ("--data", &data)]);
        assert!(words.contains("belongs to another running process"), "{words}");
    }
    let words = fail(&["store", "check"], &[("--file", &data.join("store/data.mdb"))]);
    assert!(words.contains("belongs to another running process"), "{words}");
    broker.kill_in_place();
    let words = fail(&["restore"], &[("", &file), ("--data", &data)]);
    assert!(words.contains("is there already") && words.contains("--replace"), "{words}");
    broker.restart_in_place();
    broker.stop();
}

#[tokio::test(flavor = "current_thread")]
async fn a_file_that_is_there_stays() {
    let broker = durable("always");
    let (data, file) = (broker.file("data"), broker.file("snapshot"));
    fs::write(&file, "mine").expect("a file");
    let words = fail(&["snapshot"], &[("", &file), ("--data", &data)]);
    assert!(words.contains("exists"), "{words}");
    assert_eq!(fs::read(&file).expect("the file"), b"mine");
    let nowhere = broker.file("nowhere/snapshot");
    let words = fail(&["snapshot"], &[("", &nowhere), ("--data", &data)]);
    assert!(words.contains("nowhere/snapshot") && words.contains("No such file"), "{words}");
    let partial = fs::read_dir(broker.file("")).expect("the folder").filter_map(Result::ok);
    assert!(partial.map(|entry| entry.file_name()).all(|name| !name.to_string_lossy().contains("partial")));
    broker.stop();
}

#[tokio::test(flavor = "current_thread")]
async fn a_snapshot_that_is_not_in_order_is_not_restored() {
    let broker = durable("always");
    let _ = leave_a_session(&broker).await;
    publish_retained(&broker, "kept", "x").await;
    let (data, file, fresh) = (broker.file("data"), broker.file("snapshot"), broker.file("fresh"));
    succeed(&["snapshot"], &[("", &file), ("--data", &data)]);
    let whole = fs::read(&file).expect("the snapshot");
    // A letter of the client identifier that is none, wherever that stands, free pages included.
    let mut broken = whole.clone();
    let places: Vec<_> =
        (0..broken.len() - 10).filter(|at| broken[*at..].starts_with(b"subscriber")).collect();
    assert!(!places.is_empty(), "the client identifier");
    places.into_iter().for_each(|at| broken[at] = 0xFE);
    fs::write(&file, broken).expect("the snapshot");
    let ended = run(&["store", "check"], &[("--file", &file)]);
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.output[0].contains("in sessions is not valid"), "{ended:?}");
    assert!(ended.errors[0].contains("faults in "), "{ended:?}");
    let words = fail(&["restore"], &[("", &file), ("--data", &fresh)]);
    assert!(words.contains("is not in order") && words.contains("in sessions is not valid"), "{words}");
    fs::write(&file, whole).expect("the snapshot");
    File::options().write(true).open(&file).and_then(|file| file.set_len(8192)).expect("a cut");
    let words = fail(&["restore"], &[("", &file), ("--data", &fresh)]);
    assert!(words.contains("is cut off"), "{words}");
    fs::write(&file, "something else").expect("the snapshot");
    let words = fail(&["restore"], &[("", &file), ("--data", &fresh)]);
    assert!(words.contains("is no store"), "{words}");
    assert!(!fresh.exists(), "nothing was made");
    broker.stop();
}

#[tokio::test(flavor = "current_thread")]
async fn a_snapshot_that_is_interrupted_leaves_nothing() {
    let broker = durable("interval");
    // Some 35 MB, so that there is a moment between its begin and its end.
    for number in 0..40 {
        publish_retained(&broker, &format!("large/{number}"), &"x".repeat(900_000)).await;
    }
    let folder = broker.file("snapshots");
    fs::create_dir(&folder).expect("a folder");
    let is_empty = || fs::read_dir(&folder).expect("the folder").next().is_none();
    let mut command = Command::new(toolbox::broker());
    command.arg("snapshot").arg(folder.join("a")).arg("--data").arg(broker.file("data"));
    let snapshot = Process::start("snapshot", &mut command);
    let begun = async {
        while is_empty() {
            tokio::task::yield_now().await;
        }
    };
    within_deadline("its begin", begun).await;
    snapshot.terminate();
    let ended = snapshot.end_within(DEADLINE);
    // On a machine that is quick enough it was done before.
    assert!(is_empty() || ended.status.success(), "{ended:?}");
    assert!(!folder.join("a").exists() || ended.status.success(), "{ended:?}");
    broker.stop();
}
