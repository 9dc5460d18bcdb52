//! Checks the dependencies between the packages of the workspace against the layering table of the design.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;
use tidegate_interop::toolbox;

/// For each package, the workspace packages that it may depend on. Nothing may depend on the last seven, with two exceptions:
/// `conformance` and `chaos` use `interop` to start brokers, and `benches` measures the code in `operations`.
const MAY_DEPEND_ON: [(&str, &[&str]); 16] = [
    ("mqtt", &[]),
    ("limits", &[]),
    ("session", &["mqtt", "limits"]),
    ("routing", &["mqtt"]),
    ("auth", &["mqtt", "limits"]),
    ("persistence", &["mqtt", "limits"]),
    ("transports", &["limits"]),
    ("broker", &["mqtt", "limits", "session", "routing", "auth", "persistence"]),
    ("gateway", &["mqtt", "limits", "session", "routing", "auth", "persistence", "transports", "broker"]),
    ("interop", &EVERYTHING),
    ("conformance", &["interop"]),
    ("chaos", &["mqtt", "gateway", "interop"]),
    ("benches", &BENCHES),
    ("operations", &["mqtt", "session", "routing", "persistence", "broker"]),
    ("fuzz", &EVERYTHING),
    ("docs", &EVERYTHING),
];
const EVERYTHING: [&str; 9] =
    ["mqtt", "limits", "session", "routing", "auth", "persistence", "transports", "gateway", "broker"];

const BENCHES: [&str; 9] =
    ["mqtt", "limits", "session", "routing", "auth", "persistence", "transports", "gateway", "operations"];

/// Packages without access to clock or sockets: they must not depend on any of [`IMPURE_CRATES`].
const PURE: [&str; 4] = ["mqtt", "session", "routing", "broker"];
const IMPURE_CRATES: [&str; 8] = ["tokio", "mio", "socket2", "quinn", "hyper", "rustls", "rand", "getrandom"];

#[test]
fn packages_of_ours_depend_as_the_table_says() {
    for (package, dependencies) in packages() {
        let (_, allowed) =
            MAY_DEPEND_ON.iter().find(|(name, _)| *name == package).expect("a package of the table");
        for dependency in dependencies.iter().filter_map(|(name, _)| ours(name)) {
            assert!(allowed.contains(&dependency), "{package} may not depend on {dependency}");
        }
    }
}

#[test]
fn pure_packages_have_no_clock_and_no_sockets() {
    for (package, dependencies) in packages() {
        let outside = dependencies.iter().filter(|(_, kind)| kind != "dev").map(|(name, _)| name.as_str());
        let found: Vec<_> = outside.filter(|name| IMPURE_CRATES.contains(name)).collect();
        assert!(
            !PURE.contains(&package.as_str()) || found.is_empty(),
            "{package} must not access clock or sockets, but depends on {found:?}"
        );
    }
}

/// Every package of the workspace with the names and kinds (`normal`, `dev`, `build`) of its dependencies.
fn packages() -> Vec<(String, BTreeSet<(String, String)>)> {
    let arguments = ["metadata", "--format-version", "1", "--no-deps", "--offline"];
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(toolbox::workspace()).output();
    let output = output.expect("cargo metadata");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("the metadata as JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    assert!(packages.len() > 5, "expected the whole workspace, found only {} packages", packages.len());
    packages.iter().map(package).collect()
}

fn package(value: &Value) -> (String, BTreeSet<(String, String)>) {
    let name = value["name"].as_str().expect("a name");
    let dependencies = value["dependencies"].as_array().expect("dependencies").iter().map(|dependency| {
        let kind = dependency["kind"].as_str().unwrap_or("normal");
        (dependency["name"].as_str().expect("a name").to_owned(), kind.to_owned())
    });
    (ours(name).expect("a package of ours").to_owned(), dependencies.collect())
}

fn ours(package: &str) -> Option<&str> {
    package.strip_prefix("tidegate-")
}
