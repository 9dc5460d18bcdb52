//! A small disk for a broker's data folder, which a test can fill. The disk is a file system in memory, mounted in a
//! separate mount namespace.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::launch_options::LaunchOptions;

/// A mounted small disk. Dropping the value ends the mount namespace, which removes the mount.
#[derive(Debug)]
pub struct SmallDisk {
    /// A process that keeps the mount namespace in existence. The process exits when its standard input is closed.
    namespace_holder: Child,
    folder: PathBuf,
}

impl SmallDisk {
    /// Creates `folder` and mounts a disk of `bytes` bytes there. Returns `None` if this process has no permission to
    /// mount file systems; the test should then be skipped.
    #[must_use]
    pub fn mount(folder: &Path, bytes: u64) -> Option<Self> {
        fs::create_dir_all(folder).expect("a folder");
        let script =
            format!("mount -t tmpfs -o mode=700,size={bytes} tmpfs \"$1\" && echo mounted && exec cat");
        let mut command = Command::new("unshare");
        command.args(["-m", "sh", "-c", &script, "sh"]).arg(folder);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut namespace_holder = command.spawn().ok()?;
        let is_mounted = namespace_holder.stdout.take().is_some_and(reports_mounted);
        let disk = Self { namespace_holder, folder: folder.to_owned() };
        if !is_mounted {
            eprintln!("skipped: this process may not mount a file system; run the tests as root");
            return None;
        }
        Some(disk)
    }

    /// Returns the launch options for a broker that uses the disk.
    #[must_use]
    pub fn launch_options(&self) -> LaunchOptions {
        let namespace_holder = self.namespace_holder.id().to_string();
        LaunchOptions::default().wrapped_in(["nsenter", "-m", "-t", &namespace_holder, "--"])
    }

    /// Returns the path with which this process, which is outside of the mount namespace, can access a file on the
    /// disk.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.namespace_holder.id()));
        root.join(self.folder.strip_prefix("/").expect("an absolute path")).join(name)
    }

    /// Fills the disk except for `left` bytes.
    pub fn fill(&self, left: u64) {
        let mut filler = self.open_filler_file();
        let page = [1; PAGE_LEN];
        let error = loop {
            if let Err(error) = filler.write_all(&page) {
                break error;
            }
        };
        assert_eq!(error.kind(), ErrorKind::StorageFull, "{error}");
        self.free(left);
    }

    /// Frees `bytes` bytes on a full disk.
    pub fn free(&self, bytes: u64) {
        let filler = self.open_filler_file();
        let length = filler.metadata().expect("a file").len();
        filler.set_len(length.checked_sub(bytes).expect("a longer file")).expect("a file");
    }

    fn open_filler_file(&self) -> File {
        OpenOptions::new().create(true).append(true).open(self.path("filler")).expect("a file")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(self.namespace_holder.stdin.take());
        let _ = self.namespace_holder.wait();
    }
}

/// Returns whether the process reports that the disk is mounted before it exits.
fn reports_mounted(mut output: ChildStdout) -> bool {
    let mut first = [0; 8];
    std::io::Read::read_exact(&mut output, &mut first).is_ok()
}

const PAGE_LEN: usize = 4096;
