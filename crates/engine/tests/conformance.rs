//! Every recorded result comes out of the engine: packs, their order, the order inside, the token
//! ledger, the figures. What is recorded, and by whom: `__test__/data/README.md`.

mod recorded;

use recorded::{
    Json, digest, field, lengths_of, number, numbers, options_of, prove, recorded, stats_of, text,
};
use stowage_engine::packing::{Packing, Pieces};
use stowage_engine::{Fault, Histogram, PackOptions, Unwatched, plan, strategy};

fn pack(lengths: &[u32], options: &PackOptions) -> Result<Packing, Fault> {
    stowage_engine::pack(lengths, options, 1, &Unwatched)
}

/// Packs `lengths` and compares with one recorded result.
fn check(name: &str, lengths: &[u32], options: &PackOptions, result: &Json) {
    let case = format!("{name}, {options:?}");
    let packed = pack(lengths, options).unwrap_or_else(|fault| panic!("{case}: {fault}"));
    assert_eq!(packed.offsets.len() as u64 - 1, number(field(result, "packCount")), "{case}");
    if let (Some(offsets), Some(sequences)) = (result.get("offsets"), result.get("sequences")) {
        assert_eq!(packed.offsets, numbers(offsets), "{case}");
        assert_eq!(packed.sequences, numbers(sequences), "{case}");
    }
    assert_eq!(digest(&packed), text(field(result, "sha256")), "{case}");
    prove(&packed, lengths, options);
}

#[test]
fn every_recorded_packing_comes_out() {
    let mut count = 0;
    for instance in recorded("instances") {
        let (name, lengths) = (text(field(&instance, "name")), lengths_of(&instance));
        for result in field(&instance, "results").as_array().expect("a list") {
            check(name, &lengths, &options_of(&instance, result), result);
            count += 1;
        }
    }
    assert_eq!(count, 3616);
}

#[test]
fn every_recorded_policy_is_applied() {
    for case in recorded("policies") {
        let name = text(field(&case, "name"));
        let (lengths, options) = (lengths_of(&case), options_of(&case, &case));
        let outcome = pack(&lengths, &options);
        if let Some(error) = case.get("error") {
            recorded::assert_fault(name, &outcome.expect_err(name), error);
            continue;
        }
        let packed = outcome.expect(name);
        assert_eq!(packed.offsets, numbers(field(&case, "offsets")), "{name}");
        assert_eq!(packed.sequences, numbers(field(&case, "sequences")), "{name}");
        assert_eq!(packed.dropped, numbers(field(&case, "dropped")), "{name}");
        let pieces = case.get("pieces").map(|pieces| Pieces {
            starts: numbers(field(pieces, "starts")),
            lengths: numbers(field(pieces, "lengths")),
        });
        assert_eq!(packed.pieces, pieces, "{name}");
        let (ledger, recorded) = (packed.ledger, field(&case, "ledger"));
        let expected = ["tokensIn", "tokensPacked", "tokensTruncated", "tokensDropped"]
            .map(|key| number(field(recorded, key)));
        let found = [
            ledger.tokens_in,
            ledger.tokens_packed,
            ledger.tokens_truncated,
            ledger.tokens_dropped,
        ];
        assert_eq!(found, expected, "{name}");
        prove(&packed, &lengths, &options);
    }
}

#[test]
#[expect(clippy::float_cmp, reason = "figures are exact: one division of integers")]
fn every_recorded_figure_comes_out_to_the_last_digit() {
    let instances = recorded("instances");
    for case in recorded("stats") {
        let name = text(field(&case, "instance"));
        let named = |instance: &&Json| text(field(instance, "name")) == name;
        let instance = instances.iter().find(named).expect(name);
        let (lengths, options) = (lengths_of(instance), options_of(instance, &case));
        let stats = stats_of(&pack(&lengths, &options).expect(name), &lengths);
        let figure = |path: &str| {
            let pointer = format!("/stats/{path}");
            case.pointer(&pointer).and_then(Json::as_f64).expect("a recorded figure")
        };
        let fill = stats.fill;
        for (path, found) in [
            ("sequenceCount", stats.sequence_count as f64),
            ("packCount", stats.pack_count as f64),
            ("tokensPacked", stats.ledger.tokens_packed as f64),
            ("paddingTokens", stats.padding_tokens as f64),
            ("efficiency", stats.efficiency),
            ("compression", stats.compression),
            ("sequencesPerPack/mean", stats.sequences_per_pack_mean),
            ("sequencesPerPack/max", stats.sequences_per_pack_max as f64),
            ("fill/mean", fill.mean),
            ("fill/min", fill.min),
            ("fill/max", fill.max),
            ("fill/p1", fill.p1),
            ("fill/p10", fill.p10),
            ("fill/p50", fill.p50),
            ("fill/p90", fill.p90),
            ("fill/p99", fill.p99),
        ] {
            assert_eq!(found, figure(path), "{name}, {:?}: {path}", options.strategy);
        }
        let expected = figure("fill/standardDeviation");
        assert!((fill.standard_deviation - expected).abs() <= 1e-12 * expected, "{name}");
    }
}

#[test]
fn a_plan_of_the_histogram_assigns_every_recorded_packing() {
    for instance in recorded("instances") {
        let (name, lengths) = (text(field(&instance, "name")), lengths_of(&instance));
        let histogram = Histogram::from_lengths(&lengths, 1, &Unwatched).expect(name);
        for result in field(&instance, "results").as_array().expect("a list") {
            let options = options_of(&instance, result);
            if options.tolerance > 1 || !strategy::info(options.strategy).plans {
                continue;
            }
            let plan = plan(&histogram, &options, 1, &Unwatched).expect(name);
            let assigned = plan.assign(&lengths, 1, &Unwatched).and_then(|prepared| {
                prepared.into_packing(&lengths, options.capacity, 1, &Unwatched)
            });
            let assigned = assigned.expect(name);
            assert_eq!(digest(&assigned), text(field(result, "sha256")), "{name}, {options:?}");
            assert_eq!(plan.stats(), stats_of(&assigned, &lengths), "{name}, {options:?}");
            plan.verify(&histogram, &Unwatched).expect(name);
        }
    }
}

#[test]
fn every_recorded_packing_of_a_hundred_thousand_sequences_comes_out() {
    for big in recorded("big") {
        let name = text(field(&big, "name"));
        let lengths = recorded::generate(&big);
        assert_eq!(lengths[..8], numbers(field(&big, "firstLengths")), "{name}");
        let tokens: u64 = lengths.iter().map(|&length| u64::from(length)).sum();
        assert_eq!(tokens, number(field(&big, "tokens")), "{name}");
        for result in field(&big, "results").as_array().expect("a list") {
            let options = options_of(&big, result);
            check(name, &lengths, &options, result);
            let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().expect("threads");
            let parts = pool.install(|| stowage_engine::pack(&lengths, &options, 3, &Unwatched));
            let digest = digest(&parts.expect(name));
            assert_eq!(digest, text(field(result, "sha256")), "{name} in parts, {options:?}");
        }
    }
}
