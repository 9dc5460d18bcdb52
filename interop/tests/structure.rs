//! Checks the structure inside packages: which other modules each module of the gateway may use, that only the broker
//! core puts sessions and a routing table together, and that the clippy.toml of each pure package contains the rules of
//! the root.

#![allow(clippy::expect_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use tidegate_interop::toolbox;

/// For each module of the gateway, the other modules that it may use. The broker core is a separate package, which
/// cannot use any of them.
const MAY_USE: [(&str, &[&str]); 9] = [
    ("config", &[]),
    ("clock", &[]),
    ("cores", &["clock"]),
    ("logging", &["config"]),
    ("development", &["config"]),
    ("story", &["logging"]),
    ("driver", &["clock", "cores", "story"]),
    ("serve", &["clock", "config", "cores", "driver", "logging", "story"]),
    ("cli", &["config", "development", "logging", "serve"]),
];

/// The folder of the broker core, the only package that may put sessions and a routing table together.
const BROKER_CORE: &str = "gateway/broker";

#[test]
fn modules_of_the_gateway_use_only_what_the_table_allows() {
    let mut modules = BTreeSet::new();
    for file in source_files(&toolbox::workspace().join("gateway/src")) {
        let module = top_level_module(&file);
        if ["lib", "main"].contains(&module.as_str()) {
            continue;
        }
        let (_, allowed) =
            MAY_USE.iter().find(|(name, _)| *name == module).expect("every module is in the table");
        for used in used_modules(&read(&file)) {
            let is_allowed = used == module || allowed.contains(&used.as_str());
            assert!(is_allowed, "{} may not use crate::{used}", file.display());
        }
        modules.insert(module);
    }
    assert_eq!(modules.len(), MAY_USE.len(), "the table names modules that do not exist");
}

/// Checks that each module of the table uses only modules that the table lists before it, so that the dependencies have
/// no cycle.
#[test]
fn the_table_of_modules_has_no_dependency_cycle() {
    for (index, (module, allowed)) in MAY_USE.iter().enumerate() {
        let above: Vec<_> = MAY_USE.iter().take(index).map(|(name, _)| *name).collect();
        assert!(allowed.iter().all(|name| above.contains(name)), "{module} uses a module below it");
    }
}

/// Tests, fuzzers and benchmarks must use the broker core that ships. A module that creates both sessions and a routing
/// table would be a second broker.
#[test]
fn only_the_broker_core_puts_sessions_and_a_routing_table_together() {
    let root = toolbox::workspace();
    let mut parts: BTreeMap<PathBuf, CreatedParts> = BTreeMap::new();
    for folder in source_folders(root) {
        for file in source_files(&folder) {
            let module = folder.join(top_level_module(&file));
            if module.ends_with("interop/tests/structure") {
                // This test itself contains the words that it searches for.
                continue;
            }
            parts.entry(module).or_default().add(&read(&file));
        }
    }
    assert!(parts.len() > 100, "expected the modules of the whole workspace, found only {}", parts.len());
    let brokers: Vec<_> = parts.iter().filter(|(_, parts)| parts.is_broker()).map(|(path, _)| path).collect();
    assert!(brokers.is_empty(), "these modules put sessions and a routing table together: {brokers:?}");
}

#[test]
fn a_module_that_creates_sessions_and_a_router_is_detected() {
    let mut parts = CreatedParts::default();
    parts.add("let session = Session::new(1, config);");
    assert!(!parts.is_broker());
    parts.add("router: Router::new(routing),");
    assert!(parts.is_broker());
}

#[test]
fn the_clippy_rules_of_pure_packages_include_those_of_the_root() {
    let root = toolbox::workspace();
    let rules = read(&root.join("clippy.toml"));
    let packages = ["mqtt", "session", "routing", BROKER_CORE];
    for package in packages {
        let own = read(&root.join(package).join("clippy.toml"));
        let missing: Vec<_> = rules.lines().filter(|line| !own.lines().any(|own| own == *line)).collect();
        assert!(missing.is_empty(), "{package}/clippy.toml lacks {missing:?}");
        for banned in ["std::time::Instant::now", "std::thread::sleep", "std::net::TcpStream"] {
            assert!(own.contains(banned), "{package}/clippy.toml does not ban {banned}");
        }
    }
}

