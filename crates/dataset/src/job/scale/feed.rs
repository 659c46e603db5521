//! Rows on their way in, sorted by place: one Arrow stream, or the runs of all partitions merged.
//!
//! The end of a stream isn't success: it must say that it ends, and nothing may follow.

use super::folder::{JobFolder, ranges};
use super::layout::Layout;
use super::runs::{Run, run_name};
use super::standard::{Asking, name_of};
use super::stream::Lanes;
use crate::Fault;
use crate::fault::guarded;
use arrow_array::{Array, ArrayRef, BinaryArray, Int32Array, Int64Array, RecordBatch};
use arrow_ipc::reader::StreamReader;
use arrow_schema::ArrowError;
use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::PathBuf;
use std::rc::Rc;

/// The columns of a record batch.
pub(super) struct Columns {
    pub shard: Int32Array,
    pub pack: Int64Array,
    pub slot: Int32Array,
    pub id: Int64Array,
    pub start: Option<Int64Array>,
    pub tokens: BinaryArray,
    pub labels: Option<BinaryArray>,
    pub weights: Option<BinaryArray>,
    pub mask: Option<BinaryArray>,
    pub carried: Vec<ArrayRef>,
}

/// A row: a place in a record batch.
#[derive(Clone)]
pub(super) struct Row {
    pub columns: Rc<Columns>,
    pub at: usize,
}

impl Row {
    /// Shard, pack and slot that it is for.
    pub(super) fn place(&self) -> (i32, i64, i32) {
        let Self { columns, at } = self;
        (columns.shard.value(*at), columns.pack.value(*at), columns.slot.value(*at))
    }
}

/// Rows, one after another.
pub(super) struct Feed<'a> {
    lanes: Lanes,
    layout: &'a Layout,
    kind: Kind<'a>,
}

enum Kind<'a> {
    Stream(Box<Stream<'a>>),
    Runs(Runs),
}

struct Stream<'a> {
    reader: StreamReader<BufReader<Tail<Asking<'a, File>>>>,
    path: PathBuf,
    tail: Rc<Cell<[u8; 8]>>,
    go_on: &'a dyn Fn() -> Result<(), Fault>,
    open: Option<Row>,
    ended: bool,
}

struct Runs {
    all: Vec<Run>,
    heads: Vec<Row>,
    /// (pack, slot, number of the run), the least first.
    next: BinaryHeap<Reverse<(i64, i32, usize)>>,
}

impl<'a> Feed<'a> {
    /// The rows of an Arrow stream: a file, or "-" for standard input.
    ///
    /// # Errors
    /// [`Fault::Stream`] for what isn't one; [`Fault::Io`].
    pub(super) fn stream(
        path: &str,
        lanes: Lanes,
        layout: &'a Layout,
        go_on: &'a dyn Fn() -> Result<(), Fault>,
    ) -> Result<Self, Fault> {
        let tail = Rc::new(Cell::new([0; 8]));
        let input = Tail { inner: Asking::open(path, go_on)?, tail: Rc::clone(&tail) };
        let path = PathBuf::from(name_of(path));
        let reader = guarded(&path, || {
            StreamReader::try_new(BufReader::with_capacity(1 << 20, input), None)
                .map_err(|error| unread(&path, &error, go_on))
        })?;
        let stream = Stream { reader, path, tail, go_on, open: None, ended: false };
        Ok(Self { lanes, layout, kind: Kind::Stream(Box::new(stream)) })
    }

    /// What the runs of all partitions have for `shard`.
    ///
    /// # Errors
    /// [`Fault::JobIncomplete`] with the partitions that aren't assigned; [`Fault::Stream`];
    /// [`Fault::Io`].
    pub(super) fn runs(
        folder: &JobFolder,
        shard: usize,
        lanes: Lanes,
        layout: &'a Layout,
    ) -> Result<Self, Fault> {
        let count = layout.partitions.len();
        let there = |&partition: &usize| folder.place(&run_name(partition, count)).exists();
        let missing: Vec<usize> = (0..count).filter(|partition| !there(partition)).collect();
        if !missing.is_empty() {
            let missing = ranges(&missing);
            return Err(Fault::JobIncomplete(format!("partitions {missing} aren't assigned")));
        }
        let (mut runs, mut heads, mut next) = (Vec::new(), Vec::new(), BinaryHeap::new());
        for partition in 0..count {
            let Some(mut run) = Run::open(folder, partition, count, shard)? else { continue };
            let Some(head) = first_row(&mut run, lanes, layout)? else { continue };
            let (_, pack, slot) = head.place();
            next.push(Reverse((pack, slot, runs.len())));
            runs.push(run);
            heads.push(head);
        }
        Ok(Self { lanes, layout, kind: Kind::Runs(Runs { all: runs, heads, next }) })
    }

    /// The next row; none at the end.
    ///
    /// # Errors
    /// [`Fault::Stream`] for bytes that aren't a stream of these columns, and for one that was cut off;
    /// a cancel.
    pub(super) fn next(&mut self) -> Result<Option<Row>, Fault> {
        let (lanes, layout) = (self.lanes, self.layout);
        match &mut self.kind {
            Kind::Stream(stream) => stream.next(lanes, layout),
            Kind::Runs(runs) => runs.next(lanes, layout),
        }
    }
}

impl Runs {
    fn next(&mut self, lanes: Lanes, layout: &Layout) -> Result<Option<Row>, Fault> {
        let Some(Reverse((.., run))) = self.next.pop() else { return Ok(None) };
        let row = self.heads[run].clone();
        let following = if row.at + 1 < row.columns.pack.len() {
            Some(Row { columns: Rc::clone(&row.columns), at: row.at + 1 })
        } else {
            first_row(&mut self.all[run], lanes, layout)?
        };
        if let Some(head) = following {
            let (_, pack, slot) = head.place();
            self.next.push(Reverse((pack, slot, run)));
            self.heads[run] = head;
        }
        Ok(Some(row))
    }
}

