//! `layout.json`: every output file with its packs, known before any is written, by the rule of one
//! machine; and what all steps behind planning must know of the whole.

use super::carried;
use super::folder::{JobFolder, LAYOUT};
use crate::Fault;
use crate::format::sink::{AnySink, Sizes};
use crate::job::write::ShardCut;
use arrow_schema::FieldRef;
use serde_json::{Value, json};
use stowage_engine::epoch::Locator;
use stowage_engine::template::{Templates, sequences};
use stowage_engine::{PackOptions, STRIDE, Stage, Watch};

/// What `layout.json` says.
#[derive(Clone, Debug, Default)]
pub(super) struct Layout {
    /// Of the plan of the whole.
    pub plan_id: String,
    pub shards: Vec<LayoutShard>,
    /// In mode *local*.
    pub groups: Vec<LayoutGroup>,
    pub loss: Loss,
    pub partitions: Vec<LayoutPartition>,
    /// The sources have weights.
    pub weights: bool,
    /// Bytes of a token in streams.
    pub token_bytes: usize,
    /// Names and types of carried columns.
    pub carried: Vec<FieldRef>,
    /// Sequences left out because nothing in them is trained on.
    pub targetless: u64,
}

/// An output file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LayoutShard {
    pub path: String,
    /// In the order of writing, over the whole data set.
    pub first_pack: u64,
    pub sizes: Sizes,
}

/// Partitions that are planned and written together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LayoutGroup {
    pub partitions: Vec<usize>,
    pub plan_id: String,
    /// Its first shard, and the first that is of the next.
    pub shards: (usize, usize),
}

/// What was counted of a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LayoutPartition {
    /// The id of its first sequence.
    pub first_id: u64,
    pub sequences: u64,
    pub lengths_digest: String,
}

/// What groups cost against one plan.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Loss {
    pub global_packs: u64,
    pub lower_bound: u64,
    pub local_packs: u64,
    /// Packs more, relative to those of one plan.
    pub ratio: f64,
}

/// The files that the packs of a plan fill, in the order of writing. O(packs), some 50 ns each.
///
/// # Errors
/// A cancel.
pub(super) fn cut(
    sink: &dyn AnySink,
    templates: &Templates,
    locator: &Locator,
    options: &PackOptions,
    watch: &dyn Watch,
) -> Result<Vec<Sizes>, Fault> {
    let of = |(runs, _): (&[stowage_engine::template::Run], u64)| {
        let places =
            runs.iter().map(|run| u64::from(options.need(run.length)) * u64::from(run.times));
        (places.sum::<u64>(), sequences(runs))
    };
    let sizes: Vec<(u64, u64)> = templates.iter().map(of).collect();
    let (mut shards, mut cut) = (vec![Sizes::default()], ShardCut::new(sink));
    let packs = locator.pack_count();
    for k in 0..packs {
        if k.is_multiple_of(STRIDE as u64) {
            watch.step(Stage::Plan, 0, packs)?;
        }
        let (places, segments) = sizes[locator.template_at(k)];
        if cut.begins(sink.pack_bytes(places, segments)) {
            shards.push(Sizes::default());
        }
        let shard = shards.last_mut().expect("one is there from the start");
        shard.packs += 1;
        shard.segments += segments;
        shard.places += places;
    }
    Ok(shards)
}

impl Layout {
    /// The JSON of the file, with a line end.
    ///
    /// # Errors
    /// `ERR_OPTION` for a carried column of a type that Arrow can't write.
    pub(super) fn to_text(&self) -> Result<String, Fault> {
        let shard = |shard: &LayoutShard| {
            let LayoutShard { path, first_pack, sizes } = shard;
            let Sizes { packs, segments, places } = sizes;
            json!({
                "path": path,
                "firstPack": first_pack,
                "packs": packs,
                "segments": segments,
                "places": places,
            })
        };
        let mut value = json!({
            "version": 1,
            "planId": self.plan_id,
            "shards": self.shards.iter().map(shard).collect::<Value>(),
        });
        if !self.groups.is_empty() {
            let group = |group: &LayoutGroup| {
                let (from, to) = group.shards;
                json!({
                    "partitions": group.partitions,
                    "planId": group.plan_id,
                    "shards": [from, to],
                })
            };
            value["groups"] = self.groups.iter().map(group).collect();
        }
        value["loss"] = self.loss.to_json();
        let partition = |of: &LayoutPartition| {
            json!({
                "firstId": of.first_id,
                "sequences": of.sequences,
                "lengthsDigest": of.lengths_digest,
            })
        };
        value["partitions"] = self.partitions.iter().map(partition).collect();
        value["content"] = json!({
            "weights": self.weights,
            "tokenBytes": self.token_bytes,
            "carried": carried::to_text(&self.carried)?,
            "withoutTargets": self.targetless,
        });
        Ok(value.to_string() + "\n")
    }

