//! Manifests of any text, and good ones with some values replaced: refused, or what is proved by them
//! is true. Their own digest is made right, so that what lies behind it is reached.
#![no_main]

use arbitrary::Unstructured;
use libfuzzer_sys::fuzz_target;
use stowage_fuzz::outputs::{MANIFEST, outputs};
use stowage_fuzz::{hold, json};

fuzz_target!(|data: &[u8]| {
    let Some((&[format, way], bytes)) = data.split_first_chunk::<2>() else { return };
    hold(|| {
        let outputs = outputs();
        let output = &outputs[usize::from(format) % outputs.len()];
        let mut manifest = None;
        if way % 4 == 0 {
            output.put(MANIFEST, bytes);
            manifest = serde_json::from_slice(bytes).ok();
        } else {
            let mut changed = output.manifest.clone();
            if json::change(&mut changed, &mut Unstructured::new(bytes)).is_ok() {
                manifest = Some(changed);
            }
        }
        if let Some(manifest) = &manifest {
            output.write_manifest(manifest);
        }
        let (with_source, digests) = (way & 4 != 0, manifest.is_some() && way & 8 != 0);
        if let Ok(found) = output.verify(with_source, digests) {
            let (found, was) = (found.stats, output.proved.stats);
            assert_eq!(found.pack_count, was.pack_count);
            assert!(found.lower_bound <= found.pack_count);
            if with_source {
                assert_eq!(found.sequence_count, was.sequence_count);
                assert_eq!(found.ledger, was.ledger);
            }
        }
        output.write_manifest(&output.manifest);
    });
});
