//! Sources that are given piece by piece instead of as files: a place to put them down, and record
//! batches as an Arrow stream there. What is put down is read like any other file, so rows that were
//! given and rows of a file can't come out differently.

use super::pack::checked;
use super::verify::scratch_folder;
use crate::Fault;
use crate::options::DatasetOptions;
use crate::output;
use crate::warnings::named;
use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, make_array};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer};
use arrow_data::{ArrayData, ArrayDataBuilder};
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{ArrowError, DataType, Field, IntervalUnit, Schema, SchemaRef, TimeUnit};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Makes a folder for the sources of a data set that is about to be packed; its options are looked at
/// first, and whether its output may be written, so that nothing is read in vain. The caller removes it.
///
/// # Errors
/// The faults of options and output, as `pack_dataset` has them.
pub fn spool_for_packing(options: &DatasetOptions) -> Result<PathBuf, Fault> {
    checked(options)?;
    output::beside(&options.output, options.overwrite)
}

/// The same for the proof of the data set in `folder`.
///
/// # Errors
/// [`Fault::Io`].
pub fn spool_for_proof(folder: &Path) -> Result<PathBuf, Fault> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    output::within(&scratch_folder(folder), &name)
}

/// A column of a record batch, or what lies below one, in the layout of Arrow.
#[derive(Clone, Debug, Default)]
pub struct GivenColumn {
    /// Its name.
    pub name: String,
    /// Its type in a few words: `int32`, `utf8`, `list`, `fixed_list:3`, `timestamp:ms:UTC`.
    pub kind: String,
    /// Values.
    pub length: usize,
    /// Where the first value's bit stands in the bits for nulls, and in those of booleans.
    pub bit: usize,
    /// A bit per value that is there; none: all are.
    pub nulls: Option<Vec<u8>>,
    /// Where lists, texts and bytes begin and end.
    pub offsets: Option<Vec<u8>>,
    /// The values; of a dictionary, the places in it.
    pub values: Option<Vec<u8>>,
    /// The elements of lists, the fields of structs, the values of a dictionary.
    pub children: Vec<Self>,
}

/// Record batches on their way to a file.
pub struct BatchFile {
    path: PathBuf,
    /// With the columns of the first batch.
    writer: Option<(SchemaRef, StreamWriter<BufWriter<File>>)>,
    batches: u64,
}

impl BatchFile {
    /// A file at `path`, made with the first batch.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { path, writer: None, batches: 0 }
    }

    /// Writes a batch of `rows` rows.
    ///
    /// # Errors
    /// [`Fault::Column`] for a type that isn't taken, parts that don't fit each other, and columns that
    /// aren't those of the first batch; [`Fault::Io`].
    pub fn write(&mut self, rows: usize, columns: Vec<GivenColumn>) -> Result<(), Fault> {
        let wrong = |detail: String| Fault::column(&self.path, None, detail);
        let mut fields = Vec::new();
        let mut arrays: Vec<ArrayRef> = Vec::new();
        for column in columns {
            let name = column.name.clone();
            let data = array(column).map_err(|detail| {
                wrong(format!("column '{name}' of batch {}: {detail}", self.batches))
            })?;
            fields.push(Field::new(name, data.data_type().clone(), true));
            arrays.push(make_array(data));
        }
        let schema: SchemaRef = Arc::new(Schema::new(fields));
        let (first, writer) = match &mut self.writer {
            Some(writer) => writer,
            empty => {
                let create = File::create_new(&self.path);
                let file = create.map_err(|error| Fault::io("create", &self.path, &error))?;
                let writer =
                    StreamWriter::try_new(BufWriter::with_capacity(1 << 20, file), &schema);
                let writer = writer.map_err(|error| refused(&self.path, error))?;
                empty.insert((Arc::clone(&schema), writer))
            }
        };
        if *first != schema {
            let columns = |schema: &Schema| {
                let fields = schema.fields().iter();
                let fields = fields.map(|it| format!("{} ({})", named(it.name()), it.data_type()));
                fields.collect::<Vec<_>>().join(", ")
            };
            let (here, before) = (columns(&schema), columns(first));
            let batch = self.batches;
            let detail =
                format!("batch {batch} has the columns {here}; those before it have {before}");
            return Err(Fault::column(&self.path, None, detail));
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(schema, arrays, &options);
        let written = batch.and_then(|batch| writer.write(&batch));
        self.batches += 1;
        written.map_err(|error| refused(&self.path, error))
    }

    /// Completes the file.
    ///
    /// # Errors
    /// [`Fault::Io`].
    pub fn finish(mut self) -> Result<(), Fault> {
        let Some((_, mut writer)) = self.writer.take() else { return Ok(()) };
        let finished = writer.finish().and_then(|()| writer.into_inner());
        let mut file = finished.map_err(|error| refused(&self.path, error))?;
        file.flush().map_err(|error| Fault::io("write", &self.path, &error))
    }
}

fn refused(path: &Path, error: ArrowError) -> Fault {
    match error {
        ArrowError::IoError(_, error) => Fault::io("write", path, &error),
        other => Fault::column(path, None, other.to_string()),
    }
}

