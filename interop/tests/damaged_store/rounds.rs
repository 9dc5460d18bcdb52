//! Rounds: each takes a sample, changes it, and gives it to a command or a broker.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::mutation::mutate;
use crate::random::Random;
use crate::run::{self, Outcome};
use crate::sample::{Kind, Samples, copy_folder};
use crate::store::use_store;
use crate::traffic::Server;

/// How many files are damaged for `store check`, `restore` and `serve` together, unless `TIDEGATE_DAMAGE_ROUNDS` is set.
/// `TIDEGATE_DAMAGE_SEED` sets the first seed (default: 1).
const ROUNDS: u64 = 300;

#[test]
fn a_damaged_file_ends_no_check_by_a_signal() {
    let samples = Samples::new();
    rounds("check", 45, |what, random, folder| {
        if random.below(2) == 0 {
            let file = folder.join("snapshot");
            damage_snapshot(&samples, random, &file, what);
            return run::outcome(what, &run::command(&["store", "check"], &[("--file", &file)]));
        }
        // A killed store takes longer, because the command first waits for a broker to apply the log.
        let kind = if random.below(20) == 0 { Kind::Killed } else { Kind::Closed };
        damage_store(&samples, kind, random, folder, what);
        run::outcome(what, &run::command(&["store", "check"], &[("--data", folder)]))
    });
}

#[test]
fn a_damaged_snapshot_ends_no_restore_by_a_signal() {
    let samples = Samples::new();
    rounds("restore", 30, |what, random, folder| {
        let file = folder.join("snapshot");
        damage_snapshot(&samples, random, &file, what);
        let paths: [(&str, &Path); 2] = [("", &file), ("--data", folder)];
        let outcome = run::outcome(what, &run::command(&["restore"], &paths));
        let restored = folder.join("store");
        assert_eq!(restored.join("data.mdb").exists(), outcome == Outcome::Accepted, "{what}");
        outcome
    });
}

#[test]
fn a_damaged_store_ends_no_broker_by_a_signal() {
    let (samples, server) = (Samples::new(), Server::new());
    rounds("serve", 25, |what, random, folder| {
        let kind = [Kind::Closed, Kind::Killed, Kind::SyncPoint][random.below(3)];
        damage_store(&samples, kind, random, folder, what);
        let durability = if random.below(2) == 0 { "always" } else { "interval" };
        let (outcome, _) = server.serve(what, folder, durability);
        if random.below(4) == 0 {
            // Whatever the broker wrote is still in order.
            let checked = run::outcome(what, &run::command(&["store", "check"], &[("--data", folder)]));
            assert!(checked == Outcome::Accepted || checked == Outcome::Refused, "{what}");
        }
        outcome
    });
}

/// A signal would end this test.
#[test]
fn a_damaged_store_that_opens_can_be_used() {
    let samples = Samples::new();
    rounds("use", 100, |what, random, folder| {
        let kind = [Kind::Closed, Kind::Killed, Kind::SyncPoint][random.below(3)];
        damage_store(&samples, kind, random, folder, what);
        eprintln!("{what}");
        use_store(&folder.join("store"))
    });
}

#[test]
fn undamaged_files_are_accepted_and_used() {
    let (samples, server) = (Samples::new(), Server::new());
    for kind in [Kind::Closed, Kind::Killed, Kind::SyncPoint] {
        let folder = TempDir::new().expect("a folder");
        copy_folder(&samples.store(kind), &folder.path().join("store"));
        let what = format!("{kind:?}");
        assert_eq!(server.serve(&what, folder.path(), "always"), (Outcome::Accepted, true), "{what}");
        let checked = run::command(&["store", "check"], &[("--data", folder.path())]);
        assert_eq!(run::outcome(&what, &checked), Outcome::Accepted, "{checked:#?}");
    }
}

/// Runs the share of all rounds that a command gets, in percent. `round` gets a description, which it extends.
fn rounds(command: &str, percent: u64, mut round: impl FnMut(&mut String, &mut Random, &Path) -> Outcome) {
    let setting = |name| env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let all = setting("TIDEGATE_DAMAGE_ROUNDS").unwrap_or(ROUNDS);
    let first = setting("TIDEGATE_DAMAGE_SEED").unwrap_or(1);
    let mut outcomes = BTreeMap::<_, u64>::new();
    for seed in first..first + all * percent / 100 {
        let folder = TempDir::new().expect("a folder");
        let mut what = format!("{command}, seed {seed}: ");
        let outcome = round(&mut what, &mut Random(seed), folder.path());
        *outcomes.entry(outcome).or_default() += 1;
    }
    eprintln!("{command}: {outcomes:?}");
}

fn damage_store(samples: &Samples, kind: Kind, random: &mut Random, data: &Path, what: &mut String) {
    let store = data.join("store");
    copy_folder(&samples.store(kind), &store);
    let sync_point = store.join("anchor.failed");
    let file = if sync_point.exists() && random.below(4) == 0 { sync_point } else { store.join("data.mdb") };
    let mut bytes = fs::read(&file).expect("a file");
    what.push_str(&format!("{kind:?}, {}: {}", file.display(), mutate(&mut bytes, random)));
    fs::write(file, bytes).expect("a file");
}

/// Half of the snapshots have no checksum, so that their structure decides.
fn damage_snapshot(samples: &Samples, random: &mut Random, file: &Path, what: &mut String) {
    let mut bytes = fs::read(samples.snapshot()).expect("a file");
    if random.below(2) == 0 {
        bytes[256..288].fill(0);
    }
    what.push_str(&mutate(&mut bytes, random));
    fs::write(file, bytes).expect("a file");
}
