//! A program that was started and is listened to.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::waiting::until;

/// Longest wait for a process to do what it was told.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A process that goes on until it is told to stop; killed with the test.
pub struct Process {
    child: Child,
    said: Arc<Mutex<String>>,
    listeners: [JoinHandle<()>; 2],
}

impl Process {
    /// Starts it and listens to what it says.
    pub fn start(mut command: Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let said = Arc::default();
        let out = listen(child.stdout.take().unwrap(), Arc::clone(&said));
        let err = listen(child.stderr.take().unwrap(), Arc::clone(&said));
        Self { child, said, listeners: [out, err] }
    }

    /// Everything it has said so far.
    pub fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// Waits until it has said something that `look` recognises.
    pub fn wait_for<T>(&mut self, what: &str, mut look: impl FnMut(&str) -> Option<T>) -> T {
        until(what, PATIENCE, || {
            let ended = self.listeners.iter().all(JoinHandle::is_finished);
            let found = look(&self.said());
            assert!(found.is_some() || !ended, "it ended before {what}: {}", self.said());
            found
        })
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for its end and its last words, and returns its exit code.
    pub fn wait(&mut self) -> Option<i32> {
        let status = until("the end of the process", PATIENCE, || self.child.try_wait().unwrap());
        let silent = || self.listeners.iter().all(JoinHandle::is_finished).then_some(());
        until("the last words of the process", PATIENCE, silent);
        status.code()
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.child.kill().is_ok() {
            drop(self.child.wait());
        }
    }
}

fn listen(stream: impl Read + Send + 'static, said: Arc<Mutex<String>>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let mut said = said.lock().unwrap();
            said.push_str(&line);
            said.push('\n');
        }
    })
}
