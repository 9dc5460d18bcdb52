//! Checks that no Rust file has more than 200 lines of code. Comments and blank lines do not count.

#![allow(clippy::expect_used)]

use std::fs;
use std::path::{Path, PathBuf};

use tidegate_interop::toolbox;

const CODE_LINES_MAX: usize = 200;
const EXCLUDED_FOLDERS: [&str; 3] = ["target", "node_modules", ".git"];

#[test]
fn no_file_has_more_than_200_lines_of_code() {
    let mut files = Vec::new();
    collect_rust_files(toolbox::workspace(), &mut files);
    assert!(files.len() > 50, "expected the whole workspace, found only {} files", files.len());
    let sizes =
        files.iter().map(|file| (lines_of_code(&fs::read_to_string(file).expect("a source file")), file));
    let large: Vec<_> = sizes.filter(|(lines, _)| *lines > CODE_LINES_MAX).collect();
    assert!(large.is_empty(), "files with more than {CODE_LINES_MAX} lines of code: {large:#?}");
}

#[test]
fn comments_and_blank_lines_are_not_lines_of_code() {
    assert_eq!(lines_of_code("//! What it owns.\n\nuse x;\n    // why\nfn a() {} // one\n  \n"), 2);
}

fn lines_of_code(text: &str) -> usize {
    text.lines().map(str::trim_start).filter(|line| !line.is_empty() && !line.starts_with("//")).count()
}

fn collect_rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of the workspace") {
        let path = entry.expect("an entry of the folder").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() && !EXCLUDED_FOLDERS.contains(&name) {
            collect_rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}
