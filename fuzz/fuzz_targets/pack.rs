//! Any lengths, any options: the promises of a packing hold, or a fault says why there is none.
#![no_main]

use std::num::NonZeroU32;
use std::sync::OnceLock;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use stowage_engine::options::{Empty, Overlong};
use stowage_engine::packing::Packing;
use stowage_engine::strategy::STRATEGIES;
use stowage_engine::validate::{Claim, verify};
use stowage_engine::{Histogram, PackOptions, Plan, Unwatched, pack, plan, policy};

#[derive(Arbitrary, Debug)]
struct Case {
    strategy: u8,
    capacity: u32,
    magnitude: u8,
    limit: Option<u8>,
    alignment: u8,
    multiple: u8,
    pack_count: Option<u8>,
    overlong: u8,
    drop_empty: bool,
    seed: u64,
    tolerance: u8,
    classes: u8,
    lengths: Vec<u32>,
}

impl Case {
    fn options(&self) -> PackOptions {
        let capacity =
            1 + self.capacity % [15, 300, 5000, (1 << 31) - 1][usize::from(self.magnitude % 4)];
        let row = &STRATEGIES[usize::from(self.strategy) % STRATEGIES.len()];
        let decreasing = row.plans && row.name.ends_with("decreasing");
        PackOptions {
            strategy: row.strategy,
            max_sequences_per_pack: self.limit.and_then(|limit| NonZeroU32::new(limit.into())),
            sequence_alignment: 1 + u32::from(self.alignment % 16).min(capacity - 1),
            pack_count_multiple_of: 1 + u64::from(self.multiple % 5),
            pack_count: self.pack_count.map(u64::from),
            overlong: [
                Overlong::Error,
                Overlong::Drop,
                Overlong::Truncate,
                Overlong::Split,
                Overlong::TruncateStart,
            ][usize::from(self.overlong % 5)],
            empty: if self.drop_empty { Empty::Drop } else { Empty::Error },
            seed: self.seed,
            tolerance: if decreasing { 1 + u32::from(self.tolerance % 8) } else { 1 },
            harmonic_classes: 2 + u32::from(self.classes % 63),
            effort: 0.01,
            ..PackOptions::new(capacity)
        }
    }

    /// Mostly 1 ..= capacity, now and then 0 or up to a quarter longer.
    fn lengths(&self, options: &PackOptions) -> Vec<u32> {
        let most = u64::from(options.capacity) * 5 / 4 + 1;
        self.lengths.iter().map(|&raw| (u64::from(raw) * most >> 32) as u32).collect()
    }
}

fuzz_target!(|case: Case| {
    let options = case.options();
    let lengths = case.lengths(&options);
    let admitted = policy::admit(&lengths, &options, &Unwatched);
    let packed = pack(&lengths, &options, 1, &Unwatched);
    assert_eq!(packed, in_three_parts(&lengths, &options));
    match (packed, admitted) {
        (Err(fault), Err(refused)) if fault.code() != "ERR_OPTION" => assert_eq!(fault, refused),
        (Err(fault), _) => {
            let resized = options.pack_count.is_some() || options.pack_count_multiple_of > 1;
            assert!(resized && fault.code() == "ERR_OPTION", "{fault}");
        }
        (Ok(packing), admitted) => {
            admitted.expect("what is packed was admitted");
            prove(&packing, &lengths, &options);
            if packing.offsets.len() > 1 && options.pack_count.is_none() {
                let packs = packing.offsets.len() as u64 - 1;
                assert_eq!(packs % options.pack_count_multiple_of, 0);
            }
            if options.tolerance == 1 && stowage_engine::strategy::info(options.strategy).plans {
                planned(&packing, &lengths, &options);
            }
        }
    }
});

fn in_three_parts(
    lengths: &[u32],
    options: &PackOptions,
) -> Result<Packing, stowage_engine::Fault> {
    static POOL: OnceLock<rayon::ThreadPool> = OnceLock::new();
    let pool = POOL.get_or_init(|| {
        rayon::ThreadPoolBuilder::new().num_threads(3).build().expect("three threads")
    });
    pool.install(|| pack(lengths, options, 3, &Unwatched))
}

fn prove(packing: &Packing, lengths: &[u32], options: &PackOptions) {
    assert!(packing.ledger.balances());
    assert!(packing.lower_bound < packing.offsets.len() as u64);
    let pieces = packing.pieces.as_ref();
    let claim = Claim {
        capacity: options.capacity,
        alignment: options.sequence_alignment,
        limit: options.limit(),
        offsets: &packing.offsets,
        sequences: &packing.sequences,
        pieces: pieces.map(|pieces| (&pieces.starts[..], &pieces.lengths[..])),
        dropped: &packing.dropped,
        tokens_packed: Some(packing.ledger.tokens_packed),
    };
    verify(&claim, lengths, &Unwatched).expect("a packing keeps its promises");
}

fn planned(packing: &Packing, lengths: &[u32], options: &PackOptions) {
    let histogram = Histogram::from_lengths(lengths, 1, &Unwatched).expect("few tokens");
    let plan = plan(&histogram, options, 1, &Unwatched).expect("what packs plans");
    plan.verify(&histogram, &Unwatched).expect("a plan proves its bound");
    let id = plan.id();
    assert_eq!(Plan::from_parts(plan.clone(), Some(&id)), Ok(plan.clone()));
    let prepared = plan.assign(lengths, 1, &Unwatched).expect("the lengths are those planned");
    let assigned = prepared.into_packing(lengths, options.capacity, 1, &Unwatched);
    assert_eq!(assigned.as_ref(), Ok(packing));
}
