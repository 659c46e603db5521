//! The files of a data set, each format's, replaced by any bytes: the proof fails or what it reports
//! is true, and with digests every change is found.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stowage_fuzz::hold;
use stowage_fuzz::outputs::outputs;

fuzz_target!(|data: &[u8]| {
    let Some((&[format, file, with_source], bytes)) = data.split_first_chunk::<3>() else {
        return;
    };
    hold(|| {
        let outputs = outputs();
        let output = &outputs[usize::from(format) % outputs.len()];
        let index = usize::from(file) % output.files.len();
        output.change(index, bytes);
        let found = output.verify(with_source % 2 == 1, false);
        if output.files[index].1 == bytes {
            found.expect("the data set is as it was written");
        } else {
            if let Ok(found) = found {
                assert_eq!(found.stats, output.proved.stats, "what was proved is true");
            }
            output.verify(false, true).expect_err("every change is found");
        }
        output.restore(index);
    });
});
