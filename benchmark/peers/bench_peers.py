#!/usr/bin/env python3
"""Times the Python peers on one file of lengths and prints one JSON document.

    python bench_peers.py LENGTHS.u32 CAPACITY [--repeats 7] [--timeout 60] [--only seqpacker:obfd,lightbinpack] [--table]
    python bench_peers.py LENGTHS.u32 CAPACITY --serve PEER STRATEGY CALL

LENGTHS.u32 holds little-endian uint32 values. Every (peer, strategy, call) runs in a process of its own, so that the
peak memory is its own; input conversion (list for lightbinpack and seqpack, int64 array for seqpacker) happens before
the clock starts, and so does counting for the histogram calls. A run is: warm-up, then repeats; best and median in
milliseconds. Entries that would pass --timeout, or that are quadratic and too large, come back with "skipped".
bench.ts calls it with --serve, round by round; alone it prints one document of all peers. Progress goes to standard error.
"""
import argparse
import gc
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from unittest.mock import MagicMock

SEQPACKER = ["nf", "ff", "bf", "wf", "ffd", "bfd", "ffs", "mffd", "obfd", "obfdp", "hk"]
CASES = [("seqpacker", s, call) for s in SEQPACKER for call in ("pack", "pack_flat")]
CASES += [("lightbinpack", s, "call") for s in ("nf", "ffd", "bfd", "obfd", "obfdp")]
CASES += [("seqpack", "greedy", "call"), ("seqpack", "heap", "call"),
          ("seqpack", "histogram", "plan"), ("seqpack", "histogram-batched", "plan"),
          ("seqpack", "histogram-batched", "plan+epoch")]
# besides, seqpacker's StreamPacker ("nf", "hk") is call "stream", for --serve and --one
# quadratic in the number of sequences, or of open packs: not run above this many sequences
LIMIT = {("seqpack", "greedy"): 20_000, ("seqpacker", "hk"): 200_000}


def load(path):
    import numpy as np
    return np.fromfile(path, dtype="<u4").astype(np.int64)


def prepare(peer, strategy, call, lengths, capacity):
    """A function to time, and one that counts packs in its result and checks their sums."""
    import numpy as np

    def of_lists(bins):
        sizes = np.fromiter((len(b) for b in bins), np.int64, len(bins))
        ids = np.fromiter((i for b in bins for i in b), np.int64, int(sizes.sum()))
        return of_csr(ids, np.concatenate([[0], np.cumsum(sizes)]))

    def of_csr(ids, offsets):
        assert len(ids) == len(lengths) and len(np.unique(ids)) == len(ids), "not a permutation"
        used = np.add.reduceat(lengths[ids], offsets[:-1]) if len(ids) else np.zeros(0)
        assert (used <= capacity).all(), "over capacity"
        return len(offsets) - 1

    if call == "stream":                                         # its one way in: a sequence a call
        from seqpacker import StreamPacker
        plain = lengths.tolist()

        def stream():
            packer, packs = StreamPacker(capacity, strategy=strategy), []
            add, keep = packer.add, packs.extend
            for length in plain:
                keep(add(length))
            keep(packer.finish())
            return packs
        return stream, lambda packs: of_lists([p.sequence_ids for p in packs])
    if peer == "seqpacker":
        from seqpacker import Packer
        packer = Packer(capacity=capacity, strategy=strategy)
        if call == "pack":
            return lambda: packer.pack(lengths), lambda r: r.num_bins
        return lambda: packer.pack_flat(lengths), lambda r: of_csr(r[0], np.concatenate([[0], r[1], [len(r[0])]]))
    plain = lengths.tolist()
    if peer == "lightbinpack":
        import lightbinpack
        f = getattr(lightbinpack, strategy)
        return lambda: f(plain, capacity), of_lists
    if find_spec("torch") is None:                               # only its mask helpers need torch, not what is timed
        sys.modules["torch"] = MagicMock()
    import seqpack
    if strategy == "greedy":
        return lambda: seqpack.greedy_pack_sequences(plain, capacity), of_lists
    if strategy == "heap":
        return lambda: seqpack.heap_pack_sequences(plain, capacity), of_lists
    from seqpack import packing
    plan = packing.pack_length_histogram if strategy == "histogram" else packing.pack_length_histogram_batched
    if call == "plan":
        values, counts = np.unique(lengths, return_counts=True)
        histogram = dict(zip(values.tolist(), counts.tolist()))
        return lambda: plan(histogram, capacity), lambda t: sum(t.values())

    def whole():
        histogram, pools = packing.length_histogram_from_lengths(plain)
        return list(packing.materialize_epoch(plan(histogram, capacity), pools, seed=1))
    return whole, of_lists


