//! The splits of a folder, by the words of the Hugging Face Hub in the names of its files and
//! folders, or by its `dataset_dict.json`. Two of them in one packed data set would train on what
//! is kept for testing.

use super::walk::Group;
use crate::Fault;
use crate::warnings::{Warnings, listed};
use std::path::Path;

/// Words for a split, as `datasets` (`data_files.py`) knows them.
const WORDS: [(&str, &[&str]); 3] = [
    ("train", &["train", "training"]),
    ("validation", &["validation", "valid", "dev", "val"]),
    ("test", &["test", "testing", "eval", "evaluation"]),
];

/// The groups of the split that is asked for; all if there is one split or none.
///
/// # Errors
/// `ERR_OPTION` for several splits of which none is chosen, and for one that isn't there.
pub(super) fn choose(
    folder: &Path,
    groups: Vec<Group>,
    split: Option<&str>,
    warnings: &mut Warnings,
) -> Result<Vec<Group>, Fault> {
    let of_group = |group: &Group| group.split.clone().or_else(|| of_path(folder, &group.key));
    let tagged: Vec<(Option<String>, Group)> =
        groups.into_iter().map(|group| (of_group(&group), group)).collect();
    let mut found: Vec<String> = tagged.iter().filter_map(|(tag, _)| tag.clone()).collect();
    found.sort_unstable();
    found.dedup();
    let Some(split) = split else {
        if found.len() < 2 {
            return Ok(tagged.into_iter().map(|(_, group)| group).collect());
        }
        let detail = format!(
            "{} has the splits {}, which would be packed into one data set; set split to one of \
             them, or name files, a folder or a pattern",
            folder.display(),
            listed(&found)
        );
        return Err(Fault::option(detail));
    };
    let wanted = canonical(split).unwrap_or(split);
    // A folder without a word for a split is a training split, as the Hub takes it.
    if found.is_empty() && wanted == "train" {
        return Ok(tagged.into_iter().map(|(_, group)| group).collect());
    }
    let is_wanted = |tag: &Option<String>| tag.as_deref() == Some(wanted);
    if !found.iter().any(|tag| tag == wanted) {
        let has = if found.is_empty() { "no splits".to_string() } else { listed(&found) };
        let detail = format!("{} has no split '{split}'; it has {has}", folder.display());
        return Err(Fault::option(detail));
    }
    let other: Vec<String> = tagged
        .iter()
        .filter(|(tag, _)| tag.is_none())
        .map(|(_, group)| group.key.display().to_string())
        .collect();
    if !other.is_empty() {
        warnings.add(format!("passed over, since its name says no split: {}", listed(&other)));
    }
    Ok(tagged.into_iter().filter(|(tag, _)| is_wanted(tag)).map(|(_, group)| group).collect())
}

/// The split that a path below `folder` says: by a shard's name in a folder `data`, else by a
/// folder, else by the file.
fn of_path(folder: &Path, path: &Path) -> Option<String> {
    let inside = path.strip_prefix(folder).ok()?;
    let parts: Vec<&str> = inside.iter().filter_map(|part| part.to_str()).collect();
    let (name, folders) = parts.split_last()?;
    if folders.last() == Some(&"data")
        && let Some(split) = shard(name)
    {
        return Some(canonical(split).unwrap_or(split).to_string());
    }
    let word = folders.iter().find_map(|folder| of_name(folder)).or_else(|| of_name(name));
    word.map(str::to_string)
}

/// The split of `NAME-00000-of-00003.…`.
fn shard(name: &str) -> Option<&str> {
    let stem = name.split('.').next()?;
    let (rest, count) = stem.rsplit_once("-of-")?;
    let (split, index) = rest.rsplit_once('-')?;
    let digits = |text: &str| text.len() >= 5 && text.bytes().take(5).all(|b| b.is_ascii_digit());
    (digits(index) && digits(count) && !split.is_empty()).then_some(split)
}

/// The split of the first word that stands for one. Whatever separates words there, too, digits do.
fn of_name(name: &str) -> Option<&'static str> {
    let separates = |c: char| matches!(c, '-' | '.' | '_' | ' ') || c.is_ascii_digit();
    name.split(separates).find_map(canonical)
}

fn canonical(word: &str) -> Option<&'static str> {
    let word = word.to_ascii_lowercase();
    WORDS.iter().find(|(_, words)| words.contains(&word.as_str())).map(|(split, _)| *split)
}

#[cfg(test)]
mod tests {
    use super::of_path;
    use std::path::Path;

    #[test]
    fn names_say_their_split_as_on_the_hub() {
        for (path, split) in [
            ("data/train-00000-of-00001.parquet", Some("train")),
            ("data/random-00000-of-00002.parquet", Some("random")),
            ("books-00000-of-00002.parquet", None),
            ("my_validation.jsonl", Some("validation")),
            ("dev.jsonl", Some("validation")),
            ("eval2.jsonl", Some("test")),
            ("val/part-0.parquet", Some("validation")),
            ("my-test-set/train.parquet", Some("test")),
            ("en/train.parquet", Some("train")),
            ("latest.parquet", None),
            ("trainer.parquet", None),
            ("developer.parquet", None),
        ] {
            let found = of_path(Path::new("in"), &Path::new("in").join(path));
            assert_eq!(found.as_deref(), split, "{path}");
        }
    }
}
