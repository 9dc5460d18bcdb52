//! Checks the dependencies between the packages of the workspace against a table of the allowed dependencies.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;
use tidegate_interop::toolbox;

/// For each package, the workspace packages that it may depend on. No package may depend on the last seven packages of
/// this list, with two exceptions: `conformance` and `chaos` use `interop` to start brokers, and `benches` measures the
/// code in `operations`.
const MAY_DEPEND_ON: [(&str, &[&str]); 17] = [
    ("mqtt", &[]),
    ("limits", &[]),
    ("session", &["mqtt", "limits"]),
    ("routing", &["mqtt", "limits"]),
    ("auth", &["mqtt", "limits"]),
    ("persistence", &["mqtt", "limits"]),
    ("transports", &["limits"]),
    ("broker", &["mqtt", "limits", "session", "routing", "auth", "persistence"]),
    ("client", &["mqtt", "transports"]),
    ("gateway", &GATEWAY_DEPENDENCIES),
    ("interop", &BROKER_PACKAGES),
    ("conformance", &["interop"]),
    ("chaos", &["mqtt", "client", "interop"]),
    ("benches", &BENCHES_DEPENDENCIES),
    ("operations", &["mqtt", "session", "routing", "persistence", "broker"]),
    ("fuzz", &BROKER_PACKAGES),
    ("docs", &BROKER_PACKAGES),
];
const GATEWAY_DEPENDENCIES: [&str; 9] =
    ["mqtt", "limits", "session", "routing", "auth", "persistence", "transports", "broker", "client"];

const BROKER_PACKAGES: [&str; 10] = [
    "mqtt",
    "limits",
    "session",
    "routing",
    "auth",
    "persistence",
    "transports",
    "broker",
    "client",
    "gateway",
];

const BENCHES_DEPENDENCIES: [&str; 10] = [
    "mqtt",
    "limits",
    "session",
    "routing",
    "auth",
    "persistence",
    "transports",
    "client",
    "gateway",
    "operations",
];

/// The pure packages, which have no access to clock or sockets: they must not depend on any of [`IMPURE_CRATES`].
const PURE_PACKAGES: [&str; 4] = ["mqtt", "session", "routing", "broker"];
const IMPURE_CRATES: [&str; 8] = ["tokio", "mio", "socket2", "quinn", "hyper", "rustls", "rand", "getrandom"];

#[test]
fn packages_depend_only_on_those_that_the_table_allows() {
    for (package, dependencies) in packages() {
        let (_, allowed) =
            MAY_DEPEND_ON.iter().find(|(name, _)| *name == package).expect("a package of the table");
        for dependency in dependencies.iter().filter_map(|(name, _)| strip_workspace_prefix(name)) {
            assert!(allowed.contains(&dependency), "{package} may not depend on {dependency}");
        }
    }
}

#[test]
fn pure_packages_do_not_depend_on_crates_with_a_clock_or_sockets() {
    for (package, dependencies) in packages() {
        let outside = dependencies.iter().filter(|(_, kind)| kind != "dev").map(|(name, _)| name.as_str());
        let found: Vec<_> = outside.filter(|name| IMPURE_CRATES.contains(name)).collect();
        assert!(
            !PURE_PACKAGES.contains(&package.as_str()) || found.is_empty(),
            "{package} must not access clock or sockets, but depends on {found:?}"
        );
    }
}

/// Returns every package of the workspace, with the names and kinds (`normal`, `dev`, `build`) of its dependencies.
fn packages() -> Vec<(String, BTreeSet<(String, String)>)> {
    let arguments = ["metadata", "--format-version", "1", "--no-deps", "--offline"];
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(toolbox::workspace()).output();
    let output = output.expect("cargo metadata");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("the metadata as JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    assert!(packages.len() > 5, "expected the whole workspace, found only {} packages", packages.len());
    packages.iter().map(parse_package).collect()
}

fn parse_package(value: &Value) -> (String, BTreeSet<(String, String)>) {
    let name = value["name"].as_str().expect("a name");
    let dependencies = value["dependencies"].as_array().expect("dependencies").iter().map(|dependency| {
        let kind = dependency["kind"].as_str().unwrap_or("normal");
        (dependency["name"].as_str().expect("a name").to_owned(), kind.to_owned())
    });
    (strip_workspace_prefix(name).expect("a package of this workspace").to_owned(), dependencies.collect())
}

fn strip_workspace_prefix(package: &str) -> Option<&str> {
    package.strip_prefix("tidegate-")
}
