//! Random rounds: each copies a sample store or snapshot, damages the copy, and starts a command or a broker on it.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::Path;

use fastrand::Rng;
use tempfile::TempDir;
use tidegate_interop::process::Process;

use crate::mutation::mutate;
use crate::run::{self, Outcome};
use crate::sample::{Kind, Samples, copy_folder};
use crate::store::use_store;
use crate::traffic::Server;

/// Number of rounds, divided among the tests by percentages. `TIDEGATE_DAMAGE_ROUNDS` replaces this number, and
/// `TIDEGATE_DAMAGE_SEED` sets the first seed (default: 1).
const ROUNDS_DEFAULT: u64 = 300;

#[test]
fn no_damaged_file_kills_a_check() {
    let samples = Samples::new();
    rounds("check", 45, |description, random, folder| {
        if random.usize(..2) == 0 {
            let file = folder.join("snapshot");
            damage_snapshot(&samples, random, &file, description);
            return run::check_outcome(
                description,
                &Process::run_tidegate(&["store", "check"], &[("--file", &file)]),
            );
        }
        // Checking a killed store takes longer, because the command first waits for a broker that might apply the log.
        let kind = if random.usize(..20) == 0 { Kind::Killed } else { Kind::Closed };
        damage_store(&samples, kind, random, folder, description);
        run::check_outcome(description, &Process::run_tidegate(&["store", "check"], &[("--data", folder)]))
    });
}

#[test]
fn no_damaged_snapshot_kills_a_restore() {
    let samples = Samples::new();
    rounds("restore", 30, |description, random, folder| {
        let file = folder.join("snapshot");
        damage_snapshot(&samples, random, &file, description);
        let paths: [(&str, &Path); 2] = [("", &file), ("--data", folder)];
        let outcome = run::check_outcome(description, &Process::run_tidegate(&["restore"], &paths));
        let restored = folder.join("store");
        assert_eq!(restored.join("data.mdb").exists(), outcome == Outcome::Accepted, "{description}");
        outcome
    });
}

#[test]
fn no_damaged_store_kills_a_broker() {
    let (samples, server) = (Samples::new(), Server::new());
    rounds("serve", 25, |description, random, folder| {
        let kind = [Kind::Closed, Kind::Killed, Kind::SyncPoint][random.usize(..3)];
        damage_store(&samples, kind, random, folder, description);
        let durability = if random.usize(..2) == 0 { "always" } else { "interval" };
        let (outcome, _) = server.serve(description, folder, durability);
        if random.usize(..4) == 0 {
            // The check must not crash on anything that the broker wrote to a damaged store.
            let checked = run::check_outcome(
                description,
                &Process::run_tidegate(&["store", "check"], &[("--data", folder)]),
            );
            assert!(checked == Outcome::Accepted || checked == Outcome::Refused, "{description}");
        }
        outcome
    });
}

/// Uses the store in this process, so that a signal would end the test.
#[test]
fn no_damaged_store_that_opens_kills_its_user() {
    let samples = Samples::new();
    rounds("use", 100, |description, random, folder| {
        let kind = [Kind::Closed, Kind::Killed, Kind::SyncPoint][random.usize(..3)];
        damage_store(&samples, kind, random, folder, description);
        eprintln!("{description}");
        use_store(&folder.join("store"))
    });
}

#[test]
fn undamaged_files_are_accepted_and_used() {
    let (samples, server) = (Samples::new(), Server::new());
    for kind in [Kind::Closed, Kind::Killed, Kind::SyncPoint] {
        let folder = TempDir::new().expect("a folder");
        copy_folder(&samples.store(kind), &folder.path().join("store"));
        let description = format!("{kind:?}");
        assert_eq!(
            server.serve(&description, folder.path(), "always"),
            (Outcome::Accepted, true),
            "{description}"
        );
        let checked = Process::run_tidegate(&["store", "check"], &[("--data", folder.path())]);
        assert_eq!(run::check_outcome(&description, &checked), Outcome::Accepted, "{checked:#?}");
    }
}

/// Runs `percent` percent of all rounds for a command. `round` runs one round, and appends what it has damaged to the
/// text that describes the round. The outcomes must be a mix: a generator that changes nothing, or always makes a file
/// useless, would test little.
fn rounds(command: &str, percent: u64, mut round: impl FnMut(&mut String, &mut Rng, &Path) -> Outcome) {
    let setting = |name| env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let all = setting("TIDEGATE_DAMAGE_ROUNDS").unwrap_or(ROUNDS_DEFAULT);
    let first = setting("TIDEGATE_DAMAGE_SEED").unwrap_or(1);
    let mut outcomes = BTreeMap::<_, u64>::new();
    let count = all * percent / 100;
    for seed in first..first + count {
        let folder = TempDir::new().expect("a folder");
        let mut description = format!("{command}, seed {seed}: ");
        let outcome = round(&mut description, &mut Rng::with_seed(seed), folder.path());
        *outcomes.entry(outcome).or_default() += 1;
    }
    eprintln!("{command}: {outcomes:?}");
    let share_min = count / MIX_DIVISOR;
    for outcome in [Outcome::Accepted, Outcome::Refused] {
        let found = outcomes.get(&outcome).copied().unwrap_or_default();
        assert!(found >= share_min, "{command}: only {found} of {count} rounds are {outcome:?}");
    }
}

fn damage_store(samples: &Samples, kind: Kind, random: &mut Rng, data: &Path, description: &mut String) {
    let store = data.join("store");
    copy_folder(&samples.store(kind), &store);
    let sync_point = store.join("anchor.failed");
    let file =
        if sync_point.exists() && random.usize(..4) == 0 { sync_point } else { store.join("data.mdb") };
    description.push_str(&format!("{kind:?}, {}: ", file.display()));
    let bytes = fs::read(&file).expect("a file");
    write_mutated(&file, bytes, random, description);
}

/// Damages a copy of the snapshot. Half of the copies have no checksum, so that only the checks of the data structures
/// can detect the damage.
fn damage_snapshot(samples: &Samples, random: &mut Rng, file: &Path, description: &mut String) {
    let mut bytes = fs::read(samples.snapshot()).expect("a file");
    if random.usize(..2) == 0 {
        bytes[256..288].fill(0);
    }
    write_mutated(file, bytes, random, description);
}

/// Writes a file with random changes. A change may have no effect, for example if it overwrites a zero with a zero; the
/// function then makes another change.
fn write_mutated(file: &Path, bytes: Vec<u8>, random: &mut Rng, description: &mut String) {
    let mut mutated = bytes.clone();
    for _ in 0..MUTATIONS_MAX {
        description.push_str(&mutate(&mut mutated, random));
        if mutated != bytes {
            return fs::write(file, mutated).expect("a file");
        }
        description.push_str(" (no effect), ");
    }
    panic!("{description}: {MUTATIONS_MAX} mutations changed nothing");
}

/// Number of mutations without an effect after which the generator is at fault.
const MUTATIONS_MAX: u32 = 100;
/// At least the number of rounds divided by this number must have each outcome. The required share is small, because
/// few damaged snapshots are accepted: half of them have a checksum.
const MIX_DIVISOR: u64 = 50;
