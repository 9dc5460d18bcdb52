//! What the commands refuse, in words that tell the operator why.

use std::fs::{self, File};

use tidegate_interop::broker::Broker;

use crate::command::{durable, fail, leave_a_session, publish_retained, run, succeed};

#[test]
fn a_broker_that_keeps_nothing_has_no_store() {
    let broker = Broker::start();
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
    // A letter of the client identifier that is none.
    let mut broken = whole.clone();
    let at = broken.windows(10).position(|bytes| bytes == b"subscriber").expect("the client identifier");
    broken[at] = 0xFE;
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