    /// Reads the file.
    ///
    /// # Errors
    /// [`Fault::JobIncomplete`] where there is none; [`Fault::Job`] for what isn't one.
    pub(super) fn read(folder: &JobFolder) -> Result<Self, Fault> {
        let Some(bytes) = folder.read(LAYOUT)? else {
            return Err(Fault::JobIncomplete(format!("there is no {LAYOUT}; plan first")));
        };
        let layout = serde_json::from_slice(&bytes).ok().and_then(|value| Self::parse(&value));
        layout.ok_or_else(|| Fault::Job(format!("{LAYOUT} is damaged; remove it and plan again")))
    }

    fn parse(value: &Value) -> Option<Self> {
        let whole = |value: &Value, name: &str| value[name].as_u64();
        let text = |value: &Value, name: &str| value[name].as_str().map(str::to_string);
        let shard = |it: &Value| {
            Some(LayoutShard {
                path: text(it, "path")?,
                first_pack: whole(it, "firstPack")?,
                sizes: Sizes {
                    packs: whole(it, "packs")?,
                    segments: whole(it, "segments")?,
                    places: whole(it, "places")?,
                },
            })
        };
        let group = |it: &Value| {
            Some(LayoutGroup {
                partitions: serde_json::from_value(it["partitions"].clone()).ok()?,
                plan_id: text(it, "planId")?,
                shards: serde_json::from_value(it["shards"].clone()).ok()?,
            })
        };
        let partition = |it: &Value| {
            Some(LayoutPartition {
                first_id: whole(it, "firstId")?,
                sequences: whole(it, "sequences")?,
                lengths_digest: text(it, "lengthsDigest")?,
            })
        };
        let (loss, content) = (&value["loss"], &value["content"]);
        let shards: Vec<LayoutShard> =
            value["shards"].as_array()?.iter().map(shard).collect::<Option<_>>()?;
        let groups = value["groups"].as_array().into_iter().flatten().map(group);
        let groups: Vec<LayoutGroup> = groups.collect::<Option<_>>()?;
        let partitions = value["partitions"].as_array()?.iter().map(partition);
        let partitions: Vec<LayoutPartition> = partitions.collect::<Option<_>>()?;
        let fits = |group: &LayoutGroup| {
            let (from, to) = group.shards;
            from <= to
                && to <= shards.len()
                && group.partitions.iter().all(|&partition| partition < partitions.len())
        };
        (whole(value, "version")? == 1 && groups.iter().all(fits)).then_some(())?;
        Some(Self {
            plan_id: text(value, "planId")?,
            loss: Loss {
                global_packs: whole(loss, "globalPacks")?,
                lower_bound: whole(loss, "lowerBound")?,
                local_packs: whole(loss, "localPacks")?,
                ratio: loss["ratio"].as_f64()?,
            },
            shards,
            groups,
            partitions,
            weights: content["weights"].as_bool()?,
            token_bytes: whole(content, "tokenBytes")?.try_into().ok()?,
            carried: carried::parse(content["carried"].as_str()?)?,
            targetless: whole(content, "withoutTargets")?,
        })
    }

    /// The shard that a pack of the whole stands in, by its number in the order of writing.
    pub(super) fn shard_of(&self, pack: u64) -> usize {
        self.shards.partition_point(|shard| shard.first_pack + shard.sizes.packs <= pack)
    }
}

impl Loss {
    pub(super) fn to_json(self) -> Value {
        json!({
            "globalPacks": self.global_packs,
            "lowerBound": self.lower_bound,
            "localPacks": self.local_packs,
            "ratio": self.ratio,
        })
    }
}
