//! The made and the published histograms that come with the repository.

use crate::{Classes, Family, Instance};
use std::path::{Path, PathBuf};
use stowage_engine::optimal::Mode;

/// What `auto` may end above the bound at effort 1.
const NEAR: [(&str, u64, usize); 4] =
    [("wikipedia512", 0, 1), ("web-2048", 0, 1), ("middle-2048", 12, 1), ("", 60, 0)];

pub fn families() -> Result<Vec<Family>, Box<dyn std::error::Error>> {
    let mut families: Vec<Family> = NEAR
        .iter()
        .map(|&(name, gaps, every)| {
            let name = if name.is_empty() { "others" } else { name };
            let instances = Vec::new();
            Family { name, mode: Mode::Auto, effort: 1.0, every, closed: 0, gaps, instances }
        })
        .collect();
    for path in paths()? {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().replace("_histogram", "");
        let digits = name.trim_start_matches(|c: char| !c.is_ascii_digit());
        let instance = Instance { capacity: digits.parse()?, classes: read(&path)?, name };
        let at = NEAR.iter().position(|near| near.0 == instance.name).unwrap_or(NEAR.len() - 1);
        families[at].instances.push(instance);
    }
    Ok(families)
}

fn paths() -> Result<Vec<PathBuf>, std::io::Error> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let data = root.join("examples/data");
    let mut paths: Vec<PathBuf> =
        ["wikipedia512", "squad384"].map(|name| data.join(format!("{name}_histogram.txt"))).into();
    for entry in std::fs::read_dir(root.join("benchmark/instances"))? {
        paths.extend(
            [entry?.path()].into_iter().filter(|path| path.extension().is_some_and(|e| e == "txt")),
        );
    }
    paths.sort();
    Ok(paths)
}

/// `length count` per line, or counts alone from length 1 on; `#` starts a comment.
fn read(path: &Path) -> Result<Classes, Box<dyn std::error::Error>> {
    let text = std::fs::read_to_string(path)?;
    let mut classes = Classes::new();
    for line in text.lines().map(|line| line.split('#').next().unwrap_or("").trim()) {
        let numbers: Vec<u64> =
            line.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
        match numbers[..] {
            [] => {}
            [count] => classes.push((classes.len() as u32 + 1, count)),
            [length, count] => classes.push((u32::try_from(length)?, count)),
            _ => return Err(format!("{}: `{line}` is not `length count`", path.display()).into()),
        }
    }
    classes.retain(|class| class.1 > 0);
    classes.sort_unstable_by_key(|class| std::cmp::Reverse(class.0));
    Ok(classes)
}