/// The array that a column describes; what doesn't fit is said.
fn array(column: GivenColumn) -> Result<ArrayData, String> {
    let GivenColumn { kind, length, bit, nulls, offsets, values, children, .. } = column;
    let mut below = Vec::new();
    let mut names = Vec::new();
    for child in children {
        names.push(child.name.clone());
        below.push(array(child)?);
    }
    let data_type = data_type(&kind, &below, &names)?;
    let bits = |bytes: Vec<u8>| {
        let enough = bytes.len() >= (bit + length).div_ceil(8);
        enough.then(|| BooleanBuffer::new(bytes.into(), bit, length)).ok_or("its bits end early")
    };
    let nulls = match nulls {
        Some(bytes) if data_type != DataType::Null => Some(NullBuffer::new(bits(bytes)?)),
        _ => None,
    };
    let mut builder = ArrayDataBuilder::new(data_type.clone()).len(length).nulls(nulls);
    if let Some(offsets) = offsets {
        builder = builder.add_buffer(offsets.into());
    }
    if let Some(values) = values {
        let boolean = data_type == DataType::Boolean;
        let values: Buffer = if boolean { bits(values)?.sliced() } else { values.into() };
        builder = builder.add_buffer(values);
    }
    let built = builder.child_data(below).align_buffers(true).build();
    built.map_err(|error| error.to_string())
}

/// The type of these words over what lies below.
fn data_type(kind: &str, below: &[ArrayData], names: &[String]) -> Result<DataType, String> {
    let mut words = kind.split(':');
    let word = words.next().unwrap_or_default();
    let rest: Vec<&str> = words.collect();
    let number = |at: usize| rest.get(at).and_then(|word| word.parse::<i32>().ok());
    let unit = || match rest.first().copied() {
        Some("s") => Some(TimeUnit::Second),
        Some("ms") => Some(TimeUnit::Millisecond),
        Some("us") => Some(TimeUnit::Microsecond),
        Some("ns") => Some(TimeUnit::Nanosecond),
        _ => None,
    };
    let child = |k: usize| {
        let (data, name) = (below.get(k)?, names.get(k)?);
        Some(Arc::new(Field::new(name, data.data_type().clone(), true)))
    };
    let found = match word {
        "null" => Some(DataType::Null),
        "bool" => Some(DataType::Boolean),
        "int8" => Some(DataType::Int8),
        "int16" => Some(DataType::Int16),
        "int32" => Some(DataType::Int32),
        "int64" => Some(DataType::Int64),
        "uint8" => Some(DataType::UInt8),
        "uint16" => Some(DataType::UInt16),
        "uint32" => Some(DataType::UInt32),
        "uint64" => Some(DataType::UInt64),
        "float16" => Some(DataType::Float16),
        "float32" => Some(DataType::Float32),
        "float64" => Some(DataType::Float64),
        "utf8" => Some(DataType::Utf8),
        "large_utf8" => Some(DataType::LargeUtf8),
        "binary" => Some(DataType::Binary),
        "large_binary" => Some(DataType::LargeBinary),
        "date32" => Some(DataType::Date32),
        "date64" => Some(DataType::Date64),
        "year_month" => Some(DataType::Interval(IntervalUnit::YearMonth)),
        "fixed_binary" => number(0).map(DataType::FixedSizeBinary),
        "decimal" => {
            let parts = number(0)
                .zip(number(1))
                .map(|(digits, scale)| u8::try_from(digits).ok().zip(i8::try_from(scale).ok()));
            parts.flatten().map(|(digits, scale)| DataType::Decimal128(digits, scale))
        }
        "time32" => unit().map(DataType::Time32),
        "time64" => unit().map(DataType::Time64),
        "duration" => unit().map(DataType::Duration),
        "timestamp" => {
            let zone = rest.get(1..).filter(|zone| !zone.is_empty()).map(|zone| zone.join(":"));
            unit().map(|unit| DataType::Timestamp(unit, zone.map(Into::into)))
        }
        "list" => child(0).map(DataType::List),
        "large_list" => child(0).map(DataType::LargeList),
        "fixed_list" => child(0).zip(number(0)).map(|(field, n)| DataType::FixedSizeList(field, n)),
        "struct" => {
            let fields: Option<Vec<_>> = (0..below.len()).map(child).collect();
            fields.map(|fields| DataType::Struct(fields.into()))
        }
        "dictionary" => {
            let keys = match rest.first().copied() {
                Some("int8") => Some(DataType::Int8),
                Some("int16") => Some(DataType::Int16),
                Some("int32") => Some(DataType::Int32),
                Some("uint8") => Some(DataType::UInt8),
                Some("uint16") => Some(DataType::UInt16),
                Some("uint32") => Some(DataType::UInt32),
                _ => None,
            };
            keys.zip(below.first()).map(|(keys, values)| {
                DataType::Dictionary(Box::new(keys), Box::new(values.data_type().clone()))
            })
        }
        _ => None,
    };
    found.ok_or_else(|| {
        format!(
            "its type, {kind}, isn't taken from memory; give the batch as the bytes of an Arrow IPC \
             stream (tableToIPC)"
        )
    })
}
