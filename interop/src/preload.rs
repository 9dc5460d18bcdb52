//! Compiles libraries for LD_PRELOAD, which intercept the broker's calls of libc. Their sources are in
//! `interop/faults/`.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::toolbox;

/// Compiles `interop/faults/<name>.c` into `folder`, and returns the path of the library.
#[must_use]
pub fn compile(name: &str, folder: &Path) -> PathBuf {
    let library = folder.join(name).with_extension("so");
    let source = toolbox::workspace().join("interop/faults").join(name).with_extension("c");
    let status = compiler(&library, &source).status().expect("a C compiler: run `./test tools`");
    assert!(status.success(), "{} does not compile", source.display());
    library
}

fn compiler(library: &Path, source: &Path) -> Command {
    let mut compiler = Command::new("cc");
    compiler
        .args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o"])
        .arg(library)
        .arg(source)
        .arg("-ldl");
    compiler
}
