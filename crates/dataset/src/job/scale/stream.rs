//! The stream between *assign* and *write shard*: a row per segment, with its place and all that it
//! consists of. Arrow IPC, batches of at most 64 MiB.

use super::carried::empty_stream;
use super::digest::Contents;
use super::given::{Job, Mode};
use super::layout::Layout;
use crate::Fault;
use crate::format::cuts;
use crate::source::IGNORE;
use crate::store::Segment;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// Which columns stand beside the tokens. Labels that a mask alone makes are that mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent columns, each there or not")]
pub(super) struct Lanes {
    pub labels: bool,
    pub weights: bool,
    pub mask: bool,
    /// Sequences may be cut, so that segments have starts.
    pub starts: bool,
    /// Bytes of a token.
    pub token_bytes: usize,
}

impl Lanes {
    pub(super) fn of(job: &Job, layout: &Layout) -> Self {
        let columns = &job.options.columns;
        let (labels, weights) = (columns.labels.is_some(), layout.weights);
        Self {
            labels,
            weights,
            mask: columns.loss_mask.is_some() && !labels && !weights,
            starts: cuts(job.options.pack.overlong),
            token_bytes: layout.token_bytes,
        }
    }

    /// Adds a segment to a digest; tokens, labels and weights in cells of 4 bytes, as the sources have
    /// them.
    pub(super) fn see(
        self,
        contents: &Contents,
        segment: &Segment,
        tokens: &[u8],
        labels: Option<&[u8]>,
        weights: Option<&[u8]>,
    ) {
        let mask = labels.filter(|_| self.mask).map(mask_of);
        let all = [
            Some(tokens),
            labels.filter(|_| self.labels),
            weights.filter(|_| self.weights),
            mask.as_deref(),
        ];
        let lanes: Vec<&[u8]> = all.into_iter().flatten().collect();
        contents.add(segment.id, segment.start.into(), &lanes);
    }

    /// The columns of the stream; those carried follow behind.
    pub(super) fn schema(self, layout: &Layout) -> SchemaRef {
        let field = |name: &str, kind| Field::new(name, kind, false);
        let mut fields = vec![
            field("shard", DataType::Int32),
            field("pack", DataType::Int64),
            field("slot", DataType::Int32),
            field("id", DataType::Int64),
        ];
        if self.starts {
            fields.push(field("start", DataType::Int64));
        }
        fields.push(field("tokens", DataType::Binary));
        let lanes = [(self.labels, "labels"), (self.weights, "weights"), (self.mask, "mask")];
        for (_, name) in lanes.into_iter().filter(|lane| lane.0) {
            fields.push(field(name, DataType::Binary));
        }
        // Names of the sources could be those above.
        for (number, carried) in layout.carried.iter().enumerate() {
            let name = format!("carried_{number}");
            fields.push(Field::new(name, carried.data_type().clone(), true));
        }
        let width = ("stowage.tokenBytes".to_string(), self.token_bytes.to_string());
        Arc::new(Schema::new(fields).with_metadata(HashMap::from([width])))
    }
}

/// 1 where a label isn't ignored, from cells of 4 bytes.
pub(super) fn mask_of(labels: &[u8]) -> Vec<u8> {
    let (cells, _) = labels.as_chunks::<4>();
    cells.iter().map(|cell| u8::from(i32::from_le_bytes(*cell) != IGNORE)).collect()
}

/// The columns of the stream of the job in `folder`: an Arrow stream without batches.
///
/// # Errors
/// [`Fault::JobIncomplete`] before it is planned; [`Fault::Job`] in mode *local*.
pub fn stream_schema(folder: &Path) -> Result<Vec<u8>, Fault> {
    let job = Job::open(folder)?;
    job.must_be(Mode::Shuffle, "assigning")?;
    let layout = Layout::read(&job.folder)?;
    empty_stream(&Lanes::of(&job, &layout).schema(&layout))
}
