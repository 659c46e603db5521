//! Streams through which other programs give rows and take them: standard input and standard output.
//!
//! The host may have set them not to wait, and a job must end when its caller wants it to: reading waits
//! in short steps and asks in between.

use crate::Fault;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Duration;

/// What stands for them where a path is expected.
pub(super) const STANDARD: &str = "-";

/// How long to wait for bytes, or room, before asking whether to go on.
const STEP: Duration = Duration::from_millis(20);

/// A reader or a writer that asks whether to go on while it waits.
pub(super) struct Asking<'a, T> {
    inner: T,
    go_on: &'a dyn Fn() -> Result<(), Fault>,
    /// Standard streams alone make one wait.
    #[cfg_attr(
        not(unix),
        expect(dead_code, reason = "there, nothing tells whether bytes have come")
    )]
    waits: bool,
}

impl<'a> Asking<'a, File> {
    /// Reads standard input, or the file at `path`.
    ///
    /// # Errors
    /// [`Fault::Io`].
    pub(super) fn open(
        path: &str,
        go_on: &'a dyn Fn() -> Result<(), Fault>,
    ) -> Result<Self, Fault> {
        let waits = path == STANDARD;
        let file = if waits { input() } else { File::open(path) };
        let inner = file.map_err(|error| Fault::io("open", Path::new(name_of(path)), &error))?;
        Ok(Self { inner, go_on, waits })
    }

    /// Writes to standard output.
    ///
    /// # Errors
    /// [`Fault::Io`].
    pub(super) fn output(go_on: &'a dyn Fn() -> Result<(), Fault>) -> Result<Self, Fault> {
        let refused = |error| Fault::io("write", Path::new("standard output"), &error);
        Ok(Self { inner: output().map_err(refused)?, go_on, waits: true })
    }
}

/// What messages call a path.
pub(super) fn name_of(path: &str) -> &str {
    if path == STANDARD { "standard input" } else { path }
}

#[cfg(unix)]
fn input() -> io::Result<File> {
    use std::os::fd::AsFd;
    Ok(File::from(io::stdin().as_fd().try_clone_to_owned()?))
}

#[cfg(unix)]
fn output() -> io::Result<File> {
    use std::os::fd::AsFd;
    Ok(File::from(io::stdout().as_fd().try_clone_to_owned()?))
}

#[cfg(windows)]
fn input() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    Ok(File::from(io::stdin().as_handle().try_clone_to_owned()?))
}

#[cfg(windows)]
fn output() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    Ok(File::from(io::stdout().as_handle().try_clone_to_owned()?))
}

impl<T> Asking<'_, T> {
    fn ask(&self) -> io::Result<()> {
        (self.go_on)().map_err(|_| io::Error::other("the job was cancelled"))
    }
}

impl Read for Asking<'_, File> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        loop {
            self.ask()?;
            #[cfg(unix)]
            if self.waits && !ready(&self.inner)? {
                continue;
            }
            match self.inner.read(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => std::thread::sleep(STEP),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }
}

/// Whether reading wouldn't wait; waits a moment for it.
#[cfg(unix)]
fn ready(file: &File) -> io::Result<bool> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let mut asked = [PollFd::new(file, PollFlags::IN)];
    let step = Timespec { tv_sec: 0, tv_nsec: i64::from(STEP.subsec_nanos()) };
    match poll(&mut asked, Some(&step)) {
        Ok(count) => Ok(count > 0),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

impl Write for Asking<'_, File> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            self.ask()?;
            match self.inner.write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => std::thread::sleep(STEP),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
