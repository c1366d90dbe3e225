//! Folders of one test.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// The path of a folder that nobody else uses; what is in it goes with the test.
pub struct Scratch(PathBuf);

impl Scratch {
    /// A path with `name` in it; nothing is there yet.
    pub fn new(name: &str) -> Self {
        Self(scratch_path(name))
    }

    /// The folder, made if need be.
    pub fn path(&self) -> &Path {
        std::fs::create_dir_all(&self.0).unwrap();
        &self.0
    }

    /// A place in the folder for something that makes its own folder.
    pub fn inner(&self) -> PathBuf {
        self.path().join("inner")
    }

    /// A file in the folder.
    pub fn file(&self, name: &str, text: &str) -> String {
        let path = self.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

/// A path that nobody else uses.
pub fn scratch_path(name: &str) -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("oc-test-{}-{count}-{name}", std::process::id()))
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A server that was killed may still be writing for a moment.
        for _ in 0..50 {
            if std::fs::remove_dir_all(&self.0).is_ok() || !self.0.exists() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        eprintln!("{} stays behind", self.0.display());
    }
}
