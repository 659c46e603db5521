//! What a manifest says of the sources, so that they can be read again in the same way.

use crate::options::WithoutTargets;
use crate::store::Targetless;
use serde_json::{Value, json};

/// How the sources were read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SourceNotes {
    /// The column by which padding was left out.
    pub attention_mask: Option<String>,
    /// Columns that were passed over knowingly.
    pub ignore: Vec<String>,
    /// The split of folders.
    pub split: Option<String>,
    /// Packed data sets were taken as sources.
    pub repack: bool,
    pub without_targets: WithoutTargets,
    /// What has nothing to train on, if labels or a loss mask were named.
    pub targetless: Option<Targetless>,
}

impl SourceNotes {
    pub(super) fn to_json(&self) -> Value {
        json!({
            "attentionMask": self.attention_mask,
            "ignore": self.ignore,
            "split": self.split,
            "repack": self.repack,
            "withoutTargets": self.without_targets.name(),
            "sequencesWithoutTargets": self.targetless.map(|counts| counts.sequences),
            "packsWithoutTargets": self.targetless.map(|counts| counts.packs),
            "droppedWithoutTargets": self.targetless.map(|counts| counts.dropped),
        })
    }

    /// None for what isn't such a description.
    pub(super) fn parse(value: &Value) -> Option<Self> {
        let text = |name: &str| match value.get(name)? {
            Value::Null => Some(None),
            Value::String(text) => Some(Some(text.clone())),
            _ => None,
        };
        let count = |name: &str| match value.get(name)? {
            Value::Null => Some(None),
            number => number.as_u64().map(Some),
        };
        let ignore = value.get("ignore")?.as_array()?.iter();
        let counts = (
            count("sequencesWithoutTargets")?,
            count("packsWithoutTargets")?,
            count("droppedWithoutTargets")?,
        );
        Some(Self {
            attention_mask: text("attentionMask")?,
            ignore: ignore.map(|name| name.as_str().map(str::to_string)).collect::<Option<_>>()?,
            split: text("split")?,
            repack: value.get("repack")?.as_bool()?,
            without_targets: WithoutTargets::find(value.get("withoutTargets")?.as_str()?)?,
            targetless: match counts {
                (Some(sequences), Some(packs), Some(dropped)) if dropped <= sequences => {
                    Some(Targetless { sequences, packs, dropped })
                }
                (None, None, None) => None,
                _ => return None,
            },
        })
    }
}
