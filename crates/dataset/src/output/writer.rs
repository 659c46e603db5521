//! Who writes a temporary folder: its name says so, since a name survives whatever happens to what
//! stands under it. `.NAME.stowage-HOST-MACHINE-PID-START-RANDOM.tmp`.
//!
//! A process is gone when no process of this host has its number, or another one has: `START` is when
//! it began, `MACHINE` a hash of what numbers mean (the boot, and the name space of processes). Of
//! other hosts nothing can be told: on a shared file system their writers may live.

use super::digest::Digest;
use std::fmt;

/// Ending of a folder that is being written, or that was replaced in the last moment.
pub(super) const TEMPORARY: &str = ".tmp";
/// Ending of an output that was put aside where names can't be exchanged.
pub(super) const ASIDE: &str = ".old";
/// Before the writer.
const MARK: &str = ".stowage-";
/// Bytes of the output's name, and of the host's, that are kept: names have at most 255.
const BYTES: usize = 80;

/// A process on some host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writer {
    /// The host's name.
    pub host: String,
    /// The process.
    pub pid: u32,
    machine: String,
    start: String,
}

/// What is known of a writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// Its process has ended.
    Gone,
    /// It runs on this host.
    Running,
    /// It runs, or ran, elsewhere, or nothing can be told.
    Unknown,
}

impl Writer {
    /// This process.
    pub(super) fn here() -> Self {
        let pid = std::process::id();
        Self { host: host(), pid, machine: machine(), start: start_of(pid).unwrap_or_default() }
    }

    /// Whether its process still runs.
    pub(super) fn life(&self) -> Life {
        let here = Self::here();
        if self == &here {
            return Life::Running;
        }
        if self.host != here.host || self.machine != here.machine || self.machine.is_empty() {
            return Life::Unknown;
        }
        match start_of(self.pid) {
            Some(start) if start == self.start => Life::Running,
            _ => Life::Gone,
        }
    }
}

impl fmt::Display for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {} on {}", self.pid, self.host)
    }
}

/// What the names of an output's temporary folders begin with.
pub(super) fn beginning(output: &str) -> String {
    format!(".{}{MARK}", kept(output))
}

/// The beginning of the name of a temporary folder of this process.
pub(super) fn prefix(output: &str) -> String {
    let Writer { host, pid, machine, start } = Writer::here();
    format!("{}{host}-{machine}-{pid}-{start}-", beginning(output))
}

/// What the name of a temporary folder says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Temporary {
    /// Who wrote it; none where the name doesn't say so.
    pub writer: Option<Writer>,
}

/// What a name says, if it is that of a temporary folder.
pub(super) fn parse(name: &str) -> Option<Temporary> {
    let (output, writer) = name.strip_prefix('.')?.rsplit_once(MARK)?;
    let writer = writer.strip_suffix(TEMPORARY).or_else(|| writer.strip_suffix(ASIDE))?;
    if output.is_empty() {
        return None;
    }
    let fields: Vec<&str> = writer.rsplitn(5, '-').collect();
    let [_, start, pid, machine, host] = fields[..] else {
        return Some(Temporary { writer: None });
    };
    let writer = pid.parse().ok().map(|pid| Writer {
        host: host.to_string(),
        pid,
        machine: machine.to_string(),
        start: start.to_string(),
    });
    Some(Temporary { writer })
}

fn kept(name: &str) -> String {
    let mut kept = String::new();
    for letter in name.chars().filter(|letter| !letter.is_control()) {
        if kept.len() + letter.len_utf8() > BYTES {
            break;
        }
        kept.push(letter);
    }
    kept
}

#[cfg(unix)]
fn host() -> String {
    plain(&rustix::system::uname().nodename().to_string_lossy())
}

#[cfg(not(unix))]
fn host() -> String {
    plain(&std::env::var("COMPUTERNAME").unwrap_or_default())
}

fn plain(name: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '_' };
    name.chars().take(BYTES).map(letter).collect()
}

/// Eight digits for the boot and the name space of processes; nothing where they can't be told.
#[cfg(target_os = "linux")]
fn machine() -> String {
    let boot = std::fs::read("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let space = std::fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    let both = [boot.as_slice(), space.as_os_str().as_encoded_bytes()].concat();
    let digest = Digest::of(&both).to_string();
    digest[digest.len() - 8..].to_string()
}

/// Processes without a start would be taken for others that have their number now.
#[cfg(not(target_os = "linux"))]
fn machine() -> String {
    let _ = Digest::of;
    String::new()
}

/// When a process began, in the kernel's ticks; none if there is no such process.
#[cfg(target_os = "linux")]
fn start_of(pid: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name in brackets, which may hold anything.
    let fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    fields.into_iter().nth(19).map(str::to_string)
}

#[cfg(not(target_os = "linux"))]
fn start_of(_pid: u32) -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use super::{Life, Temporary, Writer, beginning, parse, prefix};

    #[test]
    fn the_name_of_a_temporary_folder_says_who_writes_it() {
        let name = format!("{}aB3xYz.tmp", prefix("out.v1"));
        assert!(name.starts_with(&beginning("out.v1")), "{name}");
        assert!(name.len() < 255, "{name}");
        assert_eq!(parse(&name), Some(Temporary { writer: Some(Writer::here()) }), "{name}");
        assert_eq!(Writer::here().life(), Life::Running);
        for foreign in ["out", ".out.tmp", ".stowage-x.tmp", ".out.stowage-host-x"] {
            assert_eq!(parse(foreign), None, "{foreign}");
        }
        let old = parse(".out.stowage-aB3xYz.tmp");
        assert_eq!(old, Some(Temporary { writer: None }), "as 0.1.0 named them");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_that_has_ended_is_gone_even_if_its_number_has_another() {
        let mut child = std::process::Command::new("true").spawn().expect("a process");
        let pid = child.id();
        child.wait().expect("ended");
        let ended = Writer { pid, ..Writer::here() };
        assert_eq!(ended.life(), Life::Gone);
        let reused = Writer { start: "1".to_string(), ..Writer::here() };
        assert_eq!(reused.life(), Life::Gone);
        let elsewhere = Writer { host: "another".to_string(), ..ended.clone() };
        assert_eq!(elsewhere.life(), Life::Unknown);
        let container = Writer { machine: "00000000".to_string(), ..ended };
        assert_eq!(container.life(), Life::Unknown);
    }
}