def rss():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def one(path, capacity, peer, strategy, call, repeats, budget, serve=False):
    lengths = load(path)
    run, count = prepare(peer, strategy, call, lengths, capacity)
    before = rss() if os.path.exists("/proc/self/statm") else None
    gc.collect()
    start = time.perf_counter()
    result = run()                                               # warm-up, also the run that is checked
    first = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    packs = count(result)
    del result
    if first < 0.05:                                             # short calls need more warm-up
        for _ in range(5):
            run()
    if serve:                                                    # a run, or a burst of short ones, for each line
        print(json.dumps({"packs": packs, "firstMs": first * 1e3, "peakRssMiB": peak}), flush=True)
        start = time.perf_counter()
        run()
        warm = max(time.perf_counter() - start, 1e-9)
        burst = round(min(2000, max(20, 0.01 / warm))) if warm < 0.005 else 1   # as contender.ts
        for _ in sys.stdin:
            gc.collect()
            start = time.perf_counter()
            for _ in range(burst):
                result = run()
            elapsed = time.perf_counter() - start
            del result                                           # before the next contender's turn: millions of lists take a second
            print(elapsed * 1e3 / burst, flush=True)
        return None
    repeats = max(1, min(repeats if first > 0.01 else 5 * repeats, int(budget / max(first, 1e-9)) - 1))
    times = []
    for _ in range(repeats):
        gc.collect()
        start = time.perf_counter()
        result = run()
        times.append((time.perf_counter() - start) * 1e3)
        del result
    return {"packs": packs, "bestMs": round(min(times), 4), "medianMs": round(statistics.median(times), 4),
            "firstMs": round(first * 1e3, 4), "repeats": repeats,
            "rssBeforeMiB": before and round(before, 1), "peakRssMiB": round(peak, 1)}


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("args", nargs="*")
    a.add_argument("--repeats", type=int, default=7)
    a.add_argument("--timeout", type=float, default=60)
    a.add_argument("--only", default="", help="peer, peer:strategy or peer:strategy:call, comma-separated")
    a.add_argument("--table", action="store_true", help="a Markdown table instead of JSON")
    a.add_argument("--one", nargs=3, metavar=("PEER", "STRATEGY", "CALL"), help="time this alone, in this process")
    a.add_argument("--serve", nargs=3, metavar=("PEER", "STRATEGY", "CALL"), help="run once for each line of input")
    o = a.parse_args()
    path, capacity = o.args[0], int(o.args[1])
    if o.serve:
        one(path, capacity, *o.serve, 0, 0, serve=True)
        return
    if o.one:
        print(json.dumps(one(path, capacity, *o.one, o.repeats, o.timeout * 0.8)))
        return
    n = os.path.getsize(path) // 4
    wanted = [w.split(":") for w in o.only.split(",") if w]
    results = []
    for case in CASES:
        if wanted and not any(list(case[:len(w)]) == w for w in wanted):
            continue
        entry = dict(zip(("peer", "strategy", "call"), case))
        try:
            entry["version"] = version(case[0])
            if n > LIMIT.get(case[:2], n):
                entry["skipped"] = f"quadratic: not run above {LIMIT[case[:2]]} sequences"
            else:
                p = subprocess.run([sys.executable, os.path.abspath(__file__), path, str(capacity), "--one", *case,
                                    "--repeats", str(o.repeats), "--timeout", str(o.timeout)],
                                   capture_output=True, text=True, timeout=o.timeout)
                if p.returncode == 0:
                    entry.update(json.loads(p.stdout))
                else:
                    entry["skipped"] = (p.stderr.strip().splitlines() or [f"exit {p.returncode}"])[-1][:200]
        except subprocess.TimeoutExpired:
            entry["skipped"] = f"longer than {o.timeout:g} s"
        except PackageNotFoundError:
            entry["skipped"] = "not installed"
        results.append(entry)
        print(entry, file=sys.stderr)
    total = int(load(path).sum())
    document = {"lengths": n, "tokens": total, "capacity": capacity, "lowerBound": -(-total // capacity),
                "python": platform.python_version(), "machine": platform.machine(), "cores": os.cpu_count(), "results": results}
    if not o.table:
        print(json.dumps(document, indent=1))
        return
    print("| peer | strategy | call | packs | best ms | median ms | peak MiB (before) |\n|---|---|---|---:|---:|---:|---:|")
    for r in results:
        figures = r.get("skipped") and f"skipped: {r['skipped']} | | | " or \
            f"{r['packs']} | {r['bestMs']:g} | {r['medianMs']:g} | {r['peakRssMiB']:g} ({r['rssBeforeMiB']:g})"
        print(f"| {r['peer']} | {r['strategy']} | {r['call']} | {figures} |")


if __name__ == "__main__":
    main()
