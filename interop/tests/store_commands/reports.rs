//! Tests the reports of `store stats` and `store check` for a running broker and for a killed broker.

use serde_json::{Value, json};

use crate::command::{create_session, publish_retained, run_successfully, start_broker};

#[tokio::test(flavor = "current_thread")]
async fn store_stats_and_store_check_report_a_running_and_a_killed_broker() {
    let mut broker = start_broker("interval");
    let _ = create_session(&broker).await;
    publish_retained(&broker, "busy/1", "x").await;
    publish_retained(&broker, "kept", "y").await;
    let data = broker.file("data");
    let running = stats(&data);
    // The expected number of sessions includes the publisher's session, which is persistent as well.
    let expected = json!({
        "schema": 3, "sessions": 2, "subscriptions": 1, "messages": 1, "entries": 1, "received_ids": 0, "retained": 2,
    });
    for (name, value) in expected.as_object().expect("an object") {
        assert_eq!(running.get(name), Some(value), "{name} in {running}");
    }
    let tenants = running["tenants"].as_object().expect("an object");
    assert_eq!(tenants.values().collect::<Vec<_>>(), [&json!({ "sessions": 2, "retained": 2 })]);
    let bytes = |name: &str| running[name].as_u64().expect("bytes");
    assert!(bytes("used_bytes") <= bytes("file_bytes") && bytes("file_bytes") <= bytes("map_bytes"));
    // The reports also count a change that is only in the store's log when the broker is killed.
    publish_retained(&broker, "late", "z").await;
    broker.kill();
    let killed = stats(&data);
    assert_eq!(killed["retained"], 3);
    assert_eq!(killed["sessions"], running["sessions"]);
    let text = run_successfully(&["store", "stats"], &[("--data", &data)]);
    assert!(text.lines().any(|line| line.split_whitespace().eq(["retained", "3"])), "{text}");
    let checked = run_successfully(&["store", "check"], &[("--data", &data)]);
    assert_eq!(checked, format!("{}: OK, 8 records", data.join("store").display()));
    broker.restart();
    assert_eq!(stats(&data)["retained"], 3);
    broker.stop();
}

fn stats(data: &std::path::Path) -> Value {
    let text = run_successfully(&["store", "stats", "--json"], &[("--data", data)]);
    serde_json::from_str(&text).expect("one JSON object")
}
