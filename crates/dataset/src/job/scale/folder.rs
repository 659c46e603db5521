//! The job folder: what its files are called, and how they are written. Each appears whole under its
//! name, and never changes: one that is there already must have the same bytes.

use crate::Fault;
use crate::output::Digest;
use crate::source::positioned::SourceFile;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// A larger file isn't one of these, even of a million partitions.
const LIMIT: u64 = 1 << 32;

/// `job.json`.
pub(super) const JOB: &str = "job.json";
/// The plan of the whole.
pub(super) const PLAN: &str = "plan.json";
/// Every output file.
pub(super) const LAYOUT: &str = "layout.json";

/// A job folder.
#[derive(Clone, Debug)]
pub(super) struct JobFolder(PathBuf);

/// A file that is being written.
pub(super) struct Pending {
    file: BufWriter<NamedTempFile>,
    path: PathBuf,
    name: String,
}

/// The name of item `index` of `count`: as many digits as the last needs, at least five.
pub(super) fn numbered(kind: &str, index: usize, count: usize, ending: &str) -> String {
    let digits = count.saturating_sub(1).to_string().len().max(5);
    format!("{kind}/{index:0digits$}.{ending}")
}

impl JobFolder {
    pub(super) fn new(path: &Path) -> Self {
        Self(path.to_path_buf())
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// The place of a file.
    pub(super) fn place(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The bytes of a file; none if it isn't there.
    ///
    /// # Errors
    /// [`Fault::Io`], [`Fault::Format`].
    pub(super) fn read(&self, name: &str) -> Result<Option<Vec<u8>>, Fault> {
        let path = self.0.join(name);
        match path.symlink_metadata() {
            Ok(_) => SourceFile::read_whole(&path, LIMIT).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Fault::io("read", &path, &error)),
        }
    }

    /// Starts a file; what is called `name` appears with [`Pending::keep`].
    ///
    /// # Errors
    /// [`Fault::Io`].
    pub(super) fn begin(&self, name: &str) -> Result<Pending, Fault> {
        let path = self.0.join(name);
        let folder = path.parent().unwrap_or(&self.0);
        let create = || {
            fs::create_dir_all(folder)?;
            let last = path.file_name().unwrap_or_default().to_string_lossy();
            let mut builder = tempfile::Builder::new();
            let prefix = format!("{last}.{}-", std::process::id());
            builder.prefix(&prefix).suffix(".tmp");
            #[cfg(unix)]
            builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
            builder.tempfile_in(folder)
        };
        let file = create().map_err(|error| Fault::io("create", &path, &error))?;
        let file = BufWriter::with_capacity(1 << 18, file);
        Ok(Pending { file, path, name: name.to_string() })
    }

    /// Writes a whole file.
    ///
    /// # Errors
    /// [`Fault::Io`]; [`Fault::Job`] if the file is there with other bytes.
    pub(super) fn keep(&self, name: &str, bytes: &[u8]) -> Result<(), Fault> {
        let mut file = self.begin(name)?;
        file.write_all(bytes).map_err(|error| file.refused(&error))?;
        file.keep()
    }
}

impl Pending {
    /// The fault of a refused write.
    pub(super) fn refused(&self, error: &io::Error) -> Fault {
        Fault::io("write", &self.path, error)
    }

    /// Gives the finished file its name, unless a file with the same bytes has it.
    ///
    /// # Errors
    /// [`Fault::Io`]; [`Fault::Job`] if the file is there with other bytes.
    pub(super) fn keep(self) -> Result<(), Fault> {
        let Self { file, path, name } = self;
        let refused = |error: io::Error| Fault::io("write", &path, &error);
        let file = file.into_inner().map_err(|error| refused(error.into_error()))?;
        file.as_file().sync_all().map_err(refused)?;
        let file = match file.persist_noclobber(&path) {
            Ok(_) => return Ok(()),
            Err(error) => error.file,
        };
        // A mount of an object store may have no rename that replaces nothing: then the second of two
        // that come at once replaces equal bytes.
        if !path.exists() {
            let persisted = file.persist(&path);
            return persisted.map(|_| ()).map_err(|error| {
                Fault::io(&format!("give its name to {name} of"), &path, &error.error)
            });
        }
        if same(file.path(), &path).map_err(refused)? {
            return Ok(());
        }
        Err(Fault::Job(format!(
            "{} is there already, and this step gives other bytes for it: the input, an option or the \
             program has changed since; begin a new job folder",
            path.display()
        )))
    }
}

impl Write for Pending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn same(one: &Path, other: &Path) -> io::Result<bool> {
    if fs::metadata(one)?.len() != fs::metadata(other)?.len() {
        return Ok(false);
    }
    Ok(digest(one)? == digest(other)?)
}

fn digest(path: &Path) -> io::Result<Digest> {
    let (mut file, mut bytes) = (File::open(path)?, vec![0; 1 << 18]);
    let mut digest = crate::output::Digesting::new();
    loop {
        let count = file.read(&mut bytes)?;
        if count == 0 {
            return Ok(digest.finish());
        }
        digest.add(&bytes[..count]);
    }
}

/// Numbers as people write them in ranges: `0-3,17`.
pub(super) fn ranges(numbers: &[usize]) -> String {
    let runs = numbers.chunk_by(|a, b| a + 1 == *b);
    let text = runs.map(|run| match run {
        [one] => one.to_string(),
        [first, .., last] => format!("{first}-{last}"),
        [] => String::new(),
    });
    text.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::{JobFolder, numbered, ranges};
    use crate::Fault;

    #[test]
    fn numbers_are_said_in_ranges() {
        assert_eq!(ranges(&[0, 1, 2, 3, 17]), "0-3,17");
        assert_eq!(ranges(&[4, 5, 9, 10]), "4-5,9-10");
        assert_eq!(ranges(&[]), "");
    }

    #[test]
    fn names_have_five_digits_or_what_the_last_needs() {
        assert_eq!(numbered("counts", 17, 40, "arrow"), "counts/00017.arrow");
        assert_eq!(numbered("counts", 17, 100_001, "arrow"), "counts/000017.arrow");
    }

    #[test]
    fn a_file_is_kept_once_and_other_bytes_for_it_are_a_fault() {
        let folder = tempfile::tempdir().expect("a folder");
        let job = JobFolder::new(folder.path());
        job.keep("counts/00000.arrow", b"one").expect("it is new");
        job.keep("counts/00000.arrow", b"one").expect("it is the same");
        let fault = job.keep("counts/00000.arrow", b"two");
        assert!(matches!(fault, Err(Fault::Job(_))), "{fault:?}");
        assert_eq!(job.read("counts/00000.arrow"), Ok(Some(b"one".to_vec())));
        let names = std::fs::read_dir(folder.path().join("counts")).expect("it is there");
        assert_eq!(names.count(), 1, "nothing temporary is left");
    }
}
