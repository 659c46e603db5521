//! Headers of any text before contents that are right: of `.npy` and safetensors files with their
//! length put right, of Megatron's index, and of lengths in `.npy` as a source.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stowage_dataset::{LengthsOptions, read_lengths};
use stowage_engine::Unwatched;
use stowage_fuzz::outputs::{Output, outputs};
use stowage_fuzz::{hold, scratch};

/// Bytes of the fields before Megatron's arrays.
const INDEX_FIELDS: usize = 34;

fuzz_target!(|data: &[u8]| {
    let Some((&[which, padding], text)) = data.split_first_chunk::<2>() else { return };
    hold(|| {
        let headed: Vec<(&Output, usize)> = outputs()
            .iter()
            .flat_map(|output| (0..output.files.len()).map(move |index| (output, index)))
            .filter(|(output, index)| headed(&output.files[*index], text, 0).is_some())
            .collect();
        let which = usize::from(which) % (headed.len() + 1);
        let Some(&(output, index)) = headed.get(which) else {
            return source(text, padding);
        };
        let bytes = self::headed(&output.files[index], text, padding).expect("it has a header");
        output.change(index, &bytes);
        if let Ok(found) = output.verify(padding % 2 == 1, false) {
            assert_eq!(found.stats, output.proved.stats, "what was proved is true");
        }
        output.restore(index);
    });
});

/// The file with `text` in the place of its header, if it has one.
fn headed((name, bytes): &(String, Vec<u8>), text: &[u8], padding: u8) -> Option<Vec<u8>> {
    if name.ends_with(".npy") {
        let start = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        Some([npy(text, padding), bytes[start..].to_vec()].concat())
    } else if name.ends_with(".safetensors") {
        let length = u64::from_le_bytes(*bytes.first_chunk::<8>()?) as usize;
        let own = (text.len() as u64).to_le_bytes();
        Some([&own, text, &bytes[8 + length..]].concat())
    } else if name.ends_with(".idx") {
        Some([text, &bytes[INDEX_FIELDS..]].concat())
    } else {
        None
    }
}

/// A header of `.npy`, padded as `NumPy` does it, or not.
fn npy(text: &[u8], padding: u8) -> Vec<u8> {
    let mut header = text[..text.len().min(60_000)].to_vec();
    if padding & 2 == 0 {
        let whole = (header.len() + 11).next_multiple_of(64) - 11;
        header.resize(whole, b' ');
        header.push(b'\n');
    }
    let length = (header.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], &header].concat()
}

fn source(text: &[u8], padding: u8) {
    let path = scratch().join("lengths.npy");
    let values: Vec<u8> = (0..12_u8).flat_map(|value| [value, 0, 0, 0, 0, 0, 0, 0]).collect();
    let bytes = [npy(text, padding), values].concat();
    std::fs::write(&path, bytes).expect("the temporary folder can be written");
    let inputs = vec![path.to_str().expect("a plain path").to_owned()];
    let options = LengthsOptions { inputs, column: "input_ids".to_owned(), split: None, text: None };
    if let Ok(read) = read_lengths(&options, 1, &Unwatched) {
        assert!(read.lengths.len() <= 96);
    }
}
