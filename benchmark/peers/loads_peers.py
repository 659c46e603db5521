"""Equal loads by differencing as verl ships it, beside stowage, on the same batches.

    pip download --no-deps verl==0.9.1 -d /tmp/verl
    python benchmark/peers/loads_peers.py /tmp/verl/verl-0.9.1-py3-none-any.whl

Takes `karmarkar_karp` out of the wheel as it stands: the module around it needs torch, the function needs nothing.
"""

import ast
import heapq
import json
import subprocess
import sys
import time
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHAPES = [(64, 8), (64, 16), (256, 16), (256, 64), (1024, 64), (1024, 256)]
BATCHES = 8
STOWAGE = """
import { packSync } from "./index.js";
import { readFileSync } from "node:fs";
const { batches, cost } = JSON.parse(readFileSync(0, "utf8"));
const results = batches.map(({ lengths, packCount }) => {
  const options = { objective: "maxLoad", packCount, cost };
  for (let warm = 0; warm < 5; warm++) packSync(lengths, options);
  const started = performance.now();
  const { maxLoad, loadBound } = packSync(lengths, options);
  return { maxLoad, loadBound, ms: performance.now() - started };
});
console.log(JSON.stringify(results));
"""


def differencing(wheel):
    source = zipfile.ZipFile(wheel).read("verl/utils/seqlen_balancing.py").decode()
    wanted = [node for node in ast.parse(source).body if getattr(node, "name", None) == "karmarkar_karp"]
    names = {"heapq": heapq}
    exec(compile(ast.Module(wanted, []), "seqlen_balancing.py", "exec"), names)
    return names["karmarkar_karp"]


def rollouts(count, state):
    """Products of uniform factors: the long tail of rollouts, from integers alone."""
    lengths = []
    for _ in range(count):
        length = 3000
        for _ in range(4):
            state = state * 48271 % 2147483647
            length = length * (300 + state % 1800) // 1000
        lengths.append(min(32768, max(16, length)))
    return lengths, state


def main():
    karmarkar_karp = differencing(sys.argv[1])
    state = 2026
    for name, cost in [("tokens", (1, 0)), ("24576 l + l^2", (24576, 1))]:
        batches = []
        for count, packs in SHAPES:
            for _ in range(BATCHES):
                lengths, state = rollouts(count, state)
                batches.append({"lengths": lengths, "packCount": packs})
        given = json.dumps({"batches": batches, "cost": {"linear": cost[0], "quadratic": cost[1]}})
        node = ["node", "--input-type=module", "-e", STOWAGE]
        done = subprocess.run(node, input=given, capture_output=True, text=True, check=True, cwd=ROOT)
        ours = json.loads(done.stdout)
        print(f"\n{name}\n\n| sequences, packs | differencing % | stowage % | differencing ms | stowage ms |")
        print("|---|---:|---:|---:|---:|")
        for at, (count, packs) in enumerate(SHAPES):
            rows = []
            for k in range(at * BATCHES, (at + 1) * BATCHES):
                loads = [cost[0] * length + cost[1] * length * length for length in batches[k]["lengths"]]
                started = time.perf_counter()
                parts = karmarkar_karp(loads, packs, False)
                spent = (time.perf_counter() - started) * 1e3
                heaviest = max(sum(loads[i] for i in part) for part in parts)
                bound = ours[k]["loadBound"]
                rows.append((heaviest / bound - 1, ours[k]["maxLoad"] / bound - 1, spent, ours[k]["ms"]))
            theirs, mine, their_ms, my_ms = (sum(column) / BATCHES for column in zip(*rows))
            print(f"| {count}, {packs} | {theirs * 100:.4f} | {mine * 100:.4f} | {their_ms:.2f} | {my_ms:.2f} |")


main()