/// Checks the numbered list in `docs/ARCHITECTURE.md` that follows a PUBLISH through the code: each function in the
/// list exists, and the list names it once.
#[test]
fn the_path_of_a_publish_names_each_function_once() {
    let root = toolbox::workspace();
    let page = read(&root.join("docs/ARCHITECTURE.md"));
    let (_, path) = page.split_once("\n1. `").expect("the numbered list");
    let (path, _) = path.split_once("\n\n").expect("the end of the list");
    let code = path.split('`').filter(|word| word.contains("::"));
    let functions: Vec<_> = code.filter_map(|word| word.rsplit("::").next()).collect();
    assert!(functions.len() > 20, "{functions:?}");
    let texts: Vec<_> = ["gateway", "gateway/broker", "session", "mqtt"]
        .iter()
        .flat_map(|package| source_files(&root.join(package).join("src")))
        .map(|file| read(&file))
        .collect();
    for (index, function) in functions.iter().enumerate() {
        assert!(!functions.iter().skip(index + 1).any(|other| other == function), "{function} stands twice");
        let defined = [format!("fn {function}("), format!("fn {function}<")];
        let exists = texts.iter().any(|text| defined.iter().any(|definition| text.contains(definition)));
        assert!(exists, "there is no function {function}");
    }
}

/// The parts of a broker that a module creates.
#[derive(Default)]
struct CreatedParts {
    creates_sessions: bool,
    creates_router: bool,
}

impl CreatedParts {
    fn add(&mut self, source: &str) {
        self.creates_sessions |= source.contains("Session::new(") || source.contains("Session::restore(");
        self.creates_router |= source.contains("Router::new(");
    }

    fn is_broker(&self) -> bool {
        self.creates_sessions && self.creates_router
    }
}

/// Returns the folders with Rust files (`src`, `tests`, `examples`, `benches`) of all packages except the broker core.
fn source_folders(root: &Path) -> Vec<PathBuf> {
    let packages = [
        "gateway",
        "gateway/client",
        "interop",
        "interop/conformance",
        "interop/chaos",
        "benches",
        "benches/operations",
        "fuzz",
    ];
    let pure = ["mqtt", "session", "routing", "limits", "persistence", "transports"];
    let folders = packages.iter().chain(&pure).flat_map(|package| {
        ["src", "tests", "examples", "benches"].map(|folder| root.join(package).join(folder))
    });
    folders.filter(|folder| folder.is_dir()).collect()
}

/// Returns all Rust files below a folder, without unit tests.
fn source_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        let is_tests = entry.file_stem().is_some_and(|name| name == "tests");
        if entry.is_dir() && !is_tests {
            files.extend(source_files(&entry));
        } else if entry.extension().is_some_and(|extension| extension == "rs") && !is_tests {
            files.push(entry);
        }
    }
    files
}

/// Returns the name of the top-level module to which a file belongs: the module directly below `src`, `tests`,
/// `examples` or `benches`.
fn top_level_module(file: &Path) -> String {
    let names: Vec<_> = file.iter().map(|name| name.to_string_lossy().into_owned()).collect();
    let at = names.iter().rposition(|name| ["src", "tests", "examples", "benches"].contains(&name.as_str()));
    let name = at.and_then(|at| names.get(at + 1)).expect("a file of a package");
    name.trim_end_matches(".rs").to_owned()
}

/// Returns the modules that the source text names as `crate::module`.
fn used_modules(source: &str) -> BTreeSet<String> {
    let is_part = |letter: char| letter.is_ascii_lowercase() || letter == '_';
    let named = source.split("crate::").skip(1);
    let names = named.flat_map(|rest| match rest.strip_prefix('{') {
        Some(list) => list.split('}').next().unwrap_or_default().split(',').map(str::trim).collect(),
        None => vec![rest],
    });
    let name = |rest: &str| rest.chars().take_while(|letter| is_part(*letter)).collect::<String>();
    names.map(name).filter(|name| !name.is_empty()).collect()
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).expect("a source file")
}
