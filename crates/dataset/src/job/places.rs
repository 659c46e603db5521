//! Inputs and outputs that lie in one another: the packs of one job would be the sequences of the next.

use crate::Fault;
use crate::source::matches;
use std::path::{Path, PathBuf};

/// # Errors
/// `ERR_OPTION` naming both, for an input that is the output or lies in it, and for an output within
/// an input folder. A pattern is judged by its matches.
pub(super) fn apart(inputs: &[String], output: &Path) -> Result<(), Fault> {
    let Some(target) = real(output) else { return Ok(()) };
    for input in inputs {
        let path = Path::new(input);
        if let Ok(place) = path.canonicalize() {
            if place.is_dir() && target.starts_with(&place) {
                return Err(Fault::option(format!(
                    "the output {} lies in the input folder {}: its packs would be read as \
                     sequences the next time; choose an output elsewhere, or name the files",
                    output.display(),
                    path.display()
                )));
            }
            outside(path, &place, output, &target)?;
            continue;
        }
        // What can't be expanded is refused where it is read.
        for file in matches(input).unwrap_or_default() {
            if let Ok(place) = file.canonicalize() {
                outside(&file, &place, output, &target)?;
            }
        }
    }
    Ok(())
}

fn outside(input: &Path, place: &Path, output: &Path, target: &Path) -> Result<(), Fault> {
    if !place.starts_with(target) {
        return Ok(());
    }
    let (input, output) = (input.display(), output.display());
    Err(Fault::option(format!(
        "the input {input} lies in the output {output}, which would replace it; choose another output"
    )))
}

/// The place of a path, whose last parts needn't exist, with all links followed.
fn real(path: &Path) -> Option<PathBuf> {
    let path = std::path::absolute(path).ok()?;
    let mut above = path.as_path();
    loop {
        if let Ok(place) = above.canonicalize() {
            let rest = path.strip_prefix(above).ok()?;
            return Some(if rest == Path::new("") { place } else { place.join(rest) });
        }
        above = above.parent()?;
    }
}
