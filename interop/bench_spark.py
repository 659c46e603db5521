"""Spark beside the command on one machine: seconds, processor seconds, memory of an executor, bytes shuffled.

bench_spark.py FOLDER [FILES [ROWS]]
"""

import os
import resource
import sys
import threading
import time
from pathlib import Path

from check_jobs import pss
from check_spark import CAPACITY, OPTIONS, SHARD, executors, run, session
from jobs import data, digests, document, same, stowage
from pyspark.sql import SparkSession
from spark_cluster import Cluster

TICK = os.sysconf("SC_CLK_TCK")


def used(pids: list[int]) -> float:
    """Processor seconds of processes and of all that they have waited for."""
    total = 0.0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(map(int, fields[11:15])) / TICK
    return total


def everything(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split() if Path(f"/proc/{pid}").exists() else []
    return [pid, *(each for child in children for each in everything(int(child)))]


def main() -> None:
    folder = Path(sys.argv[1]).resolve()
    files, rows = map(int, sys.argv[2:4]) if len(sys.argv) == 4 else (40, 50_000)
    inputs = data(folder / "data", files, rows)
    given = ["--capacity", CAPACITY, "--seed", 7, "--shard-size", SHARD]
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.time()
    stowage("pack", *inputs, "--output", folder / "single", *given)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"stowage pack: {time.time() - started:.1f} s, {busy:.1f} s of processor time")
    with Cluster(folder) as cluster:
        spark = session(folder, cluster.master)
        try:
            measure(spark, folder, inputs)
        finally:
            spark.stop()


def measure(spark: SparkSession, folder: Path, inputs: list[str]) -> None:
    peak, stop = [0], threading.Event()

    def sample() -> None:
        while not stop.wait(0.2):
            peak[0] = max([peak[0], *map(pss, executors())])

    sampler = threading.Thread(target=sample, daemon=True)
    sampler.start()
    for mode in ("local", "shuffle"):
        more = {"mode": mode, "max_loss": 1, "group_packs": 1_000, "partition_size": 20_000_000}
        before_run, began = used(everything(os.getpid())), time.time()
        told = run(spark, mode, folder, inputs, **more, **OPTIONS)
        spent = used(everything(os.getpid())) - before_run
        moved = sum(stage["shuffleWriteBytes"] for stage in told)
        tokens = sum(shard["places"] for shard in document(folder / f"{mode}-job", "layout.json")["shards"])
        shuffled = f", {moved / (4 * tokens):.2f} bytes shuffled per byte of tokens" if moved else ""
        print(f"Spark, {mode}: {time.time() - began:.1f} s, {spent:.1f} s of processor time{shuffled}", flush=True)
    stop.set()
    sampler.join()
    same("shuffle", digests(folder / "shuffle"), digests(folder / "single"))
    print(f"an executor (JVM, Python, Node): {peak[0] / 2**20:.0f} MiB at most")


main()