fn first_row(run: &mut Run, lanes: Lanes, layout: &Layout) -> Result<Option<Row>, Fault> {
    while let Some(batch) = run.next()? {
        if batch.num_rows() > 0 {
            let columns = Rc::new(Columns::of(&batch, lanes, layout)?);
            return Ok(Some(Row { columns, at: 0 }));
        }
    }
    Ok(None)
}

impl Stream<'_> {
    fn next(&mut self, lanes: Lanes, layout: &Layout) -> Result<Option<Row>, Fault> {
        if let Some(row) = self.open.take().filter(|row| row.at + 1 < row.columns.pack.len()) {
            let row = Row { at: row.at + 1, ..row };
            self.open = Some(row.clone());
            return Ok(Some(row));
        }
        if self.ended {
            return Ok(None);
        }
        loop {
            let reader = &mut self.reader;
            let batch = guarded(&self.path, || {
                let wrong = |error| unread(&self.path, &error, self.go_on);
                reader.next().transpose().map_err(wrong)
            })?;
            let Some(batch) = batch else { break };
            if batch.num_rows() > 0 {
                let columns = Rc::new(Columns::of(&batch, lanes, layout)?);
                let row = Row { columns, at: 0 };
                self.open = Some(row.clone());
                return Ok(Some(row));
            }
        }
        self.ended = true;
        let mut rest = [0; 1];
        let count = self.reader.get_mut().read(&mut rest);
        let count = count.map_err(|error| unread(&self.path, &error.into(), self.go_on))?;
        let marker = [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0];
        if count == 0 && self.tail.get() == marker {
            return Ok(None);
        }
        let how = if count > 0 { "goes on behind its end" } else { "ended without saying so" };
        Err(Fault::Stream(format!(
            "the stream on {} {how}: who wrote it was stopped, or isn't one",
            self.path.display()
        )))
    }
}

impl Columns {
    /// # Errors
    /// [`Fault::Stream`] for a column that is missing, has another type, or nulls.
    fn of(batch: &RecordBatch, lanes: Lanes, layout: &Layout) -> Result<Self, Fault> {
        let wrong = |name: &str, why: String| {
            Fault::Stream(format!("column '{name}' of the stream {why}; it isn't of this job"))
        };
        let int32 = |name| needed::<Int32Array>(batch, name).map_err(|why| wrong(name, why));
        let int64 = |name| needed::<Int64Array>(batch, name).map_err(|why| wrong(name, why));
        let binary = |name| needed::<BinaryArray>(batch, name).map_err(|why| wrong(name, why));
        let carried = layout.carried.iter().enumerate().map(|(number, field)| {
            let name = format!("carried_{number}");
            let array = batch.column_by_name(&name);
            let array = array.ok_or_else(|| wrong(&name, "is missing".to_string()))?;
            if array.data_type() == field.data_type() {
                return Ok(ArrayRef::clone(array));
            }
            let (found, expected) = (array.data_type(), field.data_type());
            Err(wrong(&name, format!("is of type {found} instead of {expected}")))
        });
        let carried = carried.collect::<Result<_, Fault>>()?;
        Ok(Self {
            shard: int32("shard")?,
            pack: int64("pack")?,
            slot: int32("slot")?,
            id: int64("id")?,
            start: lanes.starts.then(|| int64("start")).transpose()?,
            tokens: binary("tokens")?,
            labels: lanes.labels.then(|| binary("labels")).transpose()?,
            weights: lanes.weights.then(|| binary("weights")).transpose()?,
            mask: lanes.mask.then(|| binary("mask")).transpose()?,
            carried,
        })
    }
}

/// A column without nulls, or what is wrong with it.
fn needed<T: Array + Clone + 'static>(batch: &RecordBatch, name: &str) -> Result<T, String> {
    let array = batch.column_by_name(name).ok_or("is missing")?;
    if array.null_count() > 0 {
        return Err("has nulls".to_string());
    }
    let typed = array.as_any().downcast_ref::<T>().cloned();
    typed.ok_or_else(|| format!("is of type {}", array.data_type()))
}

/// Remembers the last bytes that came through.
struct Tail<T> {
    inner: T,
    tail: Rc<Cell<[u8; 8]>>,
}

impl<T: Read> Read for Tail<T> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(bytes)?;
        let mut tail = self.tail.get();
        let last = &bytes[count.saturating_sub(8)..count];
        tail.rotate_left(last.len());
        tail[8 - last.len()..].copy_from_slice(last);
        self.tail.set(tail);
        Ok(count)
    }
}

/// A stream that can't be read; it also ends when the caller has given up.
fn unread(
    path: &std::path::Path,
    error: &ArrowError,
    go_on: &dyn Fn() -> Result<(), Fault>,
) -> Fault {
    if let Err(fault) = go_on() {
        return fault;
    }
    Fault::Stream(format!("what comes from {} isn't an Arrow stream: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::Tail;
    use std::cell::Cell;
    use std::io::Read;
    use std::rc::Rc;

    #[test]
    fn the_last_eight_bytes_are_known_however_they_come() {
        let all: Vec<u8> = (0..100).collect();
        for part in [1, 3, 7, 8, 9, 100] {
            let tail = Rc::new(Cell::new([0; 8]));
            let mut reader = Tail { inner: &all[..], tail: Rc::clone(&tail) };
            let mut bytes = vec![0; part];
            while reader.read(&mut bytes).expect("memory") > 0 {}
            assert_eq!(tail.get()[..], all[92..], "{part}");
        }
    }
}
